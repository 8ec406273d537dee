import type { Cpu, Finding, PhysicalMemory } from '@osi-linux/core';
import type { Codecs } from './codecs/codecs';
import type { ByteSource } from './sources/byte-source';

export type { Finding } from '@osi-linux/core';

/** The memory of a guest out of a file, with the registers of its processors. */
export interface Dump {
  /** Name of the format: `raw`, `elf`. */
  readonly format: string;
  /** The guest's physical memory; reads the file on demand. */
  readonly memory: PhysicalMemory;
  /** The processors whose registers the file has, in its order. */
  readonly cpus: readonly Cpu[];
  /** The machine that the file names; absent if it names no machine, or an unknown one. */
  readonly machine?: 'x86_64' | 'i386';
  /** The text of the kernel's VMCOREINFO note, where the file has one. */
  readonly vmcoreinfo?: string;
  /** The section of `kernelinfo.conf` that was written into the file, where there is one; as untrusted as the rest. */
  readonly profile?: string;
  /** The oddities of the file; empty for a sound one. */
  readonly findings: readonly Finding[];
  /** Closes the source. Pages that were read stay valid. */
  close(): void;
}

/** How to open a dump. */
export interface OpenDumpOptions {
  /** The format to read it as, without regard to its first bytes; taken from the file unless given. */
  readonly format?: string;
  /** Decompressors for the formats that compress pages; `portableCodecs` unless given. */
  readonly codecs?: Codecs;
  /** The other files of a dump that was split; they are closed with it. */
  readonly parts?: readonly ByteSource[];
  /**
   * Bytes of RAM below 4 GiB, for a QEMU stream whose machine was given `max-ram-below-4g`; taken from the
   * file unless given.
   */
  readonly belowFourGiB?: number;
}

/** One dump format. */
export interface DumpFormat {
  /** Name of the format, as in {@link Dump}. */
  readonly name: string;
  /** Whether a source is of this format. */
  probe(source: ByteSource): 'yes' | 'no';
  /**
   * Reads the structures that are needed to find pages.
   *
   * @throws OsiError where the source is of this format, but cannot be used.
   */
  open(source: ByteSource, options?: OpenDumpOptions): Dump;
}
