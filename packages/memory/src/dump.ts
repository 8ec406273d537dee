import type { Cpu, Finding, PhysicalMemory } from '@osi-linux/core';
import type { Codecs } from './codecs/codecs';
import type { FileRun } from './pages/runs';
import type { ByteSource } from './sources/byte-source';

export type { Finding } from '@osi-linux/core';
export type { FileRun } from './pages/runs';

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
  /** How else the file may be laid out; absent where it has addresses itself, or where the caller gave them. */
  readonly plainCopy?: PlainCopy;
  /** Closes the source. Pages that were read stay valid. */
  close(): void;
}

/** A file of the bytes of memory alone, in which no address stands. */
export interface PlainCopy {
  /** Bytes of the file. */
  readonly size: number;
  /** The memory of the file with its parts at other physical addresses. */
  place(parts: readonly FileRun[]): PhysicalMemory;
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
   * Bytes of RAM below 4 GiB, the rest of which begins at 4 GiB: for a QEMU stream whose machine was given
   * `max-ram-below-4g`, and for a file without addresses (`raw`, a `.vmem`); taken from the file unless given.
   */
  readonly belowFourGiB?: number;
}

/** One dump format. */
export interface DumpFormat {
  /** Name of the format, as in {@link Dump}. */
  readonly name: string;
  /** Whether `belowFourGiB` has a meaning for it; every other format has addresses of its own. */
  readonly usesSplit?: boolean;
  /** Whether a source is of this format. */
  probe(source: ByteSource): 'yes' | 'no';
  /**
   * Reads the structures that are needed to find pages.
   *
   * @throws OsiError where the source is of this format, but cannot be used.
   */
  open(source: ByteSource, options?: OpenDumpOptions): Dump;
}
