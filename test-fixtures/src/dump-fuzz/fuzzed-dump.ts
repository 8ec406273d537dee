import { type Cpu, type Finding, formatFinding, OsiError, type PhysicalMemory } from '@osi-linux/core';
import type { Random } from '../damage/random';

/** The used part of an opened dump: the shape of the memory package's `Dump`. */
export interface FuzzedDump {
  readonly memory: PhysicalMemory;
  readonly cpus: readonly Cpu[];
  readonly findings: readonly Finding[];
  close(): void;
}

const PAGE = 4096;
const ODD_FRAMES = [0, 1, 2, 0x100, 0xfffff, 0x100000, 2 ** 32, 2 ** 40 - 1];
const MOST_ASKED_RANGES = 3;

/** Reads a dump as its users do; throws if an answer breaks a promise. */
export function exerciseDump(dump: FuzzedDump, random: Random): void {
  const { memory, cpus, findings } = dump;
  for (const { what, value, evidence } of findings.map(formatFinding)) {
    if (what === '' || value === '' || evidence === '') throw new Error(`an empty finding "${what}"`);
  }
  for (const { registers } of cpus) {
    for (const [name, value] of Object.entries(registers)) {
      if (typeof value !== 'bigint' || value < 0n || value >= 1n << 128n) throw new Error(`register ${name}`);
    }
  }
  checkRanges(memory);
  for (const frame of framesOf(memory, random)) askFrame(memory, frame);
  const [first] = memory.ranges;
  if (first !== undefined) {
    const into = new Uint8Array(3 * PAGE);
    const done = memory.scan(first.start + random.below(PAGE), into);
    if (!(done >= 0 && done <= into.length)) throw new Error(`scan gave ${done} bytes`);
  }
  dump.close();
}

function checkRanges({ ranges }: PhysicalMemory): void {
  let last = 0;
  for (const { start, end } of ranges) {
    if (!(start >= last && end > start && end <= 2 ** 53))
      throw new Error(`range ${start} to ${end} behind ${last}`);
    last = end;
  }
}

function framesOf({ ranges }: PhysicalMemory, random: Random): number[] {
  const frames = [random.pick(ODD_FRAMES), random.below(64)];
  for (let asked = 0; asked < Math.min(MOST_ASKED_RANGES, ranges.length); asked += 1) {
    const { start, end } = random.pick(ranges);
    const first = Math.floor(start / PAGE);
    const last = Math.ceil(end / PAGE) - 1;
    frames.push(first, last, last + 1, first + random.below(Math.min(last - first + 1, 2 ** 31)));
  }
  return frames;
}

function askFrame(memory: PhysicalMemory, frame: number): void {
  const page = memory.page(frame);
  if (page !== undefined) {
    if (page.bytes.length !== PAGE || page.view.byteLength !== PAGE)
      throw new Error(`frame ${frame} is no page`);
    return;
  }
  const hole = memory.hole(frame);
  if (!OsiError.is(hole) || hole.code === 'PAGE_PRESENT')
    throw new Error(`the hole at frame ${frame} is none`);
}
