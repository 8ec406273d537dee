import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifyGuest } from '@osi-linux/guest';
import { type Dump, openDump } from '@osi-linux/memory';
import { openFileSource } from '@osi-linux/memory/node';
import { findInitTaskByShape, type KernelSource, type LocatedKernel, locateKernel } from '@osi-linux/symbols';
import { withoutNotes } from '@osi-linux/test-fixtures/fake-memory';
import { buildGuest, guestSpec, guestsOfThisRun } from '@osi-linux/test-fixtures/guest-builder';
import { parseTruthRecords } from '@osi-linux/test-fixtures/truth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// /proc/kallsyms, /proc/iomem and the module's output are the truth.

/**
 * Each way to the kernel, alone: its file of the guest, and the facts that are known besides the bytes of
 * RAM.
 */
const METHODS: Readonly<Record<string, readonly ['dump.elf' | 'dump.raw', (dump: Dump) => KernelSource]>> = {
  'the registers of a core': [
    'dump.elf',
    ({ memory, cpus, machine }) => ({ memory: withoutNotes(memory), cpus, machine, methods: ['registers'] }),
  ],
  'VMCOREINFO in the RAM of a core': [
    'dump.elf',
    ({ memory }) => ({ memory, methods: ['vmcoreinfo-in-memory'] }),
  ],
  'page tables in the RAM of a core': ['dump.elf', ({ memory }) => ({ memory: withoutNotes(memory) })],
  'a raw file': ['dump.raw', ({ memory }) => ({ memory })],
  'a raw file without VMCOREINFO': ['dump.raw', ({ memory }) => ({ memory: withoutNotes(memory) })],
};

describe.each(guestsOfThisRun())('the kernel of $name', (spec) => {
  const wide = spec.arch === 'amd64';
  const linked = wide ? 0xffffffff81000000n : 0xc1000000n;
  let dumps: Record<'dump.elf' | 'dump.raw', Dump>;
  let truth: { text: bigint; code: bigint; table: bigint; initTask: bigint };

  beforeAll(async () => {
    const folder = await buildGuest(guestSpec(spec));
    const open = (name: string) => openDump(openFileSource(join(folder, name)));
    dumps = { 'dump.elf': open('dump.elf'), 'dump.raw': open('dump.raw') };
    truth = readTruth(folder);
  });

  afterAll(() => {
    for (const dump of Object.values(dumps)) dump.close();
  });

  const locate = (method: string): LocatedKernel => {
    const [file, source] = METHODS[method] ?? [];
    const kernel = file && source && locateKernel(source(dumps[file]));
    if (kernel === undefined) throw new Error(`no kernel by ${method}`);
    return kernel;
  };

  it.each(Object.keys(METHODS))('is found where it is by %s', (method) => {
    const { location } = locate(method);
    const { form, textBase, kaslrShift, mapBase, physBase, root } = location;
    expect({ form: form.name, textBase, kaslrShift, code: textBase - mapBase + physBase }).toEqual({
      form: spec.paging,
      textBase: truth.text,
      kaslrShift: truth.text - linked,
      code: truth.code,
    });
    expect(BigInt(root)).toBe(truth.table - mapBase + physBase);
  });

  it('shows init_task by its shape', () => {
    const { location } = locate('page tables in the RAM of a core');
    expect(findInitTaskByShape(dumps['dump.elf'].memory, location)?.address).toBe(truth.initTask);
  });

  it('has the handlers of its processors in its image, by their names', () => {
    const findings = identifyGuest(dumps['dump.elf'], {}).findings.filter(
      ({ what }) => what === 'kernel-entry',
    );
    expect(findings.map(({ evidence }) => evidence)).toEqual([
      expect.stringMatching(
        /^the page fault of the IDT of cpu 0 leads there, into the image; .* asm_exc_page_fault$/,
      ),
      expect.stringMatching(/^the divide error of the IDT of cpu 0 .* asm_exc_divide_error$/),
    ]);
  });

  it('is identified, by each method, in one pass over memory', () => {
    const dump = dumps['dump.raw'];
    const size = dump.memory.ranges.reduce((sum, { start, end }) => sum + (end - start), 0);
    let scanned = 0;
    const memory: Dump['memory'] = {
      ranges: dump.memory.ranges,
      page: (frame) => dump.memory.page(frame),
      hole: (frame) => dump.memory.hole(frame),
      scan: (address, into) => {
        const count = dump.memory.scan(address, into);
        scanned += count;
        return count;
      },
    };
    const { findings, paging, kaslrShift } = identifyGuest({ ...dump, memory }, {});
    expect({ paging, kaslrShift }).toEqual({ paging: spec.paging, kaslrShift: truth.text - linked });
    const found = findings.filter(({ what }) => what.startsWith('kernel-by-'));
    expect(found.map(({ value }) => /not found|0x[0-9a-f]+ *, KASLR/.exec(String(value))?.[0])).toEqual([
      ...['not found', 'not found'],
      ...[`0x${truth.text.toString(16)}, KASLR`, `0x${truth.text.toString(16)}, KASLR`],
    ]);
    expect(findings.filter(({ what }) => what === 'another-kernel')).toEqual([]);
    // Symbols and types are in the image; some of it is read again.
    expect(scanned - size).toBeLessThan(192 * 1024 * 1024);
  });
});

function readTruth(folder: string) {
  const { records } = parseTruthRecords(readFileSync(join(folder, 'truth')));
  const text = (path: string) =>
    Buffer.from(records.find((record) => record.path === path)?.bytes ?? []).toString('latin1');
  const start = (path: string, line: RegExp) => BigInt(`0x${line.exec(text(path))?.[1] ?? '0'}`);
  const log = readFileSync(join(folder, 'dmesg.log'), 'latin1');
  const key = (name: string) => BigInt(new RegExp(`${name} = (\\d+)`).exec(log)?.[1] ?? 0);
  return {
    text: start('/proc/kallsyms', /^([0-9a-f]+) T _text$/m),
    code: start('/proc/iomem', /^ *([0-9a-f]+)-[0-9a-f]+ : Kernel code$/m),
    table: key('kernel\\.swapper_pg_dir_addr'),
    initTask: key('task\\.init_addr'),
  };
}
