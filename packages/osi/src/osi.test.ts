import { createListing, OsiError } from '@osi-linux/core';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { describe, expect, it, vi } from 'vitest';
import { Osi } from './osi';
import type { OsiProvider } from './osi-provider';
import type { OsiModule, OsiProc } from './osi-types';

function process(pid: number, changed: Partial<OsiProc> = {}): OsiProc {
  const taskd = BigInt(pid) * 0x1000n;
  return { taskd, pgd: null, asid: null, pid, ppid: 1, name: `p${pid}`, createTime: 10n, ...changed };
}

function mapping(base: bigint, name: string | null, file: string | null = null): OsiModule {
  return { modd: base + 1n, base, size: 0x1000, file, name, offset: null, flags: null };
}

const hole = {
  subject: { kind: 'mapping', pid: 7 } as const,
  reason: new OsiError('PAGE_NOT_PRESENT', 'page not present'),
};

const MAPPINGS = [
  mapping(0x1000n, 'sh', '/bin/sh'),
  mapping(0x2000n, 'libc.so.6', '/lib/libc.so.6'),
  mapping(0x3000n, 'libc.so.6', '/lib/libc.so.6'),
  mapping(0x5000n, '[heap]'),
  mapping(0x6000n, '[heap]', '/tmp/[heap]'),
  mapping(0x7000n, '[vdso]'),
  mapping(0x8000n, null),
  mapping(0x9000n, '[stack]'),
];

function register(...providers: OsiProvider[]): Osi {
  const osi = new Osi();
  for (const provider of providers) osi.register(provider);
  return osi;
}

describe('dispatch', () => {
  it('asks the provider that was registered last and implements the call', () => {
    const osi = register(
      {
        name: 'first',
        getProcesses: () => createListing([], []),
        getCurrentThread: () => ({ pid: 1, tid: 1 }),
      },
      { name: 'second', getCurrentThread: () => ({ pid: 2, tid: 2 }) },
    );
    expect(osi.getCurrentThread().pid).toBe(2);
    expect(osi.getProcesses()).toHaveLength(0);
  });

  it('goes back to the one before once a provider is taken away, however often', () => {
    const osi = register({ name: 'first', getCurrentThread: () => ({ pid: 1, tid: 1 }) });
    const unregister = osi.register({ name: 'second', getCurrentThread: () => ({ pid: 2, tid: 2 }) });
    unregister();
    unregister();
    expect(osi.getCurrentThread().pid).toBe(1);
  });

  it('keeps the provider as `this`', () => {
    class Provider {
      readonly name = 'with state';
      readonly pid = 42;
      getCurrentThread(cpu: number) {
        return { pid: this.pid, tid: cpu };
      }
    }
    expect(register(new Provider()).getCurrentThread(3)).toEqual({ pid: 42, tid: 3 });
  });

  it('names the call that nobody answers, and who was asked', () => {
    const osi = register({ name: 'lazy_os' });
    expect(() => osi.getCurrentProcess()).toThrow(/no provider answers getCurrentProcess/);
    expect(() => osi.getProcesses()).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('lazy_os') }),
    );
  });

  it('derives an answer from the calls of one provider, not from those of two', () => {
    const osi = register(
      { name: 'first', getProcessPid: () => 1 },
      { name: 'second', getProcess: () => ({ ...process(2), skipped: [] }) },
    );
    expect(osi.getProcessPid(process(2))).toBe(2);
    expect(codeOf(() => osi.getFileMappings(process(2)))).toBe('OSI_CALL_NOT_PROVIDED');
  });

  it("prefers a provider's own call over a derived one", () => {
    const getMappings = vi.fn(() => createListing(MAPPINGS, []));
    const osi = register({ name: 'os', getMappings, hasMappingPrefix: () => true });
    expect(osi.hasMappingPrefix(process(7), 'nothing')).toBe(true);
    expect(getMappings).not.toHaveBeenCalled();
  });
});

describe('processes out of one listing', () => {
  const rows = [process(1, { ppid: 0 }), process(7, { name: null })];
  const unread = { subject: { kind: 'process', pid: 7, field: 'name' } as const, reason: hole.reason };
  const osi = register({
    name: 'os',
    getProcesses: () => createListing(rows, [unread]),
    getCurrentProcess: () => ({ ...rows[1]!, skipped: [] }),
  });
  const seven = { taskd: 0x7000n, asid: null };

  it('are named by handles', () => {
    expect(osi.getProcessHandles()[1]).toEqual({ ...seven, createTime: 10n });
    expect(osi.getProcessHandles().skipped).toEqual([unread]);
    expect(osi.getCurrentProcessHandle()).toEqual({ ...seven, createTime: 10n });
  });

  it('are found by a handle, with what is missing of them alone', () => {
    expect(osi.getProcess(seven)).toEqual({ ...rows[1], skipped: [unread] });
    expect(osi.getProcess({ taskd: 0x1000n, asid: null })).toEqual({ ...rows[0], skipped: [] });
    expect([osi.getProcessPid(seven), osi.getProcessPpid(seven)]).toEqual([7, 1]);
  });

  it('are found with what is missing of them where that is the id', () => {
    const nameless = process(7, { pid: null });
    const lost = {
      subject: { kind: 'process', address: 0x7000n, field: 'pid' },
      reason: hole.reason,
    } as const;
    const getProcesses = () => createListing([rows[0]!, nameless], [unread, lost]);
    const found = register({ name: 'os', getProcesses, getCurrentProcess: osi.getCurrentProcess });
    expect(found.getProcess(seven)).toEqual({ ...nameless, skipped: [lost] });
  });

  it('are told from a later process at the same address', () => {
    expect(osi.getProcess({ ...seven, createTime: 11n })).toBeUndefined();
    expect(osi.getProcessPid({ ...seven, createTime: 11n })).toBeUndefined();
    expect(osi.getProcess({ ...seven, createTime: null })?.pid).toBe(7);
  });

  it('that are gone are told from those that could not be read', () => {
    const gone = { taskd: 0x9000n, asid: null };
    expect(codeOf(() => osi.getProcess(gone))).toBe('OSI_ANSWER_UNDECIDED');
    const whole = register({ name: 'os', getProcesses: () => createListing(rows, []) });
    expect(whole.getProcess(gone)).toBeUndefined();
    expect(whole.getProcessPpid(gone)).toBeUndefined();
  });
});

describe('mappings out of one listing', () => {
  const osi = register({ name: 'os', getMappings: () => createListing(MAPPINGS, []) });
  const holed = register({ name: 'os', getMappings: () => createListing(MAPPINGS, [hole]) });
  const of = process(7);

  it('are kept by class; what could not be read is in none', () => {
    const bases = (listing: readonly OsiModule[]) => listing.map(({ base }) => base);
    expect(bases(osi.getFileMappings(of))).toEqual([0x1000n, 0x2000n, 0x3000n, 0x6000n]);
    expect(bases(osi.getHeapMappings(of))).toEqual([0x5000n]);
    expect(bases(osi.getStackMappings(of))).toEqual([0x9000n]);
    expect(bases(osi.getUnknownMappings(of))).toEqual([0x7000n]);
    expect(holed.getHeapMappings(of).skipped).toEqual([hole]);
  });

  it.each([
    [0x2fffn, 0x2000n],
    [0x3000n, 0x3000n],
    [0x4000n, undefined],
    [0xfffn, undefined],
  ])('are found by address: 0x%x', (address, base) => {
    expect(osi.getMappingByAddr(of, address)?.base).toBe(base);
  });

  it('are found by the name of their file', () => {
    expect(osi.getMappingBaseAddressByName(of, 'libc.so.6')).toBe(0x2000n);
    expect(osi.getMappingBaseAddressByName(of, '[heap]')).toBe(0x6000n);
    expect(osi.getMappingBaseAddressByName(of, 'libc')).toBeUndefined();
    expect(osi.hasMappingPrefix(of, 'libc')).toBe(true);
    expect(osi.hasMappingPrefix(of, '[vdso]')).toBe(false);
    expect(osi.hasMappingPrefix(of, '/lib')).toBe(false);
  });

  it('that are not found are undecided where the listing has holes', () => {
    expect(holed.getMappingByAddr(of, 0x1000n)?.name).toBe('sh');
    expect(codeOf(() => holed.getMappingByAddr(of, 0x4000n))).toBe('OSI_ANSWER_UNDECIDED');
    expect(codeOf(() => holed.hasMappingPrefix(of, 'x'))).toBe('OSI_ANSWER_UNDECIDED');
    expect(() => holed.getMappingBaseAddressByName(of, 'x')).toThrow(
      'a file mapping called x was not found, but not everything could be read: pid 7: mapping',
    );
  });
});

describe('inSharedObject', () => {
  it.each([
    ['in a library', 0x2fffn, 'user', true],
    ['right behind one', 0x4000n, 'user', false],
    ['in the program', 0x1000n, 'user', false],
    ['in a mapping without a name', 0x8000n, 'user', false],
    ['in the kernel', 0x2000n, 'kernel', false],
  ] as const)('is decided for code %s', (_, pc, mode, expected) => {
    const osi = register({
      name: 'os',
      getMappings: () => createListing(MAPPINGS, []),
      getExecutionPoint: (cpu) => ({ pc: pc + BigInt(cpu), mode }),
    });
    expect(osi.inSharedObject(process(7))).toBe(expected);
  });

  it('knows libraries by either name', () => {
    const name = 'KERNEL32.DLL';
    const osi = register({
      name: 'os',
      getMappings: () => createListing([mapping(0n, name, name)], []),
      getExecutionPoint: () => ({ pc: 0n, mode: 'user' }),
    });
    expect(osi.inSharedObject(process(7))).toBe(true);
  });
});

describe('no process', () => {
  it.each([null, undefined])('as %s has nothing, and nobody is asked', (none) => {
    const osi = new Osi();
    const one = [
      osi.getProcess(none),
      osi.getProcessPid(none),
      osi.getProcessPpid(none),
      osi.getProcMem(none),
      osi.getMappingByAddr(none, 0n),
      osi.getMappingBaseAddressByName(none, 'x'),
    ];
    expect(one).toEqual(one.map(() => undefined));
    expect([osi.hasMappingPrefix(none, ''), osi.inSharedObject(none)]).toEqual([false, false]);
    const lists = [
      osi.getMappings(none),
      osi.getFileMappings(none),
      osi.getHeapMappings(none),
      osi.getStackMappings(none),
      osi.getUnknownMappings(none),
    ];
    expect(lists.map((listing) => [...listing, ...listing.skipped])).toEqual(lists.map(() => []));
  });
});

describe('readiness', () => {
  it('is asked before each call, and comes by itself', () => {
    let reason: OsiError | undefined = new OsiError('INIT_TASK_MISSING', 'init_task is not there yet');
    const osi = register({
      name: 'booting_os',
      whyNotReady: () => reason,
      getCurrentThread: () => ({ pid: 1, tid: 1 }),
    });
    expect(osi.isReady()).toBe(false);
    expect(osi.whyNotReady()).toMatchObject({ code: 'GUEST_NOT_READY', cause: reason });
    expect(() => osi.getCurrentThread()).toThrow('booting_os cannot answer yet: init_task is not there yet');
    reason = undefined;
    expect(osi.isReady()).toBe(true);
    expect(osi.getCurrentThread().pid).toBe(1);
  });

  it('needs a provider', () => {
    const osi = new Osi();
    expect(osi.whyNotReady()?.message).toBe('no provider is registered');
    osi.register({ name: 'os' });
    expect(osi.isReady()).toBe(true);
  });
});

it('refresh tells every provider that the guest ran on', () => {
  const refresh = vi.fn();
  register({ name: 'first', refresh }, { name: 'second' }, { name: 'third', refresh }).refresh();
  expect(refresh).toHaveBeenCalledTimes(2);
});

describe('events', () => {
  it('reach the listeners of their kind, in order, until they unsubscribe', () => {
    const osi = new Osi();
    const heard: string[] = [];
    const first = osi.onTaskChange(({ cpu }) => heard.push(`first ${cpu}`));
    osi.on('task-change', ({ cpu }) => heard.push(`second ${cpu}`));
    osi.on('exec', ({ pid }) => heard.push(`exec ${pid}`));
    osi.notifyTaskChange(1);
    first();
    first();
    osi.notifyTaskChange();
    osi.notify('exec', process(7));
    osi.notify('process-end', process(7));
    expect(heard).toEqual(['first 1', 'second 1', 'second 0', 'exec 7']);
  });

  it('reach a function once for each subscription', () => {
    const osi = new Osi();
    const listener = vi.fn();
    const unsubscribe = osi.onTaskChange(listener);
    osi.onTaskChange(listener);
    unsubscribe();
    osi.notifyTaskChange();
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('reach the other listeners where one throws; who notified hears of it', () => {
    const osi = new Osi();
    const mistake = new TypeError('a mistake');
    osi.onTaskChange(() => {
      throw mistake;
    });
    const after = vi.fn();
    osi.onTaskChange(after);
    let thrown: unknown;
    try {
      osi.notifyTaskChange();
    } catch (error) {
      thrown = error;
    }
    expect(after).toHaveBeenCalledTimes(1);
    expect(thrown).toMatchObject({
      code: 'OSI_LISTENER_FAILED',
      cause: mistake,
      fields: { errors: [mistake] },
    });
    expect((thrown as Error).message).toBe('a listener of task-change threw: a mistake');
  });

  it('do not reach who came or went meanwhile', () => {
    const osi = new Osi();
    const late = vi.fn();
    const leaving = vi.fn();
    osi.onTaskChange(() => {
      leave();
      osi.onTaskChange(late);
    });
    const leave = osi.onTaskChange(leaving);
    osi.notifyTaskChange();
    expect([late, leaving].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  it('can be raised before the guest is ready', () => {
    const osi = register({
      name: 'os',
      whyNotReady: () => new OsiError('TOO_EARLY', 'too early'),
      getCurrentThread: () => ({ pid: 1, tid: 1 }),
    });
    const codes: string[] = [];
    osi.onTaskChange(({ cpu }) => codes.push(codeOf(() => osi.getCurrentThread(cpu))));
    osi.notifyTaskChange();
    expect(codes).toEqual(['GUEST_NOT_READY']);
  });
});
