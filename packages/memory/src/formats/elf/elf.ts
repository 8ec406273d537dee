import { decodeCString, formatAddress, OsiError } from '@osi-linux/core';
import type { Dump, DumpFormat, Finding } from '../../dump';
import { FileRunList } from '../../pages/file-run-list';
import { MappedMemory, type MemoryMap } from '../../pages/mapped-memory';
import type { ByteSource } from '../../sources/byte-source';
import type { FilePlace } from '../../sources/file-place';
import { otherMachine, otherMachineOfElf } from '../unsupported/other-machine';
import { unsupportedDump } from '../unsupported/unsupported-dump';
import { cpusOfNotes } from './cpu-notes';
import {
  type ElfHeader,
  eachProgramHeader,
  exactPlace,
  isElf,
  malformed,
  type ProgramHeader,
  readElfHeader,
} from './elf-header';
import { readNotes } from './elf-notes';
import { readOwnNotes } from './own-notes';
import { cpusOfVirtualBox } from './virtualbox-notes';
import { isXenCore } from './xen-core';

/**
 * ELF cores of a whole machine (System V gABI, chapters 4 and 5): QEMU's `dump-guest-memory` and libvirt's
 * `virsh dump --memory-only`, makedumpfile's, VirtualBox's, `/proc/vmcore`.
 *
 * PT_LOAD segments are placed by `p_paddr`; where they overlap with different bytes the first one counts. The
 * bytes of `p_memsz` beyond `p_filesz` were left out by the writer.
 */
export const elf: DumpFormat = {
  name: 'elf',
  probe: (source) => (isElf(source) ? 'yes' : 'no'),
  open: openElf,
};

const ET_EXEC = 2;
const ET_CORE = 4;
const KINDS: Readonly<Record<number, string>> = {
  1: 'a relocatable object, such as a kernel module',
  [ET_EXEC]: 'an executable, such as vmlinux',
  3: 'a shared object or an executable',
};

const EM_386 = 3;
const EM_X86_64 = 62;

const PT_LOAD = 1;
const PT_NOTE = 4;
const PHYSICAL_END = 2 ** 52;
const MOST_NOTE_SEGMENTS = 4096;

function openElf(source: ByteSource): Dump {
  const header = readElfHeader(source);
  if (header.type !== ET_CORE)
    throw notACore(source, KINDS[header.type] ?? `ELF type ${header.type}`, header.type);
  if (header.phnum === 0 && isXenCore(source)) {
    throw unsupportedDump(source, 'a Xen core', 'dump the memory inside the guest with AVML or LiME');
  }
  const findings: Finding[] = [];
  const machine = machineOf(source, header, findings);
  const segments = readSegments(source, header, findings);
  if (segments.loads.isOldKcore(header)) {
    const what = 'a copy of /proc/kcore without physical addresses (each p_paddr is 0)';
    throw unsupportedDump(source, what, 'dump the memory inside the guest with AVML or LiME');
  }
  if (segments.loads.isOfProcess)
    throw notACore(source, 'the core file of one process (each p_paddr is 0)', ET_CORE);
  const memory = new MappedMemory(source, segments.loads.map(findings));
  const notes = readNotes(source, segments.notes, findings);
  const vmcoreinfo = notes.find((note) => note.name === 'VMCOREINFO')?.desc;
  const own = readOwnNotes(notes, findings);
  const told = own.cpus ?? [...cpusOfNotes(notes, findings), ...cpusOfVirtualBox(notes, findings)];
  return {
    format: 'elf',
    memory,
    cpus: machine === undefined ? [] : told,
    ...(machine === undefined ? {} : { machine }),
    ...(vmcoreinfo === undefined ? {} : { vmcoreinfo: decodeCString(vmcoreinfo) }),
    ...(own.profile === undefined ? {} : { profile: own.profile }),
    findings,
    close: () => source.close(),
  };
}

function notACore(source: ByteSource, kind: string, type: number): OsiError {
  return new OsiError('DUMP_NOT_A_CORE', `${source.name} is ${kind}, not the memory of a guest`, {
    hint:
      type === ET_EXEC
        ? 'give the core file of a whole machine; to make a section from a kernel file, run osi-linux kconf derive FILE --group NAME'
        : 'give the core file of a whole machine: run dump-guest-memory in the QEMU monitor',
    fields: { source: source.name, type },
  });
}

interface Segments {
  readonly loads: LoadSegments;
  readonly notes: readonly FilePlace[];
}

function readSegments(source: ByteSource, header: ElfHeader, findings: Finding[]): Segments {
  const loads = new LoadSegments(source);
  const notes: FilePlace[] = [];
  let refused = 0;
  let first: number | undefined;
  let count = 0;
  for (const segment of eachProgramHeader(source, header)) {
    count += 1;
    if (segment.type !== PT_LOAD && segment.type !== PT_NOTE) continue;
    const sane = Number.isSafeInteger(segment.offset + segment.filesz);
    const fits =
      segment.type === PT_NOTE || segment.paddr + Math.max(segment.filesz, segment.memsz) <= PHYSICAL_END;
    if (!sane || !fits) {
      refused += 1;
      first ??= count - 1;
    } else if (segment.type === PT_LOAD) loads.add(segment);
    else if (notes.length < MOST_NOTE_SEGMENTS) notes.push({ offset: segment.offset, size: segment.filesz });
  }
  if (count < header.phnum) {
    if (count === 0)
      throw malformed(source, `its program headers, at ${header.phoff}, are outside`, { ...header });
    const evidence = `e_phnum is ${header.phnum}, the file ends after ${count}`;
    findings.push({
      what: 'truncated',
      value: `${header.phnum - count} program headers are missing`,
      evidence,
    });
  }
  if (first !== undefined) {
    const { paddr, offset } = exactPlace(source, header, first);
    const evidence = `the first one has p_paddr ${formatAddress(paddr)}, p_offset ${formatAddress(offset)}`;
    findings.push({
      what: 'segments',
      value: `${refused} refused for addresses that cannot be`,
      evidence,
    });
  }
  return { loads, notes };
}

/** The PT_LOAD segments of a core, without an object for each: there can be millions. */
class LoadSegments {
  private readonly source: ByteSource;
  private readonly present = new FileRunList();
  private readonly lost = new FileRunList();
  private readonly undumped = new FileRunList();
  private count = 0;
  private physical = false;
  private lowestVirtual = Number.POSITIVE_INFINITY;
  private fileEnd = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** The core of one process has virtual addresses only: `p_paddr` is 0 all over. */
  get isOfProcess(): boolean {
    return this.count >= 2 && !this.physical;
  }

  /** A kcore of kernels that give no physical addresses: all of it is above what a process can map. */
  isOldKcore({ layout }: ElfHeader): boolean {
    return this.isOfProcess && this.lowestVirtual >= (layout.wordSize === 8 ? 2 ** 63 : 2 ** 31);
  }

  add({ offset, vaddr, paddr, filesz, memsz }: ProgramHeader): void {
    const there = Math.min(filesz, Math.max(0, this.source.size - offset));
    this.present.push(paddr, paddr + there, offset);
    this.lost.push(paddr + there, paddr + filesz, paddr + there);
    this.undumped.push(paddr + filesz, paddr + memsz, paddr + filesz);
    if (filesz > 0) this.fileEnd = Math.max(this.fileEnd, offset + filesz);
    if (paddr !== 0) this.physical = true;
    this.lowestVirtual = Math.min(this.lowestVirtual, vaddr);
    this.count += 1;
  }

  map(findings: Finding[]): MemoryMap {
    const { size } = this.source;
    if (this.fileEnd > size) {
      const evidence = `the last PT_LOAD ends at offset ${this.fileEnd}, the file at ${size}`;
      findings.push({ what: 'truncated', value: `${this.fileEnd - size} bytes are missing`, evidence });
    }
    const map = { present: this.present.runs(), lost: this.lost.runs(), undumped: this.undumped.runs() };
    if (this.present.dropped > 0) {
      const evidence = `${this.count} PT_LOADs, which can be put together into ${map.present.length}`;
      findings.push({ what: 'segments', value: `${this.present.dropped} are not read: too many`, evidence });
    }
    return map;
  }
}

/** @throws OsiError `DUMP_MACHINE_UNSUPPORTED` for a known machine that is not x86. */
function machineOf(
  source: ByteSource,
  header: ElfHeader,
  findings: Finding[],
): 'x86_64' | 'i386' | undefined {
  if (header.machine === EM_X86_64) return 'x86_64';
  if (header.machine === EM_386) return 'i386';
  const other = otherMachineOfElf(header.machine);
  if (other !== undefined) throw otherMachine(source, 'an ELF core', other, `e_machine ${header.machine}`);
  const evidence = `e_machine is ${header.machine}; x86_64 is ${EM_X86_64}, i386 is ${EM_386}`;
  findings.push({ what: 'machine', value: 'not x86; registers are not read', evidence });
  return undefined;
}
