import { existsSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeElfCore } from '../../dump-writers';
import { writePaddedRaw } from './padded-raw';

const FOUR_GIB = 2 ** 32;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'padded-raw-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('writePaddedRaw', () => {
  it('puts each segment at its physical address and leaves holes', () => {
    const [elf, raw] = [join(folder, 'elf'), join(folder, 'raw')];
    const above = { physical: FOUR_GIB + 4096, bytes: Uint8Array.of(4, 5, 6) };
    writeFileSync(
      elf,
      writeElfCore({ machine: 'x86_64', segments: [{ physical: 16, bytes: Uint8Array.of(1, 2, 3) }, above] }),
    );
    expect(writePaddedRaw(elf, raw)).toBe(true);
    expect(statSync(raw).size).toBe(FOUR_GIB + 4099);
    const file = openSync(raw, 'r');
    const bytes = Buffer.alloc(5);
    readSync(file, bytes, 0, 5, 15);
    expect([...bytes]).toEqual([0, 1, 2, 3, 0]);
    readSync(file, bytes, 0, 5, FOUR_GIB + 4094);
    expect([...bytes]).toEqual([0, 0, 4, 5, 6]);
  });

  it('leaves a guest without RAM above 4 GiB to QEMU', () => {
    const [elf, raw] = [join(folder, 'elf'), join(folder, 'raw')];
    writeFileSync(
      elf,
      writeElfCore({ machine: 'x86_64', segments: [{ physical: 0, bytes: Uint8Array.of(1) }] }),
    );
    expect(writePaddedRaw(elf, raw)).toBe(false);
    expect(existsSync(raw)).toBe(false);
  });
});
