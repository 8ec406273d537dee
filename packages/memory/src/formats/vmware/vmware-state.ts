import type { Cpu } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { ByteSource } from '../../sources/byte-source';
import { readAt } from '../../sources/read-at';
import { damagedDump } from '../unsupported/damaged-dump';
import { unsupportedDump } from '../unsupported/unsupported-dump';
import { VmwareCpus } from './vmware-cpus';
import { eachTag, MOST_TAGS, type VmwareTag } from './vmware-tags';

/** A run of pages: its place in the memory file, and in physical memory. */
export interface MemoryRegion {
  /** First page in the file. */
  readonly page: number;
  /** Its frame. */
  readonly frame: number;
  readonly pages: number;
}

/** The contents of a .vmss or .vmsn file. */
export interface VmwareState {
  /** Where in the file the memory is, if it is there. */
  readonly memory: { readonly offset: number; readonly size: number } | undefined;
  /** Empty where memory has no holes. */
  readonly regions: readonly MemoryRegion[];
  readonly cpus: readonly Cpu[];
}

// { u32 magic, version, groups }, then for each group { char name[64]; u64 position, size }.
const HEADER_SIZE = 12;
const GROUP_SIZE = 80;
const NAME_SIZE = 64;
const MOST_GROUPS = 1024;
const MOST_REGIONS = 4096;

// crash's CPTDUMP_*_MAGIC_NUMBER, and the second old one that volatility3 knows. Old files have 32-bit sizes.
const OLD_MAGICS: readonly number[] = [0xbed0bed0, 0xbed2bed0];
const MAGICS: readonly number[] = [...OLD_MAGICS, 0xbed2bed2, 0xbed3bed3, 0xbad1bad1, 0xbad2bad2];

/** Whether a source begins as VMware's state files do. */
export function isVmwareState(source: ByteSource): boolean {
  const head = readAt(source, 0, 4);
  return head.length === 4 && MAGICS.includes(viewOf(head).getUint32(0, true));
}

/** @throws OsiError `DUMP_MALFORMED`, `DUMP_FORMAT_UNSUPPORTED` for old files and for compressed memory. */
export function readVmwareState(source: ByteSource, findings: Finding[]): VmwareState {
  const head = readAt(source, 0, HEADER_SIZE);
  if (head.length < HEADER_SIZE) throw damaged(source, 'the header is cut off', { size: source.size });
  const view = viewOf(head);
  if (OLD_MAGICS.includes(view.getUint32(0, true))) {
    throw unsupportedDump(source, 'a VMware snapshot of an old version', 'give the .vmem file beside it');
  }
  const groups = view.getUint32(8, true);
  if (groups > MOST_GROUPS)
    throw damaged(source, `${groups} groups, at most ${MOST_GROUPS} are read`, { groups });
  const reader = new StateReader(source, findings);
  for (let group = 0; group < groups; group += 1) {
    const bytes = readAt(source, HEADER_SIZE + group * GROUP_SIZE, GROUP_SIZE);
    if (bytes.length < GROUP_SIZE)
      throw damaged(source, `group ${group} of ${groups} is cut off`, { groups });
    reader.group(nameOf(bytes.subarray(0, NAME_SIZE)), viewOf(bytes));
  }
  return reader.state();
}

class StateReader {
  private readonly source: ByteSource;
  private readonly findings: Finding[];
  private readonly cpus = new VmwareCpus();
  private readonly budget = { left: MOST_TAGS };
  private ended = false;
  private readonly regions = new Map<number, { page?: number; frame?: number; pages?: number }>();
  private count: number | undefined;
  private memory: { offset: number; size: number } | undefined;

  constructor(source: ByteSource, findings: Finding[]) {
    this.source = source;
    this.findings = findings;
  }

  group(name: string, view: DataView): void {
    if (this.ended || (name !== 'memory' && name !== 'cpu')) return;
    const position = view.getUint32(NAME_SIZE, true) + view.getUint32(NAME_SIZE + 4, true) * 2 ** 32;
    const problem = eachTag(this.source, position, this.budget, (tag) =>
      name === 'cpu' ? this.cpus.tag(tag) : this.memoryTag(tag),
    );
    if (problem === undefined) return;
    this.ended = this.budget.left === 0;
    this.findings.push({ what: 'truncated', value: `the group "${name}" is incomplete`, evidence: problem });
  }

  state(): VmwareState {
    const count = Math.min(this.count ?? 0, MOST_REGIONS);
    const regions: MemoryRegion[] = [];
    for (let index = 0; index < count; index += 1) {
      const { page, frame, pages } = this.regions.get(index) ?? {};
      if (page !== undefined && frame !== undefined && pages !== undefined) {
        regions.push({ page, frame, pages });
      }
    }
    if (regions.length < (this.count ?? 0)) {
      const evidence = `regionsCount is ${this.count}, ${regions.length} have all of their fields`;
      this.findings.push({ what: 'regions', value: 'not all regions of memory are known', evidence });
    }
    return { memory: this.memory, regions, cpus: this.cpus.list() };
  }

  private memoryTag(tag: VmwareTag): void {
    const [index = 0] = tag.indexes;
    if (tag.name === 'Memory' && tag.block !== undefined) this.memory = this.blockOf(tag.block);
    else if (tag.name === 'regionsCount') this.count = tag.number();
    else if (tag.name === 'regionPageNum') this.field(index, 'page', tag.number());
    else if (tag.name === 'regionPPN') this.field(index, 'frame', tag.number());
    else if (tag.name === 'regionSize') this.field(index, 'pages', tag.number());
  }

  private blockOf(block: NonNullable<VmwareTag['block']>): { offset: number; size: number } {
    if (!block.compressed) return { offset: block.offset, size: block.size };
    throw unsupportedDump(
      this.source,
      'a VMware snapshot with compressed memory',
      'take the snapshot with its memory in a .vmem file: mainMem.useNamedFile = "TRUE"',
    );
  }

  private field(index: number, name: 'page' | 'frame' | 'pages', value: number): void {
    if (index >= MOST_REGIONS) return;
    this.regions.set(index, { ...this.regions.get(index), [name]: value });
  }
}

function damaged(source: ByteSource, what: string, fields: Readonly<Record<string, unknown>>) {
  return damagedDump(source, 'VMware snapshot', what, fields);
}

function nameOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
