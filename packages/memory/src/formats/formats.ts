import { attempt, formatHex, OsiError, PAGE_SIZE, withFindings } from '@osi-linux/core';
import type { Dump, DumpFormat, Finding, OpenDumpOptions } from '../dump';
import type { ByteSource } from '../sources/byte-source';
import { readAt } from '../sources/read-at';
import { avml } from './avml/avml';
import { elf } from './elf/elf';
import { isFlattened, openFlattened } from './kdump/flattened-source';
import { kdump } from './kdump/kdump';
import { lime } from './lime/lime';
import { qemuStream } from './qemu-stream/qemu-stream';
import { raw } from './raw/raw';
import { splitUnused } from './raw/split-unused';
import { isTar } from './unsupported/tar';
import { findUnsupported } from './unsupported/unsupported';
import { unsupportedDump } from './unsupported/unsupported-dump';
import { vmware } from './vmware/vmware';

/** The formats that are read, in the order in which they are tried. */
export const dumpFormats: readonly DumpFormat[] = [elf, kdump, lime, avml, qemuStream, vmware, raw];

/**
 * Opens a dump in the first format that fits, or in the one that is named.
 *
 * The source belongs to the dump from then on, and stays open until `Dump.close`; where this throws, it stays with the
 * caller. A flattened file is taken as the file that it stands for, unless the format is named as `raw`.
 *
 * @throws OsiError `DUMP_FORMAT_UNKNOWN`, `DUMP_FORMAT_UNSUPPORTED` for a format that is known but not read, or what
 * is wrong with the file: `DUMP_NOT_A_CORE`, `DUMP_MALFORMED`, `DUMP_MACHINE_UNSUPPORTED`,
 * `DUMP_PART_UNEXPECTED`, `DUMP_SPLIT_INVALID`, `DUMP_SPLIT_UNUSED`.
 *
 * @example
 * ```ts
 * const dump = openDump(new BytesSource(new Uint8Array(65536)));
 * [dump.format, dump.memory.ranges] // => ['raw', [{ start: 0, end: 65536 }]]
 * openDump(new BytesSource(new Uint8Array(16))) // throws DUMP_FORMAT_UNKNOWN
 * ```
 */
export function openDump(source: ByteSource, options: OpenDumpOptions = {}): Dump {
  if (options.format === raw.name || !isFlattened(source)) return openPlain(source, options);
  const findings: Finding[] = [];
  const plain = openFlattened(source, findings);
  const dump = attempt(
    () => openPlain(plain, options),
    (error) => {
      throw withFindings(error, findings);
    },
  );
  return { ...dump, findings: [...findings, ...dump.findings] };
}

function openPlain(source: ByteSource, options: OpenDumpOptions): Dump {
  if (options.format !== undefined) return openAs(formatNamed(options.format), source, options);
  const magic = findUnsupported(source);
  if (magic !== undefined) {
    throw new OsiError(
      'DUMP_FORMAT_UNSUPPORTED',
      `${source.name} is ${magic.name}, a format that is not supported`,
      {
        hint: magic.remedy,
        fields: { source: source.name, format: magic.name },
      },
    );
  }
  const format = dumpFormats.find((candidate) => candidate.probe(source) === 'yes');
  if (format === undefined) throw unknownFormat(source);
  // Any file of some size may be raw, but no memory begins with the header of an archive.
  if (format === raw && isTar(source)) {
    throw unsupportedDump(source, 'a tar archive without a QEMU stream', 'unpack it first: tar -xf FILE');
  }
  if (format === raw && looksLikeZlib(source)) {
    throw unsupportedDump(source, 'zlib-compressed', 'decompress it first: pigz -dz FILE');
  }
  return openAs(format, source, options);
}

/** Whether a file begins as zlib streams do (RFC 1950, 2.2), and does not consist of pages as memory does. */
function looksLikeZlib(source: ByteSource): boolean {
  const [method = 0, flags = 0] = readAt(source, 0, 2);
  return method === 0x78 && (method * 256 + flags) % 31 === 0 && source.size % PAGE_SIZE !== 0;
}

function openAs(format: DumpFormat, source: ByteSource, options: OpenDumpOptions): Dump {
  const { parts = [], belowFourGiB } = options;
  if (belowFourGiB !== undefined && format.usesSplit !== true) throw splitUnused(source, format.name);
  if (parts.length === 0 || format === kdump) return format.open(source, options);
  throw new OsiError(
    'DUMP_PART_UNEXPECTED',
    `parts were given, but ${source.name} is ${format.name}, which has none`,
    {
      hint: 'give parts only for a kdump from makedumpfile --split',
      fields: { source: source.name, format: format.name, parts: parts.map(({ name }) => name) },
    },
  );
}

function formatNamed(name: string): DumpFormat {
  const format = dumpFormats.find((candidate) => candidate.name === name);
  if (format !== undefined) return format;
  throw new OsiError('DUMP_FORMAT_UNKNOWN', `not a dump format: "${name}"`, {
    hint: `expected one of ${dumpFormats.map((known) => known.name).join(', ')}`,
    fields: { format: name },
  });
}

function unknownFormat(source: ByteSource): OsiError {
  const head = readAt(source, 0, 16);
  const seen =
    head.length === 0
      ? 'the file is empty'
      : `the file begins with ${formatHex(head)} and has ${source.size} bytes`;
  return new OsiError('DUMP_FORMAT_UNKNOWN', `${source.name} is not a dump in a known format: ${seen}`, {
    hint: 'give the memory of a whole guest: an ELF core file (dump-guest-memory) or a raw copy of its RAM (pmemsave)',
    fields: { source: source.name, size: source.size, head: formatHex(head) },
  });
}
