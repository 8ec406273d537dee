import { type Architecture, attempt, SkippedLog } from '@osi-linux/core';
import {
  FakeFileTree,
  FakeKernel,
  FakeVirtualMemory,
  fakeArchitecture,
} from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import { PathReader } from '../fs/path';
import { eachListEntry } from '../lib/list-head';
import { readCommandLine } from '../mm/command-line';
import { Mm } from '../mm/mm';
import { eachVma } from '../mm/vma-list';
import { eachModule } from '../module/module-list';
import { ProcessReader } from '../task/process-reader';
import { eachProcess } from '../task/task-list';
import { eachThread } from '../task/thread-list';

/** Another processor than x86, whose kernel has pages of 16 KiB and keeps the current task in a register. */
const PAGES_OF_16K: Architecture = { ...fakeArchitecture, name: 'aarch64', pageShift: 14 };
/** The same guest as a walker sees it that assumes 4096. */
const PLANTED_4096: Architecture = { ...PAGES_OF_16K, pageShift: 12 };

const PAGE = 0x4000n;
const MM = 0xffff888000010000n;
const VMAS = 0xffff888000020000n;
const MODULES = 0xffff888000030000n;
const INFO = {
  'mm.map_count_offset': 0x40,
  'mm.mmap_offset': 0,
  'vma.vm_next_offset': 0x30,
  'vma.vm_start_offset': 0,
  'vma.vm_end_offset': 8,
  'vma.vm_mm_offset': 0x10,
  'vma.vm_pgoff_offset': 0x60,
  'vma.vm_file_offset': 0x68,
} as const;

/** Three mappings of a page each; the last begins in the middle of a page where that has 16 KiB. */
function createMappings(architecture: Architecture) {
  const memory = new FakeVirtualMemory(architecture);
  const starts = [0x400000n, 0x408000n, 0x411000n];
  memory.writeInt(MM + 0x40n, starts.length);
  memory.writeWord(MM, VMAS);
  starts.forEach((start, index) => {
    const at = VMAS + BigInt(index) * 0x200n;
    memory.writeWord(at, start);
    memory.writeWord(at + 8n, start + PAGE);
    memory.writeWord(at + 0x10n, MM);
    memory.writeWord(at + 0x30n, index + 1 < starts.length ? at + 0x200n : 0n);
    memory.writeWord(at + 0x60n, BigInt(index));
  });
  const kernel = { memory, info: INFO };
  return { kernel, mm: new Mm(kernel, MM) };
}

function readMappings(architecture: Architecture) {
  const { kernel, mm } = createMappings(architecture);
  const skipped = new SkippedLog();
  const found = [...eachVma(kernel, mm, skipped)].map(({ start, offset }) => ({ start, offset }));
  return { found, reasons: skipped.records.map(({ reason }) => reason.message) };
}

/** Processes with a thread; the title of pid 1 fills the rest of the page that its arguments begin. */
function createTasks(architecture: Architecture) {
  const fake = new FakeKernel(
    [
      { pid: 0, comm: 'swapper/0' },
      { pid: 1, comm: 'init', args: ['/sbin/init', 'splash'], threads: ['worker'] },
    ],
    architecture,
  );
  const kernel = { memory: fake.memory, info: fake.info };
  return { fake, kernel, processes: [...eachProcess(kernel, new SkippedLog())] };
}

/** A title without an end, over arguments and environment: one page of it is read, and not the rest. */
function readLongTitle(architecture: Architecture): number | undefined {
  const { fake, processes } = createTasks(architecture);
  const mm = processes[1]?.mm as Mm;
  const user = fake.memory.spaces.get(mm.asid);
  user?.writeBytes(mm.argStart, new Uint8Array(0x8000).fill(0x41));
  fake.memory.writeWord(mm.address + BigInt(fake.info['mm.env_end_offset']), mm.argStart + 0x8000n);
  return readCommandLine(mm)[0]?.length;
}

/** A module whose code begins 4 KiB behind the start of a page of 16 KiB, where none is mapped. */
function readModules(architecture: Architecture): string[] {
  const memory = new FakeVirtualMemory(architecture);
  const info = {
    'module.modules_addr': MODULES,
    'module.list_offset': 8,
    'module.state_offset': 0,
    'module.name_offset': 0x18,
    'module.core_base_offset': 0x140,
    'module.core_size_offset': 0x148,
  };
  const [first, second] = [MODULES + 0x1000n, MODULES + 0x2000n];
  const ring = [MODULES, first + 8n, second + 8n];
  ring.forEach((node, index) => {
    memory.writeWord(node, ring[(index + 1) % ring.length] as bigint);
    memory.writeWord(node + 8n, ring[(index + ring.length - 1) % ring.length] as bigint);
  });
  for (const [at, name, base] of [
    [first, 'ext4', 0xffff800000004000n],
    [second, 'fat', 0xffff800000009000n],
  ] as const) {
    memory.writeBytes(at, new Uint8Array(0x400).subarray(0, 8));
    memory.writeText(at + 0x18n, name);
    memory.writeWord(at + 0x140n, base);
    memory.writeInt(at + 0x148n, 0x4000);
  }
  const modules = [...eachModule({ memory, info }, new SkippedLog())];
  return modules.map(
    (module) =>
      `${module.name}: ${attempt(
        () => module.base,
        ({ code }) => code,
      )}`,
  );
}

describe('over a guest whose pages have 16 KiB', () => {
  it('the walkers of tasks, threads and lists read what they read on x86', () => {
    const { kernel, processes } = createTasks(PAGES_OF_16K);
    expect(processes.map(({ pid, comm }) => [pid, comm])).toEqual([
      [0, 'swapper/0'],
      [1, 'init'],
    ]);
    const [, init] = processes;
    const threads = [...eachThread(kernel, init as never, new SkippedLog())];
    expect(threads.map(({ comm }) => comm)).toEqual(['init', 'worker']);
    expect(new ProcessReader(kernel).read(init as never)?.cmdline).toEqual(['/sbin/init', 'splash']);
    const { 'task.init_addr': head, 'task.tasks_offset': offset } = kernel.info;
    const list = { head: head + BigInt(offset), name: 'task_struct.tasks' };
    expect([...eachListEntry(kernel, list, new SkippedLog())]).toEqual([
      (init?.address ?? 0n) + BigInt(offset),
    ]);
  });

  it('the walker of paths climbs to the root', () => {
    const tree = new FakeFileTree(new FakeVirtualMemory(PAGES_OF_16K));
    const superBlock = tree.superBlock('ext4');
    const root = tree.entry({ name: '/', superBlock, directory: true });
    const bin = tree.entry({ name: 'bin', parent: root, superBlock, directory: true });
    const sh = tree.entry({ name: 'sh', parent: bin, superBlock });
    const mnt = tree.mount({ id: 1, superBlock, root });
    const paths = new PathReader({ memory: tree.memory, info: tree.info }, { mnt, dentry: root });
    expect(paths.read({ mnt, dentry: sh })).toBe('/bin/sh');
  });

  it('mappings begin where a page does, and their offsets count pages of that size', () => {
    const { found, reasons } = readMappings(PAGES_OF_16K);
    expect(found).toEqual([
      { start: 0x400000n, offset: 0n },
      { start: 0x408000n, offset: 0x4000n },
    ]);
    expect(reasons[0]).toContain('vm_start is 0x411000, expected the start of a page');
  });

  it('a title without an end is one page', () => {
    expect(readLongTitle(PAGES_OF_16K)).toBe(0x4000);
  });

  it('a module begins where a page does', () => {
    expect(readModules(PAGES_OF_16K)).toEqual([`ext4: ${0xffff800000004000n}`, 'fat: STRUCT_IMPLAUSIBLE']);
  });
});

describe('a walker that assumes 4096', () => {
  it('is seen by each of what depends on the size of a page', () => {
    expect(readMappings(PLANTED_4096)).not.toEqual(readMappings(PAGES_OF_16K));
    expect(readLongTitle(PLANTED_4096)).not.toBe(readLongTitle(PAGES_OF_16K));
    expect(readModules(PLANTED_4096)).not.toEqual(readModules(PAGES_OF_16K));
  });
});
