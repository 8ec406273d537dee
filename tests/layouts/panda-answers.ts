import type { OsiError } from '@osi-linux/core';
import { type Guest, openGuestBytes } from '@osi-linux/guest';
import { type LayoutGuest, layOutGuest, type SectionKeys } from '@osi-linux/test-fixtures/layout-guest';
import { expect, it } from 'vitest';
import { pickFields } from './pick-fields';

/** A guest that was laid out by PANDA's keys, and the section that has them. */
export interface PandaGuest extends LayoutGuest {
  readonly keys: SectionKeys;
  readonly guest: Guest;
}

/** Lays out a guest by a section of a key file, and opens it with that section. */
export function openPandaGuest(keys: SectionKeys, kconf: string): PandaGuest {
  const laidOut = layOutGuest(keys);
  return { ...laidOut, keys, guest: openGuestBytes(laidOut.dump, { kconf, kconfGroup: keys.group }) };
}

/**
 * Tests that a guest answers what PANDA answers by the same section: with `null` for its 0 where the section lacks the
 * key, with positions of 64 bits, and with paths from the top of the tree.
 */
export function itAnswersAsPanda(pandaGuest: PandaGuest): void {
  it('lists the processes', () => expectProcesses(pandaGuest));
  it('lists the mappings of each process, by class and by address', () => expectMappings(pandaGuest));
  it('names the files of descriptors and their positions', () => expectFiles(pandaGuest));
  it('knows what runs on the first processor, unless the section contradicts itself', () => {
    expectCurrent(pandaGuest);
  });
}

function expectProcesses({ truth, guest: { osi } }: PandaGuest): void {
  const rows = osi.getProcesses();
  const expected = truth.processes.map(({ cmdline, kernelThread, ...row }) => row);
  expect(pickFields(rows, expected)).toEqual(expected);
  expect(osi.getProcessHandles().map(({ taskd, asid }) => [taskd, asid])).toEqual(
    expected.map(({ taskd, asid }) => [taskd, asid]),
  );
  for (const { taskd, asid, pid, ppid } of expected) {
    const handle = { taskd, asid };
    expect([osi.getProcessPid(handle), osi.getProcessPpid(handle)]).toEqual([pid, ppid]);
  }
}

function expectMappings({ truth, guest: { osi } }: PandaGuest): void {
  const named = (pid: number, name: string) =>
    truth.mappings.filter((row) => row.pid === pid && row.name === name).map(({ base }) => base);
  const bases = (rows: readonly { readonly base: bigint }[]) => rows.map(({ base }) => base);
  for (const process of osi.getProcesses()) {
    const pid = process.pid as number;
    const expected = truth.mappings.filter((row) => row.pid === pid);
    expect(pickFields(osi.getMappings(process), expected)).toEqual(expected);
    expect(bases(osi.getHeapMappings(process))).toEqual(named(pid, '[heap]'));
    expect(bases(osi.getStackMappings(process))).toEqual(named(pid, '[stack]'));
    const libc = named(pid, 'libc-2.13.so');
    expect(osi.getMappingBaseAddressByName(process, 'libc-2.13.so')).toBe(libc[0]);
    expect(osi.hasMappingPrefix(process, 'libc-')).toBe(libc.length > 0);
    for (const row of expected)
      expect(osi.getMappingByAddr(process, row.base + BigInt(row.size) - 1n)?.modd).toBe(row.modd);
    const heap = truth.heaps.get(pid);
    expect(osi.getProcMem(process)).toEqual(heap && { startBrk: heap[0], brk: heap[1] });
  }
}

function expectFiles({ truth, guest: { osi, linux } }: PandaGuest): void {
  const listed = linux.getFiles().map(({ pid, fd, filename, pos }) => ({ pid, fd, filename, pos }));
  expect(listed).toEqual(truth.files.map(({ pid, fd, filename, pos }) => ({ pid, fd, filename, pos })));
  for (const process of osi.getProcesses()) {
    const open = truth.files.filter(({ pid }) => pid === process.pid);
    for (const { fd, filename, pos } of open)
      expect([linux.fdToFilename(process, fd), linux.fdToPos(process, fd)]).toEqual([filename, pos]);
    const closed = [-1, 9, 63, 254, 4096].filter((fd) => !open.some((file) => file.fd === fd));
    expect(closed.map((fd) => linux.fdToFilename(process, fd))).toEqual(closed.map(() => undefined));
  }
}

function expectCurrent({ truth, keys, guest: { osi, linux } }: PandaGuest): void {
  const [running] = truth.current;
  if (running === undefined) throw new Error('no processor was laid out');
  if (keys.text('task.current_task_addr') === keys.text('task.init_addr')) {
    const missing = expect.objectContaining<Partial<OsiError>>({
      code: 'PROFILE_KEY_MISSING',
      fields: { key: 'task.current_task_addr' },
    });
    expect(() => osi.getCurrentThread()).toThrow(missing);
    return;
  }
  const process = truth.processes.find(({ pid }) => pid === running.pid);
  expect(osi.getCurrentThread()).toEqual({ pid: running.pid, tid: running.tid });
  expect(osi.getCurrentProcessHandle()).toMatchObject({ taskd: process?.taskd, asid: running.asid });
  expect(osi.getCurrentProcess()).toMatchObject({ pid: running.pid, name: process?.name, pgd: process?.pgd });
  expect(pickFields(linux.getCurrent(), truth.current)).toEqual(truth.current);
}
