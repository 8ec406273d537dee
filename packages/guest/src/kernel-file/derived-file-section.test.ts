import { gzipSync } from 'node:zlib';
import { OsiError } from '@osi-linux/core';
import { BytesSource } from '@osi-linux/memory';
import {
  BtfWriter,
  type WrittenSection,
  writeBootImage,
  writeElf,
} from '@osi-linux/test-fixtures/type-writers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveFileSection, type FileSectionOptions } from './derived-file-section';

// Whole kernels are tested with those of the guests: tests/kernel-files/kernel-files.guest.test.ts.

const TEXT = 0xffffffff81000000n;
const UTS = TEXT + 0x4000n;
const text = (content: string) => new TextEncoder().encode(content);
const file = (bytes: Uint8Array, name = 'FILE') => new BytesSource(bytes, name);

const BANNER = 'Linux version 6.1.0-57-amd64 (a@b) (gcc-12) #1 SMP Debian 6.1.192-3 (2026-11-26)\n';
const NAME = '6.1.0-57-amd64|#1 SMP Debian 6.1.192-3 (2026-11-26)|x86_64';

/** Types as a kernel has them, as far as the test asks. */
function btf(): Uint8Array {
  const writer = new BtfWriter();
  const char = writer.int('char', 1);
  const name = writer.array(char, 65);
  const pointer = writer.pointer(0);
  writer.struct('task_struct', 128, [
    { name: 'mm', type: pointer, bits: 64 * 8 },
    { name: 'pid', type: writer.int('int', 4), bits: 72 * 8 },
  ]);
  const utsname = writer.struct(
    'new_utsname',
    195,
    ['release', 'version', 'machine'].map((member, index) => ({
      name: member,
      type: name,
      bits: index * 65 * 8,
    })),
  );
  writer.struct('uts_namespace', 199, [{ name: 'name', type: utsname, bits: 32 }]);
  return writer.bytes();
}

const SYMBOLS = {
  _text: TEXT,
  init_uts_ns: UTS,
  init_task: TEXT + 0x5000n,
  __per_cpu_offset: TEXT + 0x6000n,
};

function listOf(slide = 0n, symbols: Readonly<Record<string, bigint>> = SYMBOLS): Uint8Array {
  const lines = Object.entries(symbols).map(([name, at]) => `${(at + slide).toString(16)} D ${name}\n`);
  return text(lines.join(''));
}

/** A kernel's file without symbols: code, its name, its types. */
function vmlinux(more: readonly WrittenSection[] = [{ name: '.BTF', type: 1, bytes: btf() }]): Uint8Array {
  const uts = new Uint8Array(199);
  const parts = NAME.split('|');
  for (const [index, part] of parts.entries()) uts.set(text(part), 4 + index * 65);
  return writeElf([
    { name: '.text', type: 1, flags: 6, address: TEXT, bytes: new Uint8Array(64) },
    { name: '.data', type: 1, flags: 2, address: UTS, bytes: uts },
    ...more,
  ]);
}

function failure(bytes: Uint8Array, options: FileSectionOptions = {}): OsiError {
  try {
    deriveFileSection(file(bytes), options);
  } catch (error) {
    if (OsiError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('the section of a kernel by its files', () => {
  it.each([
    ['where it was linked', 0n],
    ['as a boot had it that KASLR moved', 0x2a00000n],
  ])('has the name of its image, with a list of symbols %s', (_, slide) => {
    const { info, findings } = deriveFileSection(file(vmlinux()), {
      symbols: file(listOf(slide), 'kallsyms'),
    });
    expect([info['name'], info['version.c']]).toEqual([NAME, 192]);
    expect([info['task.init_addr'], info['uts.init_addr']]).toEqual([SYMBOLS.init_task, UTS]);
    expect([info['task.pid_offset'], info['task.per_cpu_offset_0_addr']]).toEqual([72, 0n]);
    const moved = slide === 0n ? 'kallsyms' : 'kallsyms, 0x2a00000 from where it was linked';
    expect(findings).toContainEqual({ what: 'symbols', value: 'a table', evidence: moved });
  });

  it('is told by a boot image, packed or not, and by a file in gzip', () => {
    const symbols = () => file(listOf());
    const section = deriveFileSection(file(vmlinux()), { symbols: symbols() });
    for (const bytes of [
      writeBootImage(vmlinux()),
      writeBootImage(Uint8Array.from(gzipSync(vmlinux()))),
      Uint8Array.from(gzipSync(vmlinux())),
    ]) {
      expect(deriveFileSection(file(bytes), { symbols: symbols() }).lines).toEqual(section.lines);
    }
  });

  it('is called as the banner says where only types and symbols are known', () => {
    const options = { symbols: file(listOf(0x2a00000n)), banner: BANNER };
    const { info, missing } = deriveFileSection(file(btf()), options);
    expect(info['name']).toBe(NAME);
    expect(info['task.init_addr']).toBe(SYMBOLS.init_task + 0x2a00000n);
    expect(missing.map(({ key }) => key)).toContain('kernel.phys_base');
    const nameless = deriveFileSection(file(btf()), { symbols: file(listOf()) });
    expect(nameless.info['name']).toBeUndefined();
  });

  it('takes a banner that agrees with the image', () => {
    const { info } = deriveFileSection(file(vmlinux()), { symbols: file(listOf()), banner: BANNER });
    expect(info['name']).toBe(NAME);
  });
});

describe('what is missing is named, with what to add', () => {
  it.each([
    [
      'types, of a list of symbols',
      listOf(),
      {},
      /is a symbol list, which has no types/,
      /kconf derive .*--symbols/,
    ],
    ['types, of a vmlinux', vmlinux([]), {}, /no section \.BTF/, /dwarf2json/],
    ['symbols, of BTF', btf(), {}, /FILE has no symbols/, /--symbols \/boot\/System\.map-RELEASE/],
    ['symbols, of a stripped vmlinux', vmlinux(), {}, /has no symbol table and no kallsyms/, /--symbols/],
    [
      'symbols, of the file beside',
      btf(),
      { symbols: file(btf(), 'OTHER') },
      /OTHER has no symbols/,
      /--symbols/,
    ],
  ])('%s', (_, bytes, options, message, hint) => {
    const error = failure(bytes, options);
    expect(error.code).toBe('KERNEL_FILE_INCOMPLETE');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });
});

describe('files that do not go together are refused', () => {
  it.each([
    [
      'another list of symbols',
      { symbols: file(listOf(0x1000n)) },
      /_text at 0x1000 bytes from the start of the image/,
    ],
    ['one that is too far away', { symbols: file(listOf(-0x80000000n)) }, /_text at 0x80000000 bytes from/],
    [
      'another banner',
      { symbols: file(listOf()), banner: BANNER.replace('-57-', '-58-') },
      /is of the kernel "6\.1\.0-57.*, but the banner is of "6\.1\.0-58/,
    ],
  ])('%s', (_, options, message) => {
    const error = failure(vmlinux(), options);
    expect([error.code, error.message]).toEqual(['KERNEL_FILES_DIFFER', expect.stringMatching(message)]);
  });

  it('and so is a banner that is none', () => {
    expect(failure(btf(), { banner: 'Linux' }).code).toBe('BANNER_MALFORMED');
  });
});

describe('files that are not read are named', () => {
  it.each([
    [
      'a kernel compressed with lzop',
      writeBootImage(Uint8Array.of(0x89, 0x4c, 0x5a, 0x4f)),
      /compressed with lzop/,
    ],
    [
      'a kernel compressed with lzma',
      writeBootImage(Uint8Array.of(0x5d, 0, 0, 0x80)),
      /compressed with lzma/,
    ],
    [
      'no kernel in a boot image',
      writeBootImage(new Uint8Array(64)),
      /^the kernel in FILE is not a kernel file$/,
    ],
    ['memory in gzip', Uint8Array.from(gzipSync(new Uint8Array(64))), /^FILE is not a kernel file$/],
    [
      'gzip in gzip in gzip',
      [1, 2, 3].reduce((bytes) => Uint8Array.from(gzipSync(bytes)), btf()),
      /is not a kernel file/,
    ],
  ])('%s', (_, bytes, message) => {
    const error = failure(bytes);
    expect([error.code, error.message]).toEqual(['KERNEL_FILE_UNSUPPORTED', expect.stringMatching(message)]);
  });

  it('such as one in bzip2, with the command that unpacks it', () => {
    const error = failure(text('BZh91AY&SY'));
    expect([error.code, error.hint]).toEqual([
      'PACKING_UNSUPPORTED',
      'unpack the file first: bunzip2 -k FILE',
    ]);
  });

  it('and so is one that is larger than any', () => {
    const large = { name: 'LARGE', size: 2 ** 40, read: file(btf()).read.bind(file(btf())) };
    expect(() => deriveFileSection(large)).toThrow(/LARGE has 1099511627776 bytes, expected at most/);
  });

  it('whatever the bytes are, there is a section or an OsiError', () => {
    const whole = [vmlinux(), writeBootImage(Uint8Array.from(gzipSync(vmlinux()))), btf()];
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(2), edits, fc.nat(), (index, places, cut) => {
        const bytes = Uint8Array.from(whole[index] ?? []);
        for (const [place, byte] of places) bytes[place % bytes.length] = byte;
        const part = bytes.subarray(0, bytes.length - (cut % 2 === 0 ? 0 : cut % bytes.length));
        try {
          const { lines } = deriveFileSection(file(part), { symbols: file(listOf()) });
          expect(lines.length).toBeGreaterThan(0);
        } catch (error) {
          if (!OsiError.is(error)) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});
