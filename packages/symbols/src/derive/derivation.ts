import { attempt, readBytes, type VirtualAddress, type VirtualMemory } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import type { TypeSource } from '../types/type-source';
import type { DerivationSources } from './derivation-sources';

/** The result for one key: its value, and its source if that is more than its C expression. */
export type Derived = { readonly value: bigint | number | string; readonly evidence?: string } | Missing;

/** Why a key has no value. */
export interface Missing {
  readonly missing: string;
}

/**
 * The state that the rules of all keys share: the sources, and the symbols that were looked up for all of
 * them at once.
 */
export class Derivation {
  readonly types: TypeSource;
  readonly sources: DerivationSources;
  /** The values that were found so far; later keys may build on earlier ones. */
  readonly values = new Map<string, bigint | number | string>();
  private readonly symbols: ReadonlyMap<string, VirtualAddress>;

  constructor(sources: DerivationSources, names: readonly string[]) {
    this.sources = sources;
    this.types = sources.types;
    this.symbols = sources.symbols.lookup(names);
  }

  /** The address of the first of some symbols that the kernel has. */
  symbol(...names: readonly string[]): VirtualAddress | undefined {
    for (const name of names) {
      const found = this.symbols.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The offset of a member, in bytes. */
  offset(path: string): number | undefined {
    return this.types.member(path)?.offset;
  }

  /** A pointer or `unsigned long` of the kernel. */
  readWord(address: VirtualAddress): bigint | Missing {
    return this.read(address, (memory) => {
      const { wordSize } = memory.architecture;
      const bytes = readBytes(memory, address, wordSize);
      const view = new DataView(bytes.buffer, bytes.byteOffset, wordSize);
      return wordSize === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
    });
  }

  /** Bytes of the kernel; the caller bounds `length`. */
  readBytes(address: VirtualAddress, length: number): Uint8Array | Missing {
    return this.read(address, (memory) => readBytes(memory, address, length));
  }

  /** The values that have been derived so far. */
  get info(): KernelInfo {
    const info: KernelInfo = Object.fromEntries(this.values);
    return info;
  }

  private read<Value>(address: VirtualAddress, read: (memory: VirtualMemory) => Value): Value | Missing {
    const { memory } = this.sources;
    if (memory === undefined) return { missing: 'there is no memory of a running kernel to read it from' };
    return attempt(
      () => read(memory),
      ({ message }) => ({ missing: `it cannot be read at 0x${address.toString(16)}: ${message}` }),
    );
  }
}

/** Whether a value could not be had. */
export function isMissing(value: unknown): value is Missing {
  return typeof value === 'object' && value !== null && 'missing' in value;
}
