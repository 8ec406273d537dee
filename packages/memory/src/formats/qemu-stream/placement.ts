import { formatAddress, OsiError, PAGE_SIZE, type PhysicalRange } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { RamBlock } from './ram-block';

/** A run of guest-physical memory, and the block that it shows. */
export interface PlacedSpan extends PhysicalRange {
  readonly block: RamBlock;
  /** Offset of `start` in the block. */
  readonly offset: number;
}

/** Which blocks are what, by their names. */
export interface BlockRoles {
  /** RAM, in the order in which it fills memory. */
  readonly ram: readonly RamBlock[];
  readonly bios: RamBlock | undefined;
  readonly rom: RamBlock | undefined;
}

/** The facts that decide where RAM is split. */
export interface SplitClues {
  readonly belowFourGiB: number | undefined;
  readonly machine: string | undefined;
  /** The CMOS of the machine, 128 bytes. */
  readonly cmos: Uint8Array | undefined;
}

const GIB = 2 ** 30;
const FOUR_GIB = 4 * GIB;
const VGA = { start: 0xa0000, end: 0xc0000 };
const PC_ROM_AT = 0xc0000;
const MIB = 2 ** 20;
const MOST_BIOS = 16 * MIB;
// The last 128 KiB of the BIOS are seen below 1 MiB as well.
const MOST_ALIAS = 0x20000;
const F_SEGMENT = 0xf0000;

/** The blocks whose place is known. Names: QEMU hw/i386/pc.c, microvm.c, x86.c and backends/hostmem.c. */
export function rolesOf(blocks: readonly RamBlock[]): BlockRoles {
  const named = (name: string): RamBlock | undefined => {
    const whole = blocks.filter((block) => block.length % PAGE_SIZE === 0);
    return whole.find((block) => block.name === name || block.name.endsWith(`/${name}`));
  };
  const nodes = blocks.filter((block) => /(^|\/)ram-node\d+$/.test(block.name));
  const main = named('pc.ram') ?? named('microvm.ram');
  const ram = main !== undefined ? [main] : nodes.length > 0 ? sortNodes(nodes) : largest(blocks);
  return { ram, bios: named('pc.bios'), rom: named('pc.rom') };
}

/** The blocks of {@link rolesOf} as one list. */
export function placeableBlocks(blocks: readonly RamBlock[]): readonly RamBlock[] {
  const { ram, bios, rom } = rolesOf(blocks);
  return [...ram, ...[bios, rom].filter((block) => block !== undefined)];
}

function sortNodes(nodes: readonly RamBlock[]): RamBlock[] {
  const number = (block: RamBlock): number => Number(/\d+$/.exec(block.name)?.[0]);
  return [...nodes].sort((a, b) => number(a) - number(b));
}

function largest(blocks: readonly RamBlock[]): RamBlock[] {
  const first = [...blocks].sort((a, b) => b.length - a.length)[0];
  return first === undefined ? [] : [first];
}

/** Puts the blocks where the guest sees them; ascending, without overlap. */
export function placeBlocks(
  blocks: readonly RamBlock[],
  clues: SplitClues,
  findings: Finding[],
): PlacedSpan[] {
  const { ram, bios, rom } = rolesOf(blocks);
  const total = ram.reduce((sum, block) => sum + block.pages * PAGE_SIZE, 0);
  let spans = splitRam(ram, chooseSplit(total, clues, findings));
  const vga = blocks.some((block) => /vga\.?v?ram|vgavram/.test(block.name));
  if (vga) spans = without(spans, VGA);
  if (bios !== undefined && bios.length <= MOST_BIOS) {
    spans = without(spans, { start: FOUR_GIB - bios.length, end: FOUR_GIB });
    spans.push({ start: FOUR_GIB - bios.length, end: FOUR_GIB, block: bios, offset: 0 });
    if (bios.length > 0 && !isShadowed(spans)) spans = withAliases(spans, bios, rom);
  }
  const placed = placeableBlocks(blocks);
  // QEMU hands the blocks /rom@... to the firmware itself; the guest never sees them in memory.
  const others = blocks.filter((block) => !placed.includes(block) && !block.name.startsWith('/rom@'));
  if (others.length > 0) {
    const names = others.slice(0, 16).map((block) => block.name);
    const evidence = `blocks of the stream whose place is not known: ${names.join(', ')}`;
    findings.push({ what: 'blocks', value: `${others.length} left out`, evidence });
  }
  return spans.sort((a, b) => a.start - b.start);
}

function splitRam(ram: readonly RamBlock[], below: number): PlacedSpan[] {
  const spans: PlacedSpan[] = [];
  let at = 0;
  for (const block of ram) {
    const length = block.pages * PAGE_SIZE;
    const low = Math.max(0, Math.min(length, below - at));
    const high = FOUR_GIB + Math.max(0, at - below);
    if (low > 0) spans.push({ start: at, end: at + low, block, offset: 0 });
    if (low < length) spans.push({ start: high, end: high + length - low, block, offset: low });
    at += length;
  }
  return spans;
}

/** How much RAM is below 4 GiB: as given by the caller, by the CMOS, or by the machine's rule. */
function chooseSplit(total: number, clues: SplitClues, findings: Finding[]): number {
  const { belowFourGiB: told, machine } = clues;
  if (told !== undefined) {
    if (Number.isInteger(told / PAGE_SIZE) && told > 0 && told <= FOUR_GIB) return told;
    throw new OsiError('DUMP_SPLIT_INVALID', `not a size of RAM below 4 GiB: ${told}`, {
      hint: 'give belowFourGiB in bytes, a multiple of 4096, at most 4 GiB',
      fields: { belowFourGiB: told },
    });
  }
  const recorded = splitOfCmos(clues.cmos, total);
  const below = recorded ?? splitOfMachine(machine, total);
  if (below < total) {
    const rule = `the rule of the machine ${machine ?? 'pc, since the stream names none'}`;
    findings.push({
      what: 'split',
      value: `RAM from ${formatAddress(below)} is placed at 4 GiB`,
      evidence: recorded === undefined ? rule : 'the sizes of memory in the CMOS of the machine',
    });
  }
  return below;
}

/** QEMU hw/i386/pc.c, pc_cmos_init: memory above 16 MiB and above 4 GiB in units of 64 KiB. */
function splitOfCmos(cmos: Uint8Array | undefined, total: number): number | undefined {
  if (cmos === undefined || cmos.length < 0x5e) return undefined;
  const byte = (at: number): number => cmos[at] ?? 0;
  const below = 16 * MIB + (byte(0x34) + byte(0x35) * 256) * 65536;
  const above = (byte(0x5b) + byte(0x5c) * 256 + byte(0x5d) * 65536) * 65536;
  return below + above === total ? below : undefined;
}

/** QEMU hw/i386/pc_piix.c, pc_q35.c and microvm.c: where RAM ends below 4 GiB without max-ram-below-4g. */
function splitOfMachine(machine = 'pc', total: number): number {
  if (machine.includes('q35')) return total >= 0xb0000000 ? 0x80000000 : total;
  if (machine.includes('microvm')) return Math.min(total, 0xc0000000);
  return total >= 0xe0000000 ? 0xc0000000 : total;
}

/** Firmware copies itself into the RAM below 1 MiB; until then, and in microvm for good, the ROMs are seen there. */
function isShadowed(spans: readonly PlacedSpan[]): boolean {
  const low = spans.find((span) => span.start <= F_SEGMENT && span.end >= MIB);
  if (low === undefined) return true;
  for (let address = F_SEGMENT; address < MIB; address += PAGE_SIZE) {
    const page = (address - low.start + low.offset) / PAGE_SIZE;
    if (low.block.filledWith(page) !== 0) return true;
  }
  return false;
}

function withAliases(spans: readonly PlacedSpan[], bios: RamBlock, rom: RamBlock | undefined): PlacedSpan[] {
  const alias = Math.min(bios.length, MOST_ALIAS);
  const seen: PlacedSpan[] = [{ start: MIB - alias, end: MIB, block: bios, offset: bios.length - alias }];
  if (rom !== undefined && rom.length <= MOST_ALIAS) {
    seen.push({ start: PC_ROM_AT, end: PC_ROM_AT + rom.length, block: rom, offset: 0 });
  }
  return [...seen.reduce((rest, range) => without(rest, range), [...spans]), ...seen];
}

/** The parts of spans outside a range. */
function without(spans: readonly PlacedSpan[], { start, end }: PhysicalRange): PlacedSpan[] {
  return spans.flatMap((span) => {
    const left = { ...span, end: Math.min(span.end, start) };
    const from = Math.max(span.start, end);
    const right = { ...span, start: from, offset: span.offset + from - span.start };
    return [left, right].filter((part) => part.end > part.start);
  });
}
