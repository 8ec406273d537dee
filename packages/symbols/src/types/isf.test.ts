import { OsiError } from '@osi-linux/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIsf } from './isf';

const DOCUMENT = `{
  "metadata": { "format": "6.2.0" },
  "base_types": { "pointer": { "size": 8 }, "char": { "size": 1 }, "int": { "size": 4 } },
  "enums": { "module_state": { "size": 4, "base": "int", "constants": { "MODULE_STATE_UNFORMED": 3 } } },
  "user_types": {
    "list_head": { "size": 16, "kind": "struct", "fields": {
      "next": { "offset": 0, "type": { "kind": "pointer", "subtype": { "kind": "struct", "name": "list_head" } } },
      "prev": { "offset": 8, "type": { "kind": "pointer" } } } },
    "unnamed_1": { "size": 40, "kind": "struct", "fields": {
      "tasks": { "offset": 16, "type": { "kind": "struct", "name": "list_head" } },
      "comm": { "offset": 0, "type": { "kind": "array", "count": 16, "subtype": { "kind": "base", "name": "char" } } } } },
    "self": { "size": 8, "kind": "struct", "fields": {
      "unnamed_field_0": { "offset": 0, "type": { "kind": "struct", "name": "self" } },
      "unnamed_field_1": { "offset": 0, "type": { "kind": "struct", "name": "self" } } } },
    "task_struct": { "size": 9792, "kind": "struct", "fields": {
      "flag": { "offset": 4, "type": { "kind": "bitfield", "bit_length": 1, "bit_position": 0 } },
      "state": { "offset": 24, "type": { "kind": "enum", "name": "module_state" } },
      "unnamed_field_40": { "offset": 64, "type": { "kind": "struct", "name": "unnamed_1" } } } }
  },
  "symbols": {
    "init_task": { "type": { "kind": "struct", "name": "task_struct" }, "address": 18446744071601993601 },
    "current_task": { "address": 129920 },
    "broken": { "address": "none" }
  }
}`;

const isf = parseIsf(DOCUMENT);

describe('parseIsf', () => {
  it('tells sizes, members and constants', () => {
    expect(isf.sizeOf('task_struct')).toBe(9792);
    expect(isf.member('task_struct.tasks.prev')).toEqual({ offset: 88, size: 8, elements: undefined });
    expect(isf.member('task_struct.comm')).toEqual({ offset: 64, size: 16, elements: 16 });
    expect(isf.member('task_struct.state')?.size).toBe(4);
    expect(isf.enumerator('module_state', 'MODULE_STATE_UNFORMED')).toBe(3n);
  });

  it('has nothing for what is absent, for bit fields, and for names of JavaScript', () => {
    expect(isf.member('task_struct.flag')).toBeUndefined();
    expect(isf.member('task_struct.toString')).toBeUndefined();
    expect(isf.member('constructor.name')).toBeUndefined();
    expect(isf.member('task_struct')).toBeUndefined();
    expect(isf.sizeOf('__proto__')).toBeUndefined();
    expect(isf.enumerator('module_state', 'valueOf')).toBeUndefined();
  });

  it('keeps all 64 bits of addresses, and moves those of the image', () => {
    expect(isf.lookup(['init_task', 'current_task', 'broken', 'toString'])).toEqual(
      new Map([
        ['init_task', 18446744071601993601n],
        ['current_task', 129920n],
      ]),
    );
    const moved = parseIsf(new TextEncoder().encode(DOCUMENT), { kaslrShift: 0x1000n });
    expect([...moved.each()].map(({ address }) => address)).toEqual([18446744071601997697n, 129920n]);
  });

  it('names its kernel by the bytes of linux_banner', () => {
    const bannerOf = (constant_data: unknown) => {
      const symbols = { linux_banner: { address: 1, type: { kind: 'base', name: 'void' }, constant_data } };
      return parseIsf(JSON.stringify({ user_types: {}, symbols })).banner;
    };
    expect(bannerOf(btoa('Linux version 6.1.0 (a) (b) #1 SMP\n\0'))).toBe(
      'Linux version 6.1.0 (a) (b) #1 SMP\n',
    );
    for (const other of [undefined, 1, 'no base64', `${btoa('x'.repeat(4000))}`]) {
      expect(bannerOf(other)).toBeUndefined();
    }
    expect(isf.banner).toBeUndefined();
  });

  it('ends on structures that contain themselves', () => {
    expect(isf.member('self.absent')).toBeUndefined();
  });

  it('takes any JSON or refuses it', () => {
    const any = fc.record({
      user_types: fc.object(),
      symbols: fc.dictionary(fc.string(), fc.record({ address: fc.jsonValue() })),
      enums: fc.jsonValue(),
      base_types: fc.jsonValue(),
    });
    fc.assert(
      fc.property(any, (document) => {
        try {
          const found = parseIsf(JSON.stringify(document));
          for (const name of Object.keys(document.user_types)) found.member(`${name}.a`);
          expect([...found.each()].every(({ address }) => typeof address === 'bigint')).toBe(true);
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
    );
  });
});
