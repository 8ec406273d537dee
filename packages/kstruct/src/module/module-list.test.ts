import { formatSubject, SkippedLog } from '@osi-linux/core';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel';
import { eachKsetModule, findModuleKset } from './module-kset';
import { eachModule } from './module-list';

const BASE = 0xffffffffc0000000n;
const HEAD = 0xffffffff82000000n;
const KSET = 0xffff888000100000n;
const BUILT_IN = 0xffff888000200000n;
const KINDS = 7;

const common = {
  'module.modules_addr': HEAD,
  'module.list_offset': 8,
  'module.state_offset': 0,
  'module.name_offset': 0x18,
  'module.MODULE_NAME_LEN': 56,
  'module.MODULE_STATE_UNFORMED': 3,
  'module.size': 0x400,
  'module.kset_offset': 0x50 + 0x20,
  'module_kobject.kobj_offset': 0,
  'module_kobject.mod_offset': 0x40,
  'kset.list_offset': 0,
  'kobject.entry_offset': 8,
};

const layouts = {
  module_layout: {
    ...common,
    'module.core_base_offset': 0x140,
    'module.core_size_offset': 0x148,
    'module.init_size_offset': 0x158,
  },
  module_memory: {
    ...common,
    'module.mem_offset': 0x140,
    'module_memory.size': 16,
    'module_memory.base_offset': 0,
    'module_memory.size_offset': 12,
    'module.MOD_TEXT': 0,
    'module.MOD_MEM_NUM_TYPES': KINDS,
  },
};

const addressOf = (index: number) => BASE + BigInt(index) * 0x10000n + 0x2040n;

/** Modules a page apart, the first the newest; all are in the list and in the set, with one that is built in. */
function createModules(names: readonly string[], info: Kernel['info']) {
  const memory = new FakeVirtualMemory();
  const addresses = names.map((_, index) => addressOf(index));
  names.forEach((name, index) => {
    const at = addressOf(index);
    memory.writeBytes(at, new Uint8Array(0x400));
    memory.writeText(at + 0x18n, name);
    memory.writeWord(at + 0x50n + 0x20n, KSET);
    memory.writeWord(at + 0x50n + 0x40n, at);
    memory.writeWord(at + 0x140n, BASE + BigInt(index) * 0x10000n);
    if (info['module.mem_offset'] === undefined) {
      memory.writeInt(at + 0x148n, 0x3000);
      memory.writeInt(at + 0x158n, 0x1000);
    } else {
      [0x1000, 0x2000, 0x1000].forEach((size, kind) => {
        memory.writeInt(at + 0x140n + BigInt(kind) * 16n + 12n, size);
      });
    }
  });
  memory.writeBytes(BUILT_IN, new Uint8Array(0x100));
  linkRing(memory, [HEAD, ...addresses.map((at) => at + 8n)]);
  linkRing(memory, [KSET, BUILT_IN + 8n, ...[...addresses].reverse().map((at) => at + 0x50n + 8n)]);
  return { memory, info };
}

function linkRing(memory: FakeVirtualMemory, nodes: readonly bigint[]): void {
  nodes.forEach((node, index) => {
    memory.writeWord(node, nodes[(index + 1) % nodes.length]!);
    memory.writeWord(node + 8n, nodes[(index + nodes.length - 1) % nodes.length]!);
  });
}

function list(kernel: Kernel) {
  const skipped = new SkippedLog();
  const modules = [...eachModule(kernel, skipped)];
  return { modules, names: modules.map(({ name }) => name), skipped: skipped.records };
}

function listSet(kernel: Kernel) {
  const skipped = new SkippedLog();
  const modules = [...eachKsetModule(kernel, KSET, skipped)];
  return { names: modules.map(({ name }) => name), skipped: skipped.records };
}

describe.each(Object.entries(layouts))('the modules by %s', (_, info) => {
  it('are those of the list, the newest first', () => {
    const { modules, names, skipped } = list(createModules(['zram', 'ext4', 'jbd2'], info));
    expect(names).toEqual(['zram', 'ext4', 'jbd2']);
    expect(modules.map(({ base }) => base)).toEqual([BASE, BASE + 0x10000n, BASE + 0x20000n]);
    expect(modules.map(({ size }) => size)).toEqual([0x4000, 0x4000, 0x4000]);
    expect(modules.map(({ address, isUnformed, isLive }) => [address, isUnformed, isLive])[0]).toEqual([
      addressOf(0),
      false,
      true,
    ]);
    expect(skipped).toEqual([]);
  });

  it('say that one is still being read', () => {
    const kernel = createModules(['new', 'ext4'], info);
    kernel.memory.writeInt(addressOf(0), 3);
    expect(list(kernel).modules.map(({ isUnformed }) => isUnformed)).toEqual([true, false]);
  });

  it.each([
    [
      'a state that there is not',
      (memory: FakeVirtualMemory, at: bigint) => memory.writeInt(at, 4),
      'state is 4',
    ],
    ['no name', (memory: FakeVirtualMemory, at: bigint) => memory.writeInt(at + 0x18n, 0), 'name is 0'],
    [
      'a name without an end',
      (memory: FakeVirtualMemory, at: bigint) => memory.writeText(at + 0x18n, 'x'.repeat(56)),
      'name is -1',
    ],
    [
      'a name that nobody can print',
      (memory: FakeVirtualMemory, at: bigint) => memory.writeBytes(at + 0x18n, Uint8Array.of(0x61, 0x1b)),
      'name is 27',
    ],
  ])('leave out what has %s, and say so', (_name, damage, message) => {
    const kernel = createModules(['zram', 'ext4', 'jbd2'], info);
    damage(kernel.memory, addressOf(1));
    const { names, skipped } = list(kernel);
    expect(names).toEqual(['zram', 'jbd2']);
    expect(skipped.map(({ subject }) => formatSubject(subject))).toEqual([
      `module 0x${addressOf(1).toString(16)}`,
    ]);
    expect(skipped[0]?.reason.message).toContain(message);
  });

  it('have no base and no size that make no sense', () => {
    const kernel = createModules(['zram'], info);
    const [module] = list(kernel).modules;
    kernel.memory.writeWord(addressOf(0) + 0x140n, BASE + 1n);
    expect(() => module!.base).toThrow(/base is 0xffffffffc0000001/);
    kernel.memory.writeWord(addressOf(0) + 0x140n, 0x1000n);
    expect(() => module!.base).toThrow(/base is 0x1000/);
    kernel.memory.writeInt(addressOf(0) + 0x148n, -1);
    kernel.memory.writeInt(addressOf(0) + 0x14cn, -1);
    expect(() => module!.size).toThrow(/size is/);
  });
});

describe('the set of all modules', () => {
  it('is that of the modules, and has what is no part of the list', () => {
    const kernel = createModules(['zram', 'rootkit', 'jbd2'], layouts.module_memory);
    const { modules } = list(kernel);
    expect(findModuleKset(modules, new SkippedLog())).toBe(KSET);
    linkRing(kernel.memory, [HEAD, addressOf(0) + 8n, addressOf(2) + 8n]);
    expect(list(kernel).names).toEqual(['zram', 'jbd2']);
    expect(listSet(kernel)).toEqual({ names: ['jbd2', 'rootkit', 'zram'], skipped: [] });
  });

  it('is the one that most modules are in', () => {
    const kernel = createModules(['zram', 'rootkit', 'jbd2'], layouts.module_memory);
    kernel.memory.writeWord(addressOf(1) + 0x70n, 0xffff888000300000n);
    expect(findModuleKset(list(kernel).modules, new SkippedLog())).toBe(KSET);
  });

  it('has no module that does not hold its own entry', () => {
    const kernel = createModules(['zram', 'ext4', 'jbd2'], layouts.module_memory);
    kernel.memory.writeWord(addressOf(1) + 0x50n + 0x40n, addressOf(0));
    const { names, skipped } = listSet(kernel);
    expect(names).toEqual(['jbd2', 'zram']);
    expect(skipped.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`)).toEqual([
      `module_kobject 0x${(addressOf(1) + 0x50n).toString(16)}: STRUCT_IMPLAUSIBLE`,
    ]);
  });
});
