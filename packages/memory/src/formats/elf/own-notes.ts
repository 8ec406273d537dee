import { type Cpu, decodeText, formatAddress, isX86Register } from '@osi-linux/core';
import type { Finding } from '../../dump';
import type { MutableRegisters } from '../../registers';
import type { ElfNote } from './elf-notes';

/** Owner of the notes that only this project writes and reads. */
export const OWN_NOTE = 'osi-linux';
/** Type of the note with a section of `kernelinfo.conf`, UTF-8. */
export const NOTE_PROFILE = 1;
/** Type of the note with registers: a line `CPU NAME HEX` for each, also for those that no other note can hold. */
export const NOTE_REGISTERS = 2;

// A section has about 10 KiB.
const MOST_PROFILE_BYTES = 1024 * 1024;

/** The contents of this project's notes. */
export interface OwnNotes {
  readonly profile?: string;
  readonly cpus?: readonly Cpu[];
}

/** Reads the notes that `writeDump` has left; the first of each type counts. */
export function readOwnNotes(notes: readonly ElfNote[], findings: Finding[]): OwnNotes {
  const own = notes.filter(({ name }) => name === OWN_NOTE);
  const section = own.find(({ type }) => type === NOTE_PROFILE)?.desc;
  const registers = own.find(({ type }) => type === NOTE_REGISTERS)?.desc;
  return {
    ...(section === undefined ? {} : readProfile(section, findings)),
    ...(registers === undefined ? {} : { cpus: readRegisters(decodeText(registers), findings) }),
  };
}

function readProfile(desc: Uint8Array, findings: Finding[]): OwnNotes {
  if (desc.length <= MOST_PROFILE_BYTES) return { profile: decodeText(desc) };
  const evidence = `the note with it has ${desc.length} bytes, at most ${MOST_PROFILE_BYTES} are read`;
  findings.push({ what: 'profile', value: 'not read', evidence });
  return {};
}

const LINE = /^(\d{1,6})(?: ([a-z][a-z0-9_]{0,31}) 0x([0-9a-f]{1,16}))?$/;

function readRegisters(text: string, findings: Finding[]): Cpu[] {
  const cpus = new Map<number, MutableRegisters>();
  let wrong = 0;
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (match === null || !isKnown(match[2])) {
      if (line !== '') wrong += 1;
      continue;
    }
    const [, index = '', name, value] = match;
    const registers = cpus.get(Number(index)) ?? {};
    cpus.set(Number(index), registers);
    if (name !== undefined && isX86Register(name)) registers[name] = BigInt(`0x${value}`);
  }
  if (wrong > 0) {
    const evidence = `${wrong} lines of the note with them are not "CPU NAME HEX"`;
    findings.push({ what: 'cpu-note', value: 'not all registers could be read', evidence });
  }
  return [...cpus].map(([index, registers]) => ({ index, registers }));
}

/** Whether a line names no register, or one of a processor. */
function isKnown(name: string | undefined): boolean {
  return name === undefined || isX86Register(name);
}

/** The text of a note with registers. */
export function formatRegisters(cpus: readonly Cpu[]): string {
  const lines = cpus.flatMap(({ index, registers }) => [
    `${index}`,
    ...Object.entries(registers).map(([name, value]) => `${index} ${name} ${formatAddress(value)}`),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}
