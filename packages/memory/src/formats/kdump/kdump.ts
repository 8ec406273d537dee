import { decodeCString, formatAddress, OsiError } from '@osi-linux/core';
import { portableCodecs } from '../../codecs/codecs';
import type { Dump, DumpFormat, Finding, OpenDumpOptions } from '../../dump';
import { FrameMemory } from '../../pages/frame-memory';
import type { ByteSource } from '../../sources/byte-source';
import type { FilePlace } from '../../sources/file-place';
import { readAt } from '../../sources/read-at';
import { cpusOfNotes, PRSTATUS_32, PRSTATUS_64 } from '../elf/cpu-notes';
import { type ElfNote, readNotes } from '../elf/elf-notes';
import { readOwnNotes } from '../elf/own-notes';
import { otherMachine, otherMachineOfStatus } from '../unsupported/other-machine';
import { isFlattened, openFlattened } from './flattened-source';
import { isKdump, type KdumpHeader, namesMachine } from './kdump-header';
import { KdumpPart } from './kdump-part';
import { KdumpStore } from './kdump-store';

/**
 * Compressed kdump files: makedumpfile's (its diskdump_mod.h and IMPLEMENTATION), and QEMU's `dump-guest-memory -z`,
 * `-l` and `-s` (its include/sysemu/dump.h); header versions 0 to 6, whole or split.
 *
 * `phys_base` is not read: QEMU's is wrong (it takes the decimal number of VMCOREINFO for a hexadecimal one).
 */
export const kdump: DumpFormat = {
  name: 'kdump',
  probe: (source) => (isKdump(source) ? 'yes' : 'no'),
  open: openKdump,
};

const MOST_VMCOREINFO_BYTES = 1024 * 1024;

const NT_PRSTATUS = 1;

function openKdump(source: ByteSource, options: OpenDumpOptions = {}): Dump {
  const findings: Finding[] = [];
  const first = new KdumpPart(source);
  const others = (options.parts ?? []).map((part) => {
    const plain = isFlattened(part) ? openFlattened(part, findings) : part;
    return sameDump(first, new KdumpPart(plain));
  });
  const parts = [first, ...others];
  for (const part of parts) noteDamage(part, findings);
  noteMissingParts(parts, findings);
  noteLevel(first, findings);
  const notes = readNotes(source, notePlaces(first.header), findings);
  const machine = machineOf(source, first.header, notes);
  const vmcoreinfo = readVmcoreinfo(source, first.header.vmcoreinfo, notes);
  const own = readOwnNotes(notes, findings);
  return {
    format: 'kdump',
    memory: new FrameMemory(new KdumpStore(parts, options.codecs ?? portableCodecs)),
    cpus: own.cpus ?? cpusOfNotes(notes, findings),
    ...(machine === undefined ? {} : { machine }),
    ...(vmcoreinfo === undefined ? {} : { vmcoreinfo }),
    ...(own.profile === undefined ? {} : { profile: own.profile }),
    findings,
    close: () => {
      for (const part of parts) part.source.close();
    },
  };
}

/** @throws OsiError where a file is not a part of the same dump. */
function sameDump(first: KdumpPart, part: KdumpPart): KdumpPart {
  const [a, b] = [first.header, part.header];
  const keys = ['version', 'machine', 'release', 'timestamp', 'maxFrame', 'bitmapSize'] as const;
  const differs = keys.find((key) => a[key] !== b[key]);
  const unsplit = [first, part].find(({ header }) => header.part === undefined);
  if (differs === undefined && unsplit === undefined) return part;
  const what =
    unsplit === undefined
      ? `is not a part of the same dump as ${first.source.name}: ${differs} differs`
      : `cannot be combined with ${first.source.name}: ${unsplit.source.name} is not a part of a split dump`;
  throw new OsiError('DUMP_MALFORMED', `${part.source.name} ${what}`, {
    hint: 'give the files from one run of makedumpfile --split',
    fields: { source: part.source.name },
  });
}

function noteDamage(part: KdumpPart, findings: Finding[]): void {
  const { source, header } = part;
  if (header.incomplete) {
    const evidence = `status of ${source.name} has bit 8 set`;
    findings.push({ what: 'incomplete', value: 'the dump was not finished', evidence });
  }
  if (source.size < header.descriptorsAt) {
    const evidence = `the bitmaps end at offset ${header.descriptorsAt}, the file at ${source.size}`;
    findings.push({ what: 'truncated', value: 'no page can be read', evidence });
    return;
  }
  const end = part.expectedSize();
  if (source.size < end) {
    const evidence = `its page descriptors name bytes up to offset ${end}, the file ends at ${source.size}`;
    findings.push({ what: 'truncated', value: 'pages are missing', evidence });
  }
}

function noteMissingParts(parts: readonly KdumpPart[], findings: Finding[]): void {
  const [first] = parts;
  if (first?.header.part === undefined) return;
  const spans = parts.map(({ span }) => span).sort((a, b) => a.start - b.start);
  const missing: string[] = [];
  let at = 0;
  for (const { start, end } of [...spans, { start: first.header.maxFrame, end: first.header.maxFrame }]) {
    if (start > at) missing.push(`${formatAddress(at)} to ${formatAddress(start - 1)}`);
    at = Math.max(at, end);
  }
  if (missing.length === 0) return;
  const evidence = `${parts.length} of its files given, which lack the frames ${missing.join(', ')}`;
  findings.push({ what: 'parts', value: 'a part of a split dump alone', evidence });
}

// makedumpfile(8), -d: the pages that each bit of the dump level leaves out.
const LEVELS = ['zero', 'cache', 'private cache', 'user', 'free'] as const;

/** Level 1 changes nothing that can be seen: the pages that it leaves out are zero. */
function noteLevel({ header }: KdumpPart, findings: Finding[]): void {
  const left = LEVELS.filter((_, bit) => ((header.dumpLevel >> bit) & 1) === 1);
  if (header.dumpLevel === 1 || left.length === 0) return;
  const evidence = `dump_level is ${header.dumpLevel}`;
  findings.push({ what: 'excluded', value: `pages were left out: ${left.join(', ')}`, evidence });
}

function notePlaces({ notes }: KdumpHeader): FilePlace[] {
  return notes === undefined || !Number.isSafeInteger(notes.offset) ? [] : [notes];
}

function readVmcoreinfo(
  source: ByteSource,
  place: FilePlace | undefined,
  notes: readonly ElfNote[],
): string | undefined {
  const note = notes.find(({ name }) => name === 'VMCOREINFO');
  if (note !== undefined) return decodeCString(note.desc);
  if (place === undefined || !Number.isSafeInteger(place.offset)) return undefined;
  const bytes = readAt(source, place.offset, Math.min(place.size, MOST_VMCOREINFO_BYTES));
  return bytes.length === 0 ? undefined : decodeCString(bytes);
}

/**
 * QEMU names x86_64 in every 64-bit header, which 32-bit guests get too, or from version 10 on "Unknown", and leaves the
 * release empty; its NT_PRSTATUS is that of 64 bits where the processor is in long mode (QEMU target/i386/arch_dump.c,
 * x86_cpu_write_elf64_note). A 32-bit header is always that of a 32-bit guest.
 *
 * @throws OsiError `DUMP_MACHINE_UNSUPPORTED` where the notes are those of another machine.
 */
function machineOf(
  source: ByteSource,
  header: KdumpHeader,
  notes: readonly ElfNote[],
): 'x86_64' | 'i386' | undefined {
  const isNamed = namesMachine(header);
  if (isNamed && header.machine !== 'x86_64') return 'i386';
  if (isNamed && header.release !== '') return 'x86_64';
  const status = notes.filter(({ name, type }) => name === 'CORE' && type === NT_PRSTATUS);
  const sizes = status.map(({ desc }) => desc.length);
  if (sizes.includes(PRSTATUS_64.size)) return 'x86_64';
  if (sizes.includes(PRSTATUS_32.size) || header.wordSize === 4) return 'i386';
  const other = sizes.map(otherMachineOfStatus).find((name) => name !== undefined);
  if (other === undefined) return undefined;
  throw otherMachine(source, 'a kdump file', other, `its NT_PRSTATUS notes have ${sizes[0]} bytes`);
}
