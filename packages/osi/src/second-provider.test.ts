import { type Answer, createListing, formatSubject, OsiError } from '@osi-linux/core';
import { describe, expect, it } from 'vitest';
import { Osi, type OsiModule, type OsiProc, type OsiProcHandle, type OsiProvider } from './index';

/** A machine of a made-up operating system: its processes are a table, and a line of it may be torn off. */
interface Machine {
  stop: number;
  readonly processes: OsiProc[];
  readonly libraries: Map<bigint, readonly OsiModule[] | 'torn off'>;
  running: number;
}

/** A provider for it that keeps its listing for one stop. Written by docs/writing-a-provider.md. */
class TableOs implements OsiProvider {
  readonly name = 'table_os';
  listed = 0;
  private readonly machine: Machine;
  private kept: readonly OsiProc[] | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  whyNotReady(): OsiError | undefined {
    return this.machine.processes.length === 0 ? new OsiError('TABLE_EMPTY', 'no process yet') : undefined;
  }

  refresh(): void {
    this.kept = undefined;
  }

  getProcesses() {
    if (this.kept === undefined) {
      this.kept = this.machine.processes.slice();
      this.listed += 1;
    }
    return createListing(this.kept, []);
  }

  getCurrentProcess(): Answer<OsiProc> {
    const process = this.machine.processes[this.machine.running];
    if (process === undefined) throw new OsiError('NOTHING_RUNS', 'nothing runs');
    return { ...process, skipped: [] };
  }

  getMappings({ taskd }: OsiProcHandle) {
    const found = this.machine.libraries.get(taskd) ?? [];
    if (found !== 'torn off') return createListing(found, []);
    return createListing(
      [],
      [{ subject: { kind: 'list', name: 'libraries' }, reason: new OsiError('TORN_OFF', 'torn off') }],
    );
  }

  getExecutionPoint() {
    return { pc: 0x7010n, mode: 'user' as const };
  }
}

function createMachine(): Machine {
  const process = (pid: number, name: string): OsiProc => ({
    taskd: BigInt(pid),
    pgd: null,
    asid: pid * 4096,
    pid,
    ppid: 0,
    name,
    createTime: BigInt(pid) * 100n,
  });
  const library = {
    modd: 0n,
    base: 0x7000n,
    size: 0x100,
    file: 'C:\\K.DLL',
    name: 'K.DLL',
    offset: 0n,
    flags: null,
  };
  return {
    stop: 0,
    processes: [process(1, 'boot'), process(2, 'shell')],
    libraries: new Map([[2n, [library]]]),
    running: 1,
  };
}

function createOsi() {
  const machine = createMachine();
  const provider = new TableOs(machine);
  const osi = new Osi();
  osi.register(provider);
  return { machine, provider, osi };
}

describe('a provider of another operating system', () => {
  it('answers through the same API, also what it has no call for', () => {
    const { osi } = createOsi();
    const current = osi.getCurrentProcess();
    expect(current.name).toBe('shell');
    expect(osi.getProcessHandles().map(({ asid }) => asid)).toEqual([4096, 8192]);
    expect(osi.getMappingBaseAddressByName(current, 'K.DLL')).toBe(0x7000n);
    expect(osi.inSharedObject(current)).toBe(true);
    expect(osi.inSharedObject(osi.getProcesses()[0])).toBe(false);
    expect(() => osi.getModules()).toThrow(expect.objectContaining({ code: 'OSI_CALL_NOT_PROVIDED' }));
  });

  it('keeps its answers for one stop, and knows a new process at an old address', () => {
    const { machine, provider, osi } = createOsi();
    const handle = osi.getCurrentProcessHandle();
    osi.getProcesses();
    expect(osi.getProcess(handle)?.name).toBe('shell');
    expect(provider.listed).toBe(1);
    machine.processes[1] = { ...machine.processes[1]!, name: 'next', createTime: 201n };
    osi.refresh();
    expect(osi.getProcess(handle)).toBeUndefined();
    expect(osi.getProcess(osi.getCurrentProcessHandle())?.name).toBe('next');
    expect(provider.listed).toBe(2);
  });

  it('tells what is not there from what it cannot read', () => {
    const { machine, osi } = createOsi();
    const shell = osi.getCurrentProcessHandle();
    expect(osi.getMappingByAddr(shell, 0x7100n)).toBeUndefined();
    machine.libraries.set(2n, 'torn off');
    expect(osi.getMappings(shell).skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      'libraries',
    ]);
    expect(() => osi.getMappingByAddr(shell, 0x7100n)).toThrow(/libraries/);
  });

  it('becomes ready, and stands beside another one', () => {
    const { machine, osi } = createOsi();
    const processes = machine.processes.splice(0);
    expect(osi.isReady()).toBe(false);
    expect(() => osi.getProcesses()).toThrow(/table_os cannot answer yet: no process yet/);
    machine.processes.push(...processes);
    expect(osi.getProcesses()).toHaveLength(2);
    const unregister = osi.register({ name: 'clock_os', getCurrentThread: () => ({ pid: 1, tid: 1 }) });
    expect([osi.getCurrentThread().tid, osi.getProcesses().length]).toEqual([1, 2]);
    unregister();
    expect(() => osi.getCurrentThread()).toThrow(/registered providers|no provider/);
  });
});
