import { OsiError } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';

// libvirt src/qemu/qemu_saveimage.h, struct _virQEMUSaveHeader: magic, then 32-bit words in the order of the host.
const MAGIC = 'LibvirtQemudSave';
const PARTIAL = 'LibvirtQemudPart';
const HEADER_BYTES = 92;
const DATA_LENGTH_AT = 20;
const FORMAT_AT = 28;
const ALIGNMENT = 1024 * 1024;
// enum virQEMUSaveFormat.
const RAW = 0;
const SPARSE = 6;
const UNPACK: Readonly<Record<number, readonly [name: string, tool: string]>> = {
  1: ['gzip', 'gunzip'],
  2: ['bzip2', 'bunzip2'],
  3: ['xz', 'unxz'],
  4: ['lzop', 'lzop -d'],
  5: ['zstd', 'unzstd'],
};

/** Whether a source begins as the files of `virsh save` do. */
export function isLibvirtSave(source: ByteSource): boolean {
  const magic = magicOf(source);
  return magic === MAGIC || magic === PARTIAL;
}

/**
 * Where QEMU's stream begins in a file of `virsh save`: behind the header and the XML of the domain.
 *
 * @throws OsiError `DUMP_FORMAT_UNSUPPORTED` where it is compressed.
 */
export function streamInLibvirtSave(source: ByteSource, findings: Finding[]): number {
  const header = readAt(source, 0, HEADER_BYTES);
  if (magicOf(source) === PARTIAL) {
    const evidence = `the file begins ${PARTIAL}`;
    findings.push({ what: 'unfinished', value: 'libvirt did not finish this file', evidence });
  }
  if (header.length < HEADER_BYTES) return source.size;
  const view = new DataView(header.buffer);
  const start = HEADER_BYTES + view.getUint32(DATA_LENGTH_AT, true);
  const format = view.getUint32(FORMAT_AT, true);
  if (format === RAW || format === SPARSE) {
    const aligned = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
    return isStream(source, start) || !isStream(source, aligned) ? start : aligned;
  }
  const [name, tool] = UNPACK[format] ?? [`format ${format}`, 'its own tool'];
  throw new OsiError(
    'DUMP_FORMAT_UNSUPPORTED',
    `${source.name} is a libvirt save file compressed by ${name}`,
    {
      hint: `unpack the stream first: tail -c +${start + 1} FILE | ${tool} > STREAM`,
      fields: { source: source.name, format, start },
    },
  );
}

/** Whether a QEMU stream begins at a position. */
export function isStream(source: ByteSource, position: number): boolean {
  return String.fromCharCode(...readAt(source, position, 4)) === 'QEVM';
}

function magicOf(source: ByteSource): string {
  return String.fromCharCode(...readAt(source, 0, MAGIC.length));
}
