import { OsiError } from '@osi-linux/core';
import { type ByteSource, BytesSource, type Finding, findPacking, unpackBytes } from '@osi-linux/memory';
import {
  Btf,
  type ElfImage,
  findBootImage,
  parseIsf,
  parseSystemMap,
  readVmlinux,
  type SymbolTable,
  type TypeSource,
} from '@osi-linux/symbols';
import { findKernelFileKind, KERNEL_FILE_HEAD, type KernelFileKind } from './kernel-file-kind';

/** A kernel file, on disk or in memory. */
export type KernelFile = Pick<ByteSource, 'name' | 'size' | 'read'>;

/** The facts about a kernel that a file contains. */
export interface KernelFileContents {
  readonly name: string;
  readonly kind: KernelFileKind;
  readonly types?: TypeSource | undefined;
  /** Read when it is asked for; by how many bytes its addresses are to be moved. */
  readonly symbols?: ((shift: bigint) => SymbolTable) | undefined;
  /** The kernel before it has booted. */
  readonly image?: ElfImage | undefined;
  /** `Linux version ...`. */
  readonly banner?: string | undefined;
  readonly findings: readonly Finding[];
}

/** Most bytes that are unpacked in memory: kernels have 70 MB, with debugging information 500. */
const MOST_UNPACKED = 1024 * 1024 * 1024;
const MOST_PACKED = 256 * 1024 * 1024;
/** No BTF is larger; a JavaScript string holds little more of a list of symbols or JSON. */
const MOST_READ = 400 * 1000 * 1000;
/** A kernel is packed once, and so is the file around it. */
const MOST_LAYERS = 3;

/**
 * Reads the facts about a kernel from a file, except its code and debugging information.
 *
 * @throws OsiError what is wrong with it.
 */
export function readKernelFile(file: KernelFile, layers = MOST_LAYERS): KernelFileContents {
  const head = new Uint8Array(KERNEL_FILE_HEAD);
  const kind = findKernelFileKind(head.subarray(0, file.read(0, head)));
  if (kind === undefined || layers === 0) throw unknownFile(file);
  return READERS[kind](file, layers);
}

const READERS: Readonly<Record<KernelFileKind, (file: KernelFile, layers: number) => KernelFileContents>> = {
  vmlinux: readElf,
  'boot-image': (file, layers) => {
    const unpacked = unpackBootImage(file);
    return { ...readKernelFile(unpacked, layers - 1), kind: 'boot-image' };
  },
  packed: (file, layers) => {
    const packed = readWhole(file, MOST_PACKED);
    const packing = findPacking(packed);
    const bytes = unpackBytes(packed, { most: MOST_UNPACKED, name: file.name });
    const finding = {
      what: 'unpacked',
      value: `${bytes.length} bytes`,
      evidence: `begins as ${packing} does`,
    };
    const contents = readKernelFile(new BytesSource(bytes, file.name), layers - 1);
    return { ...contents, findings: [finding, ...contents.findings] };
  },
  btf: (file) => ({
    ...{ name: file.name, kind: 'btf', types: new Btf(readWhole(file, MOST_READ)) },
    findings: [{ what: 'types', value: 'BTF', evidence: file.name }],
  }),
  isf: (file) => {
    const isf = parseIsf(readWhole(file, MOST_READ));
    const findings = [{ what: 'types', value: 'ISF', evidence: file.name }];
    return { name: file.name, kind: 'isf', types: isf, symbols: () => isf, banner: isf.banner, findings };
  },
  symbols: (file) => {
    const text = readWhole(file, MOST_READ);
    const symbols = (kaslrShift: bigint) => parseSystemMap(text, { kaslrShift });
    return { name: file.name, kind: 'symbols', symbols, findings: [] };
  },
};

function readElf(file: KernelFile): KernelFileContents {
  const { btf, symbols, image } = readVmlinux(file);
  const findings =
    btf === undefined ? [] : [{ what: 'types', value: 'BTF', evidence: `section .BTF of ${file.name}` }];
  return {
    ...{ name: file.name, kind: 'vmlinux', types: btf, image, findings },
    symbols: symbols === undefined ? image && (() => image.readKallsyms()) : () => symbols,
  };
}

function unpackBootImage(file: KernelFile): KernelFile {
  const image = findBootImage(file);
  if (image === undefined) throw unknownFile(file);
  const payload = readAt(file, image.payloadAt, Math.min(image.payloadSize, MOST_PACKED));
  const name = `the kernel in ${file.name}`;
  const packing = findPacking(payload);
  if (packing === undefined) return new BytesSource(payload, name);
  if (!UNPACKED.has(packing)) throw otherPacking(file, packing);
  // All but gzip have the unpacked size in 4 bytes behind them, scripts/Makefile.lib.
  const packed = packing === 'gzip' ? payload : payload.subarray(0, -4);
  return new BytesSource(unpackBytes(packed, { most: MOST_UNPACKED, name }), name);
}

const UNPACKED: ReadonlySet<string> = new Set(['gzip', 'zstd', 'xz', 'lz4']);

function otherPacking({ name }: KernelFile, packing: string): OsiError {
  return new OsiError(
    'KERNEL_FILE_UNSUPPORTED',
    `the kernel in ${name} is compressed with ${packing}, which is not supported`,
    {
      hint: 'give its vmlinux: extract it with scripts/extract-vmlinux of the kernel sources',
      fields: { file: name, packing },
    },
  );
}

function unknownFile({ name }: KernelFile): OsiError {
  const known = 'a vmlinux, a boot image, BTF, symbols for Volatility 3 or a symbol list';
  return new OsiError('KERNEL_FILE_UNSUPPORTED', `${name} is not a kernel file`, {
    hint: `give ${known}; unpack a dump that is compressed with xz first`,
    fields: { file: name },
  });
}

function readWhole(file: KernelFile, most: number): Uint8Array {
  if (file.size > most) {
    throw new OsiError(
      'KERNEL_FILE_UNSUPPORTED',
      `${file.name} has ${file.size} bytes, expected at most ${most}`,
      {
        hint: 'no kernel file of this kind is that large',
        fields: { file: file.name, size: file.size, most },
      },
    );
  }
  return readAt(file, 0, file.size);
}

function readAt(file: KernelFile, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, file.read(position, bytes));
}
