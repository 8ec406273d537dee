import type { GuestMemory } from '../guest-memory';

/** A structure of the kernel that is written member by member, by the keys of the section. */
export class GuestStruct {
  /** Its address, virtual. */
  readonly address: bigint;
  private readonly memory: GuestMemory;

  constructor(memory: GuestMemory, address: bigint) {
    this.memory = memory;
    this.address = address;
  }

  /** Where a member is. */
  at(key: string): bigint {
    return this.address + BigInt(this.memory.keys.number(key));
  }

  /** Writes a word where the section knows the member; else at `offset`, if one is given. */
  word(key: string, value: bigint, offset?: number): this {
    const at = this.memory.keys.findNumber(key) ?? offset;
    if (at !== undefined) this.memory.writeWord(this.address + BigInt(at), value);
    return this;
  }

  /** Writes an integer of some bytes where the section knows the member; else at `offset`, if one is given. */
  int(key: string, value: number | bigint, bytes: 1 | 2 | 4 | 8 = 4, offset?: number): this {
    const at = this.memory.keys.findNumber(key) ?? offset;
    if (at !== undefined) this.memory.writeInt(this.address + BigInt(at), value, bytes);
    return this;
  }

  /** Writes bytes where the section knows the member. */
  bytes(key: string, value: Uint8Array): this {
    if (this.memory.keys.has(key)) this.memory.writeBytes(this.at(key), value);
    return this;
  }
}

/** Allocates a structure of the kernel that has room for all members that the section knows of some structures. */
export function allocateStruct(memory: GuestMemory, ...structures: readonly string[]): GuestStruct {
  return new GuestStruct(memory, memory.allocate(memory.keys.sizeOf(...structures)));
}

/** Links nodes in a ring of `struct list_head`, the first one its head. */
export function linkRing(memory: GuestMemory, nodes: readonly bigint[]): void {
  for (const [index, node] of nodes.entries()) {
    const [next, prev] = [
      nodes[(index + 1) % nodes.length],
      nodes[(index + nodes.length - 1) % nodes.length],
    ];
    memory.writeWord(node, next as bigint);
    memory.writeWord(node + BigInt(memory.wordSize), prev as bigint);
  }
}
