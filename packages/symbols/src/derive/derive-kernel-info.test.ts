import { KERNELINFO_SCHEMA } from '@osi-linux/kconf';
import { FakeVirtualMemory } from '@osi-linux/test-fixtures/fake-kernel';
import { pagingForms } from '@osi-linux/x86-mmu';
import { describe, expect, it } from 'vitest';
import type { TypeSource } from '../types/type-source';
import type { DerivationSources } from './derivation-sources';
import { deriveKernelInfo } from './derive-kernel-info';

/** A kernel by the offsets of its members; an array has its elements behind a colon. */
function typesOf(
  members: Readonly<Record<string, number>>,
  more: {
    sizes?: Readonly<Record<string, number>>;
    enums?: Readonly<Record<string, bigint>>;
    elements?: Readonly<Record<string, number>>;
  } = {},
): TypeSource {
  const structs = new Set([
    ...Object.keys(members).map((path) => path.split('.')[0] ?? ''),
    ...Object.keys(more.sizes ?? {}),
  ]);
  return {
    sizeOf: (name) => more.sizes?.[name] ?? (structs.has(name) ? 64 : undefined),
    member: (path) => {
      const offset = members[path];
      const elements = more.elements?.[path];
      return offset === undefined ? undefined : { offset, size: elements ?? 8, elements };
    },
    enumerator: (enumName, name) => more.enums?.[`${enumName}.${name}`],
  };
}

function derive(
  types: TypeSource,
  symbols: Readonly<Record<string, bigint>> = {},
  more: Partial<DerivationSources> = {},
) {
  return deriveKernelInfo({ types, symbols: { lookup: () => new Map(Object.entries(symbols)) }, ...more });
}

const reasonOf = (key: string, { missing }: ReturnType<typeof derive>) =>
  missing.find((each) => each.key === key)?.reason;

describe('deriveKernelInfo', () => {
  it('takes the first of the alternatives that the kernel has, and says which', () => {
    const older = derive(typesOf({ 'file.f_count': 56, 'dentry.d_iname': 56 }));
    const newer = derive(typesOf({ 'file.f_ref': 168, 'dentry.d_shortname': 60 }));
    expect([older.info['fs.f_count_offset'], older.info['path.d_iname_offset']]).toEqual([56, 56]);
    expect([newer.info['fs.f_count_offset'], newer.info['path.d_iname_offset']]).toEqual([168, 60]);
    expect(older.evidence.map(({ key }) => key)).not.toContain('fs.f_count_offset');
    expect(newer.evidence).toContainEqual({
      key: 'fs.f_count_offset',
      value: 168,
      evidence: 'file.f_ref',
    });
  });

  it('counts what is private to a mount from its vfsmount', () => {
    const { info } = derive(typesOf({ 'mount.mnt': 32, 'mount.mnt_parent': 16, 'mount.mnt_id': 276 }));
    expect([info['path.mnt_parent_offset'], info['mount.mnt_id_offset']]).toEqual([-16, 244]);
  });

  it('leaves out what only kernels with another member have a use for', () => {
    const members = { 'pid.numbers': 32, 'upid.nr': 0, 'upid.ns': 8 };
    const [newer, older] = [derive(typesOf(members)), derive(typesOf({ ...members, 'upid.pid_chain': 16 }))];
    expect(reasonOf('pid.numbers_offset', newer)).toBe('this kernel has no member upid.pid_chain');
    expect([newer.info['upid.ns_offset'], older.info['upid.ns_offset']]).toEqual([undefined, 8]);
  });

  it('finds the running task beside other hot variables', () => {
    const inStruct = derive(typesOf({ 'pcpu_hot.current_task': 8 }), { pcpu_hot: 0x35000n });
    expect(inStruct.info['task.current_task_addr']).toBe(0x35008n);
    expect(derive(typesOf({}), { current_task: 0x1fb80n }).info['task.current_task_addr']).toBe(0x1fb80n);
  });

  it('takes constants from enums and from the lengths of arrays', () => {
    const types = typesOf(
      { 'xa_node.slots': 40, 'task_struct.comm': 100 },
      {
        enums: { 'module_state.MODULE_STATE_UNFORMED': 3n },
        elements: { 'xa_node.slots': 64, 'task_struct.comm': 16 },
      },
    );
    const { info } = derive(types);
    expect(info['module.MODULE_STATE_UNFORMED']).toBe(3);
    expect(info['xa_node.XA_CHUNK_SIZE']).toBe(64);
    expect(info['task.comm_size']).toBe(16);
  });

  it.each([
    ['v5.10', { memory_failure: 1n, migrate_pages: 1n }, {}, {}, [29, 30, 31, undefined]],
    [
      'v6.1',
      { memory_failure: 1n, migrate_pages: 1n, migrate_vma_setup: 1n },
      { 'pageflags.PG_anon_exclusive': 17n },
      { mm_rss_stat: 32 },
      [26, 27, 29, undefined],
    ],
    [
      'v6.12',
      { memory_failure: 1n, migrate_pages: 1n },
      { 'pageflags.PG_anon_exclusive': 11n },
      {},
      [27, 28, 30, undefined],
    ],
    [
      'v6.12 with memory of devices',
      { memory_failure: 1n, migrate_pages: 1n, make_device_exclusive_range: 1n },
      { 'pageflags.PG_anon_exclusive': 11n },
      {},
      [23, 24, 26, 27],
    ],
    [
      'v7.2',
      { memory_failure: 1n, migrate_pages: 1n, make_device_exclusive: 1n },
      { 'pageflags.PG_anon_exclusive': 11n },
      {},
      [24, 25, 27, 28],
    ],
    [
      'v5.10 without poisoned pages',
      { migrate_pages: 1n, migrate_vma_setup: 1n },
      {},
      {},
      [undefined, 28, 29, 30],
    ],
  ] as const)('numbers the swap types of %s', (_, symbols, enums, sizes, expected) => {
    const { info } = derive(typesOf({}, { enums, sizes }), symbols);
    expect([
      info['swap.SWP_HWPOISON'],
      info['swap.SWP_MIGRATION_READ'],
      info['swap.SWP_MIGRATION_WRITE'],
      info['swap.SWP_DEVICE_WRITE'],
    ]).toEqual(expected);
  });

  it('decides bits that have moved by a mark', () => {
    const backing = { 'backing_file.user_path.mnt': 184, 'task_struct.pid': 0 };
    expect(derive(typesOf(backing)).info['fs.FMODE_BACKING']).toBe(1 << 25);
    expect(derive(typesOf(backing), { file_set_fsnotify_mode: 1n }).info['fs.FMODE_BACKING']).toBe(1 << 24);
    expect(derive(typesOf({ ...backing, 'dentry.d_shortname': 56 })).info['fs.FMODE_BACKING']).toBe(1 << 24);
    expect(derive(typesOf(backing)).info['vma.initial_heap_touches']).toBe(0);
    expect(derive(typesOf({ 'task_struct.thread_group': 8 })).info['vma.initial_heap_touches']).toBe(1);
  });

  it('names what is missing, and why', () => {
    const result = derive(typesOf({ 'task_struct.pid': 8 }), { log_buf: 0x1000n });
    expect(reasonOf('task.tgid_offset', result)).toBe('this kernel has no member task_struct.tgid');
    expect(reasonOf('cred.uid_offset', result)).toBe('this kernel has no structure cred');
    expect(reasonOf('task.init_addr', result)).toBe('this kernel has no symbol init_task');
    expect(reasonOf('log.log_buf_addr', result)).toBe('this kernel has no structure printk_log');
    expect(reasonOf('task.pid_offset', result)).toBeUndefined();
  });

  it('has the log of characters by its symbols alone', () => {
    const symbols = { log_buf: 0x1000n, log_buf_len: 0x1008n, log_end: 0x1010n, logged_chars: 0x1018n };
    const { info } = derive(typesOf({ 'task_struct.pid': 8 }), symbols);
    expect(info).toMatchObject({
      'log.log_buf_addr': 0x1000n,
      'log.log_buf_len_addr': 0x1008n,
      'log.log_end_addr': 0x1010n,
      'log.logged_chars_addr': 0x1018n,
    });
  });

  it('has each key of the module either as a value or as missing, in the order of the schema', () => {
    const { lines, missing } = derive(typesOf({ 'task_struct.pid': 8, 'cred.uid': 4 }), { init_task: 1n });
    const keys = lines.map((line) => line.slice(0, line.indexOf(' =')));
    const order = KERNELINFO_SCHEMA.map(({ key }) => key);
    expect(keys).toEqual(order.filter((key) => keys.includes(key)));
    const all = new Set([...keys, ...missing.map(({ key }) => key)]);
    const others = order.filter((key) => !all.has(key));
    expect(others).not.toContain('task.size');
    expect(others.length).toBe(9);
  });
});

describe('what only a running kernel tells', () => {
  const memory = new FakeVirtualMemory();
  const uts = 0xffffffff82000000n;
  const types = typesOf(
    {
      'uts_namespace.name': 4,
      'new_utsname.release': 130,
      'new_utsname.version': 195,
      'new_utsname.machine': 260,
      'vdso_image.data': 0,
      'vdso_image.size': 8,
    },
    { elements: { 'new_utsname.release': 65, 'new_utsname.version': 65, 'new_utsname.machine': 65 } },
  );
  memory.writeBytes(uts, new Uint8Array(4096));
  memory.writeText(uts + 134n, '6.1.0-56-amd64');
  memory.writeText(uts + 199n, '#1 SMP Debian 6.1.192-2');
  memory.writeText(uts + 264n, 'x86_64');
  const symbols = { init_uts_ns: uts, __per_cpu_offset: uts + 0x800n, page_offset_base: uts + 0x800n };
  memory.writeBytes(uts + 0x800n, Uint8Array.of(0, 0, 0, 0, 0x80, 0x88, 0xff, 0xff));

  it('is its name, and values of its variables', () => {
    const location = { form: pagingForms['5-level'], physBase: -0x2000000n };
    const { info } = derive(types, symbols, { memory, location });
    expect(info['name']).toBe('6.1.0-56-amd64|#1 SMP Debian 6.1.192-2|x86_64');
    expect(info['task.per_cpu_offset_0_addr']).toBe(0xffff888000000000n);
    expect(info['kernel.page_offset_addr']).toBe(0xffff888000000000n);
    expect(info['kernel.pgtable_levels']).toBe(5);
    expect(info['kernel.phys_base']).toBe(-0x2000000);
  });

  it('is its version by the note of the vdso, else by the release', () => {
    expect(derive(types, symbols, { memory }).lines.slice(1, 4)).toEqual([
      'version.a = 6',
      'version.b = 1',
      'version.c = 0',
    ]);
    const image = uts + 0x1000n;
    const vdso = writeVdso((6 << 16) | (1 << 8) | 192);
    const head = new Uint8Array(16);
    new DataView(head.buffer).setBigUint64(0, image + 0x100n, true);
    new DataView(head.buffer).setBigUint64(8, BigInt(vdso.length), true);
    memory.writeBytes(image, head);
    memory.writeBytes(image + 0x100n, vdso);
    const { info } = derive(types, { ...symbols, vdso_image_64: image }, { memory });
    expect([info['version.a'], info['version.b'], info['version.c']]).toEqual([6, 1, 192]);
  });

  it('does not take what would break a line of the section', () => {
    const torn = new FakeVirtualMemory();
    torn.writeBytes(uts, new Uint8Array(4096));
    torn.writeText(uts + 134n, '6.1.0\n[other]');
    expect(reasonOf('name', derive(types, symbols, { memory: torn }))).toMatch(
      /release in init_uts_ns is not text/,
    );
  });

  it('is missing, with the reason, where it cannot be read', () => {
    const absent = derive(types, { init_uts_ns: 0xffffffff90000000n }, { memory });
    expect(reasonOf('name', absent)).toMatch(/cannot be read at 0xffffffff90000086: page not present/);
    expect(reasonOf('version.a', absent)).toBeDefined();
    expect(reasonOf('name', derive(types, symbols))).toBe(
      'there is no memory of a running kernel to read it from',
    );
  });
});

describe('what the files of a kernel tell', () => {
  const types = typesOf({ 'task_struct.pid': 8 });
  const name = '6.1.0-57-amd64|#1 SMP Debian 6.1.192-3 (2026-11-26)|x86_64';
  const symbols = { __per_cpu_offset: 0xffffffff82000000n, page_offset_base: 0xffffffff82000008n };

  it('is nothing that each boot decides, but a key that PANDA cannot do without', () => {
    const derived = derive(types, symbols, { fromFiles: true, memory: new FakeVirtualMemory() });
    expect(derived.info['task.per_cpu_offset_0_addr']).toBe(0n);
    expect(derived.info['task.per_cpu_offsets_addr']).toBe(0xffffffff82000000n);
    expect(reasonOf('kernel.page_offset_addr', derived)).toBe('differs from boot to boot');
    expect(reasonOf('kernel.phys_base', derived)).toMatch(/not known/);
    expect(reasonOf('kernel.pgtable_levels', derived)).toMatch(/not known/);
  });

  it.each([
    [name, [6, 1, 192]],
    ['5.10.0-46-amd64|#1 SMP Debian 5.10.262-1 (2026-10-01)|x86_64', [5, 10, 255]],
    ['6.1.55|#1 SMP Debian 6.2.192-3|x86_64', [6, 1, 55]],
    ['6.12-rc1|#1 SMP|x86_64', [6, 12, 0]],
  ])('is the version by the name %s', (given, version) => {
    const { info, evidence } = derive(types, {}, { fromFiles: true, name: given });
    expect([info['version.a'], info['version.b'], info['version.c']]).toEqual(version);
    expect(info['name']).toBe(given);
    expect(evidence).toContainEqual({ key: 'name', value: given, evidence: "the kernel's banner" });
  });

  it('is no name that would break a line of the section', () => {
    expect(
      derive(types, {}, { fromFiles: true, name: '6.1\n[other]|#1|x86_64' }).info['name'],
    ).toBeUndefined();
  });

  it('is where the slots of a dense node are, whose structure has no name', () => {
    const known = { 'maple_range_64.parent': 0 };
    const { info } = derive(typesOf(known, { sizes: { maple_node: 256 } }));
    expect([info['maple_node.slot_offset'], info['maple_tree.MAPLE_NODE_SLOTS']]).toEqual([8, 31]);
    const told = derive(
      typesOf({ ...known, 'maple_node.slot': 16 }, { elements: { 'maple_node.slot': 30 } }),
    ).info;
    expect([told['maple_node.slot_offset'], told['maple_tree.MAPLE_NODE_SLOTS']]).toEqual([16, 30]);
    expect(derive(typesOf(known)).info['maple_node.slot_offset']).toBeUndefined();
  });
});

/** An ELF file of 64 bits with one program header, of a note "Linux". */
function writeVdso(version: number): Uint8Array {
  const bytes = new Uint8Array(64 + 56 + 24);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, 1, true);
  view.setUint32(64, 4, true);
  view.setBigUint64(64 + 8, 120n, true);
  view.setBigUint64(64 + 32, 24n, true);
  for (const [index, word] of [6, 4, 0].entries()) view.setUint32(120 + index * 4, word, true);
  bytes.set(new TextEncoder().encode('Linux'), 132);
  view.setUint32(140, version, true);
  return bytes;
}
