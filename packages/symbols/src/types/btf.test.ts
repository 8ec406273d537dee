import { OsiError } from '@osi-linux/core';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { BtfWriter } from '@osi-linux/test-fixtures/type-writers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Btf } from './btf';

/**
 * A small kernel with the features of real ones: nameless members, typedefs, bit fields, arrays, enums,
 * variables.
 */
function writeKernel(): BtfWriter {
  const writer = new BtfWriter();
  const long = writer.int('long unsigned int', 8);
  const char = writer.int('char', 1);
  const pointer = writer.pointer(long);
  const head = writer.struct('list_head', 16, [
    { name: 'next', type: pointer, bits: 0 },
    { name: 'prev', type: pointer, bits: 64 },
  ]);
  const comm = writer.array(char, 16);
  const alias = writer.typedef('comm_t', comm);
  const inner = writer.struct('', 32, [
    { name: 'comm', type: writer.typedef('', alias, 10), bits: 0 },
    { name: 'tasks', type: head, bits: 128 },
  ]);
  writer.struct('task_struct', 64, [
    { name: 'state', type: long, bits: 0 },
    { name: '', type: writer.union('', 32, [{ name: '', type: inner, bits: 0 }]), bits: 64 },
    { name: 'flag', type: long, bits: 320, bitFieldSize: 3 },
    { name: 'table', type: writer.array(pointer, 4), bits: 384 },
    { name: 'open', type: writer.array(char, 0), bits: 512 },
  ]);
  writer.func('schedule');
  writer.enum('module_state', { MODULE_STATE_LIVE: 0, MODULE_STATE_UNFORMED: 3, LAST: -1 }, true);
  writer.enum64('wide', { HIGH: 1n << 40n });
  const variable = writer.variable('current_task', pointer);
  writer.section('.data..percpu', [{ type: variable, offset: 129920, size: 8 }]);
  return writer;
}

const whole = writeKernel().bytes();

describe('Btf', () => {
  const btf = new Btf(whole);

  it('tells sizes', () => {
    expect(btf.sizeOf('task_struct')).toBe(64);
    expect(btf.sizeOf('module_state')).toBeUndefined();
    expect(btf.sizeOf('mm_struct')).toBeUndefined();
  });

  it('finds members through structures without a name, and arrays through typedefs', () => {
    expect(btf.member('task_struct.comm')).toEqual({ offset: 8, size: 16, elements: 16 });
    expect(btf.member('task_struct.tasks.prev')).toEqual({ offset: 32, size: 8, elements: undefined });
    expect(btf.member('task_struct.table')).toEqual({ offset: 48, size: 32, elements: 4 });
    expect(btf.member('task_struct.open')).toEqual({ offset: 64, size: 0, elements: 0 });
  });

  it('has no offset for bit fields, absent members and absent structures', () => {
    expect(btf.member('task_struct.flag')).toBeUndefined();
    expect(btf.member('task_struct.thread_group')).toBeUndefined();
    expect(btf.member('task_struct.state.more')).toBeUndefined();
    expect(btf.member('mm_struct.pgd')).toBeUndefined();
    expect(btf.member('task_struct')).toBeUndefined();
  });

  it('tells constants of enums, signed and of 64 bits', () => {
    expect(btf.enumerator('module_state', 'MODULE_STATE_UNFORMED')).toBe(3n);
    expect(btf.enumerator('module_state', 'LAST')).toBe(-1n);
    expect(btf.enumerator('wide', 'HIGH')).toBe(1n << 40n);
    expect(btf.enumerator('module_state', 'NO_STATE')).toBeUndefined();
  });

  it('tells per-CPU variables', () => {
    expect(btf.variable('current_task')).toEqual({ offset: 129920, size: 8 });
    expect(btf.variable('schedule')).toBeUndefined();
  });

  it('takes the structure that has the member where there are two of one name', () => {
    const writer = new BtfWriter();
    const long = writer.int('long unsigned int', 8);
    writer.struct('twice', 8, [{ name: 'one', type: long, bits: 0 }]);
    writer.struct('twice', 16, [{ name: 'other', type: long, bits: 64 }]);
    expect(new Btf(writer.bytes()).member('twice.other')?.offset).toBe(8);
  });

  it.each([
    ['a header of 32 bytes', { headerSize: 32 }],
    ['gaps between the sections', { gap: 64 }],
    ['strings before the types', { stringsFirst: true, gap: 8, headerSize: 32 }],
  ] as const)('honours %s', (_, form) => {
    expect(new Btf(writeKernel().bytes(form)).member('task_struct.tasks')?.offset).toBe(24);
  });

  it('reads bytes that are not aligned', () => {
    const shifted = new Uint8Array(whole.length + 1);
    shifted.set(whole, 1);
    expect(new Btf(shifted.subarray(1)).sizeOf('task_struct')).toBe(64);
  });

  it('skips types of an unknown kind by the layout section, and refuses them without', () => {
    const writer = new BtfWriter();
    writer.add(21, 2, '', 0, [1, 2, 3, 4, 5]);
    const long = writer.int('long unsigned int', 8);
    writer.struct('behind', 8, [{ name: 'it', type: long, bits: 0 }]);
    const layout = Array.from(
      { length: 22 },
      (_, kind) => (kind === 21 ? [4, 8] : [0, 0]) as [number, number],
    );
    expect(new Btf(writer.bytes({ headerSize: 32, layout })).sizeOf('behind')).toBe(8);
    expect(codeOf(() => new Btf(writer.bytes()))).toBe('BTF_MALFORMED');
  });

  it('goes on from the kernel in the BTF of a module', () => {
    const kernel = writeKernel();
    const writer = new BtfWriter(kernel.asBase);
    // Number 4 is the kernel's list_head.
    writer.struct('fuse_conn', 24, [{ name: 'entry', type: 4, bits: 64 }]);
    const module = new Btf(writer.bytes(), btf);
    expect(module.member('fuse_conn.entry.prev')?.offset).toBe(16);
    expect(module.sizeOf('task_struct')).toBe(64);
    expect(module.enumerator('module_state', 'MODULE_STATE_UNFORMED')).toBe(3n);
    expect(module.variable('current_task')?.offset).toBe(129920);
    expect(module.typeCount).toBe(btf.typeCount + 1);
  });
});

describe('hostile BTF', () => {
  it('ends on types that contain themselves', () => {
    const writer = new BtfWriter();
    writer.typedef('loop', 1);
    writer.array(2, 2);
    writer.struct('self', 8, [
      { name: '', type: 3, bits: 0 },
      { name: '', type: 3, bits: 0 },
    ]);
    writer.struct('user', 8, [
      { name: 'loop', type: 1, bits: 0 },
      { name: 'array', type: 2, bits: 0 },
    ]);
    const btf = new Btf(writer.bytes());
    expect(btf.member('self.absent')).toBeUndefined();
    expect(btf.member('user.loop')).toEqual({ offset: 0, size: undefined, elements: undefined });
    expect(btf.member('user.array')?.size).toBeUndefined();
  });

  it.each([
    ['a byte order of its own', (bytes: Uint8Array) => bytes.set([0xeb, 0x9f])],
    ['a header that is too long', (bytes: Uint8Array) => bytes.set([0xff, 0xff], 4)],
    ['types behind its end', (bytes: Uint8Array) => bytes.set([0xfc, 0xff, 0xff], 12)],
    ['strings without an end', (bytes: Uint8Array) => bytes.fill(0x41, -4)],
    ['a member count beyond the types', (bytes: Uint8Array) => bytes.set([0xff, 0xff], 24 + 16 * 2 + 12 + 4)],
  ])('refuses %s', (_, damage) => {
    const bytes = whole.slice();
    damage(bytes);
    expect(codeOf(() => new Btf(bytes))).toBe('BTF_MALFORMED');
  });

  it('reads a million types of one endless name without reading it a million times', () => {
    const writer = new BtfWriter();
    for (let type = 0; type < 1000; type++) writer.struct('a'.repeat(8), 8, []);
    const part = writer.bytes();
    const types = part.subarray(24, 24 + 12 * 1000);
    const bytes = new Uint8Array(24 + types.length * 1000 + (1 << 20));
    const view = new DataView(bytes.buffer);
    bytes.set(part.subarray(0, 24));
    bytes.fill(0x61, 24 + types.length * 1000 + 1, -1);
    for (const [at, value] of [
      [12, types.length * 1000],
      [16, types.length * 1000],
      [20, 1 << 20],
    ] as const) {
      view.setUint32(at, value, true);
    }
    for (let copy = 0; copy < 1000; copy++) bytes.set(types, 24 + copy * types.length);
    expect(new Btf(bytes).sizeOf('aaaa')).toBeUndefined();
  });

  it('gives values or an OsiError for any bytes', () => {
    const places = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(places, fc.nat(whole.length), (changes, cut) => {
        const bytes = whole.slice(0, cut < 64 ? whole.length : cut);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const btf = new Btf(bytes);
          btf.sizeOf('task_struct');
          btf.member('task_struct.tasks.prev');
          btf.enumerator('module_state', 'MODULE_STATE_UNFORMED');
          btf.variable('current_task');
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
