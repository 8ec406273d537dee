import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDumpFile } from '@osi-linux/guest/node';
import { findKernelInfoBlock, findSchemaRow } from '@osi-linux/kconf';
import { deriveKernelInfo, eachModuleBtf, findBtf, locateKernel } from '@osi-linux/symbols';
import { buildGuest, guestSpec, guestsOfThisRun } from '@osi-linux/test-fixtures/guest-builder';
import { beforeAll, describe, expect, it } from 'vitest';

// The section from a dump's own types and symbols, compared with the module's output in the very same boot:
// each key and each value, addresses included.

const wide = guestsOfThisRun().filter(({ paging }) => paging === '4-level' || paging === '5-level');

/** The lines `key = value` of a section, without comments, and without the keys that the module does not print. */
function keysOf(lines: readonly string[]): string[] {
  const isPrinted = (line: string) => findSchemaRow(line.split(' = ')[0] ?? '')?.typesAlone !== true;
  return lines.filter((line) => !line.startsWith('#') && isPrinted(line)).sort();
}

describe.each(wide)('the section derived from the memory of $name', (row) => {
  const found = { module: [] as string[], derived: [] as string[], scanned: [] as string[] };
  let modules: (readonly [string, string | undefined])[] = [];
  let loaded = 0;

  beforeAll(async () => {
    const folder = await buildGuest(guestSpec(row));
    const { lines } = findKernelInfoBlock(readFileSync(join(folder, 'dmesg.log')));
    found.module = keysOf(lines.map(({ text }) => text));
    const dump = openDumpFile(join(folder, 'dump.elf'));
    try {
      const kernel = locateKernel({ memory: dump.memory, cpus: dump.cpus, vmcoreinfo: dump.vmcoreinfo });
      if (kernel?.symbols === undefined) throw new Error('the dump has no kernel with symbols');
      const { location, symbols } = kernel;
      const { tables: memory, textBase } = location;
      const places = { memory, symbols, textBase };
      const [byName, byScan] = [findBtf(places), findBtf({ memory, textBase })];
      if (byName === undefined || byScan === undefined) throw new Error('the kernel has no BTF');
      found.derived = keysOf(deriveKernelInfo({ types: byName.btf, symbols, memory, location }).lines);
      found.scanned = keysOf(deriveKernelInfo({ types: byScan.btf, symbols, memory, location }).lines);
      modules = [...eachModuleBtf({ memory, symbols, btf: byName.btf })].map(({ module, error }) => [
        module,
        error?.message,
      ]);
      loaded = symbols.lookup(['btf_modules']).size;
    } finally {
      dump.close();
    }
  });

  it('is the section of the module, key by key', () => {
    expect(found.module.length).toBeGreaterThan(190);
    expect(found.derived).toEqual(found.module);
  });

  it('is the same where the BTF is searched for', () => {
    expect(found.scanned).toEqual(found.derived);
  });

  it('has beside it the types of every module whose BTF the kernel keeps', () => {
    expect(modules.filter(([, error]) => error !== undefined)).toEqual([]);
    expect(modules.length > 0).toBe(loaded > 0);
  });
});
