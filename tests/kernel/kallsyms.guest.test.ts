import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dump, openDump } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import {
  findBtf,
  type KernelSource,
  type KernelSymbol,
  type LocatedKernel,
  locateKernel,
  ModuleSymbols,
  moduleLayoutOf,
} from '@osi-linux/symbols';
import { withoutNotes } from '@osi-linux/test-fixtures/fake-memory';
import { buildGuest, guestSpec, guestsOfThisRun } from '@osi-linux/test-fixtures/guest-builder';
import { parseTruthRecords } from '@osi-linux/test-fixtures/truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// /proc/kallsyms, read by the guest itself while it stood still, is the truth.

/** The facts that are known besides the bytes of RAM, by name. */
const METHODS: Readonly<Record<string, (dump: Dump) => KernelSource>> = {
  'with registers': ({ memory, cpus, machine }) => ({ memory, cpus, machine }),
  'from RAM alone': ({ memory }) => ({ memory }),
  'from RAM alone, VMCOREINFO blanked out': ({ memory }) => ({ memory: withoutNotes(memory) }),
};

describe.each(guestsOfThisRun())('the symbols of $name', (spec) => {
  const wide = spec.arch === 'amd64';
  let dump: Dump;
  let truth: { kernel: string[]; modules: string[] };

  beforeAll(async () => {
    const folder = await buildGuest(guestSpec(spec));
    dump = openDump(openFileSource(join(folder, 'dump.elf')));
    truth = readTruth(join(folder, 'truth'));
  });

  afterAll(() => dump.close());

  it.each(Object.keys(METHODS))('are its own %s', (method) => {
    const kernel = locate(dump, method);
    expect(kernel.isCrashKernel).toBe(false);
    expect(kernel.location.form.name).toBe(spec.paging);
    expect([...(kernel.symbols?.each() ?? [])].map((symbol) => line(symbol, wide))).toEqual(truth.kernel);
    expect(kernel.symbols?.skipped()).toEqual([]);
  });

  it('are looked up by name', () => {
    const { symbols } = locate(dump, 'with registers');
    const first = new Map<string, bigint>();
    for (const text of truth.kernel) {
      const [address = '', , name = ''] = text.split(' ');
      if (!first.has(name)) first.set(name, BigInt(`0x${address}`));
    }
    const names = [...first.keys()].filter((_, index) => index % 97 === 0);
    const expected = new Map(names.map((name) => [name, first.get(name)]));
    expect(symbols?.lookup([...names, 'no_such_name'])).toEqual(expected);
  });

  it.runIf(wide)('are those of its modules too', () => {
    const { location, symbols } = locate(dump, 'with registers');
    const { tables, textBase } = location;
    const types = findBtf({ memory: tables, symbols, textBase })?.btf;
    const layout = types === undefined ? undefined : moduleLayoutOf(types);
    const head = symbols?.lookup(['modules']).get('modules');
    if (layout === undefined || head === undefined) throw new Error('no layout of modules, or no list');
    const modules = new ModuleSymbols(tables, layout, head);
    expect(modules.skipped()).toEqual([]);
    // Symbols that a module exports have a capital in /proc/kallsyms; its own table does not mark them.
    const small = (text: string) => text.replace(/ \S /, (type) => type.toLowerCase());
    expect([...modules.each()].map((symbol) => small(line(symbol, wide)))).toEqual(truth.modules.map(small));
  });
});

function locate(dump: Dump, method: string): LocatedKernel {
  const kernel = locateKernel(METHODS[method]?.(dump) ?? dump);
  if (kernel === undefined) throw new Error(`no kernel ${method}`);
  return kernel;
}

function readTruth(path: string): { kernel: string[]; modules: string[] } {
  const { records } = parseTruthRecords(readFileSync(path));
  const record = records.find((candidate) => candidate.path === '/proc/kallsyms');
  const lines = Buffer.from(record?.bytes ?? [])
    .toString('latin1')
    .trimEnd()
    .split('\n');
  if (lines.length < 10_000) throw new Error('the guest has no /proc/kallsyms');
  return {
    kernel: lines.filter((text) => !text.includes('\t')),
    modules: lines.filter((text) => text.includes('\t')),
  };
}

function line({ name, type, address, module }: KernelSymbol, wide: boolean): string {
  const text = `${address.toString(16).padStart(wide ? 16 : 8, '0')} ${type} ${name}`;
  return module === undefined ? text : `${text}\t[${module}]`;
}
