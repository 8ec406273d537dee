import { concatBytes } from './range-header';
import type { CoreRegisters } from './register-notes';

/** The contents of a .vmss file. */
export interface VmwareStateContent {
  /** Runs of pages: first page in the memory file, its frame, how many. */
  readonly regions?: readonly (readonly [page: number, frame: number, pages: number])[];
  /** Memory inside of the file, in place of a .vmem file beside it. */
  readonly memory?: Uint8Array;
  /** Whether the tag marks the memory as compressed. */
  readonly compressed?: boolean;
  readonly cpus?: readonly CoreRegisters[];
  /** Registers as blocks of several, or as a tag for each. */
  readonly registers?: 'blocks' | 'tags';
  /** 0xbed2bed2 unless given. */
  readonly magic?: number;
}

const GENERAL = 'rax rcx rdx rbx rbp rsp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15'.split(' ');
const HEADER_SIZE = 12;
const GROUP_SIZE = 80;
const PADDING = 7;

/** Writes a VMware suspended state (.vmss, .vmsn), after the layout that crash's vmware_vmss.h describes. */
export function writeVmwareState(content: VmwareStateContent): Uint8Array {
  const groups: [string, Uint8Array][] = [
    ['Checkpoint', concatBytes([tag('fileversion', [], number32(8)), END])],
    ['cpu', concatBytes([...cpuTags(content), END])],
    ['memory', concatBytes([...memoryTags(content), END])],
  ];
  const parts: Uint8Array[] = [header(content.magic ?? 0xbed2bed2, groups.length)];
  let position = HEADER_SIZE + groups.length * GROUP_SIZE;
  for (const [name, { length }] of groups) {
    parts.push(groupDescription(name, position, length));
    position += length;
  }
  return concatBytes([...parts, ...groups.map(([, bytes]) => bytes)]);
}

const END = new Uint8Array(2);

function header(magic: number, groups: number): Uint8Array {
  return concatBytes([number32(magic), number32(8), number32(groups)]);
}

function groupDescription(name: string, position: number, size: number): Uint8Array {
  const bytes = new Uint8Array(GROUP_SIZE);
  bytes.set(new TextEncoder().encode(name));
  bytes.set(number64(position), 64);
  bytes.set(number64(size), 72);
  return bytes;
}

function memoryTags({ regions = [], memory, compressed }: VmwareStateContent): Uint8Array[] {
  const tags = [tag('regionsCount', [], number32(regions.length))];
  for (const [index, [page, frame, pages]] of regions.entries()) {
    tags.push(tag('regionPageNum', [index], number32(page)), tag('regionPPN', [index], number32(frame)));
    tags.push(tag('regionSize', [index], number32(pages)));
  }
  if (memory !== undefined) tags.push(block('Memory', [0, 0], memory, compressed));
  return tags;
}

function cpuTags({ cpus = [], registers: form = 'tags' }: VmwareStateContent): Uint8Array[] {
  const tags = [tag('cpu:numVCPUs', [], number32(cpus.length))];
  for (const [cpu, registers] of cpus.entries()) {
    tags.push(
      tag('rip', [cpu], number64(registers['rip'])),
      tag('eflags', [cpu], number32(registers['rflags'])),
    );
    if (form === 'blocks') {
      const words = (names: readonly string[]) => concatBytes(names.map((name) => number64(registers[name])));
      tags.push(block('gpregs', [cpu], words(GENERAL)));
      tags.push(block('CR64', [cpu], words(['cr0', 'cr1', 'cr2', 'cr3', 'cr4', 'cr5', 'cr6', 'cr7', 'cr8'])));
      tags.push(block('IDTR', [cpu], concatBytes([new Uint8Array(2), number64(registers['idtr_base'])])));
      continue;
    }
    for (const name of GENERAL) tags.push(tag(name, [cpu], number64(registers[name])));
    for (const index of [0, 2, 3, 4]) tags.push(tag('CR64', [cpu, index], number64(registers[`cr${index}`])));
    const idtr = BigInt.asUintN(64, registers['idtr_base'] ?? 0n);
    tags.push(
      tag('IDTR', [cpu, 1], number32(idtr & 0xffffffffn)),
      tag('IDTR', [cpu, 2], number32(idtr >> 32n)),
    );
  }
  return tags;
}

function tag(name: string, indexes: readonly number[], value: Uint8Array): Uint8Array {
  return concatBytes([tagHead(name, indexes, value.length), value]);
}

function block(name: string, indexes: readonly number[], bytes: Uint8Array, compressed = false): Uint8Array {
  const size = number64(bytes.length);
  const padding = Uint8Array.of(PADDING, 0, ...new Uint8Array(PADDING));
  return concatBytes([tagHead(name, indexes, compressed ? 62 : 63), size, size, padding, bytes]);
}

function tagHead(name: string, indexes: readonly number[], size: number): Uint8Array {
  const text = new TextEncoder().encode(name);
  const word = (text.length << 8) | (indexes.length << 6) | size;
  return concatBytes([Uint8Array.of(word & 0xff, word >> 8), text, ...indexes.map(number32)]);
}

function number32(value: number | bigint | undefined): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, Number(BigInt.asUintN(32, BigInt(value ?? 0))), true);
  return bytes;
}

function number64(value: number | bigint | undefined): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(value ?? 0)), true);
  return bytes;
}
