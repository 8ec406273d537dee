import { OsiError } from '@osi-linux/core';
import type { Finding } from '@osi-linux/memory';
import {
  type DerivedKernelInfo,
  deriveKernelInfo,
  parseKernelBanner,
  type TypeSource,
} from '@osi-linux/symbols';
import { derivedKeysFinding } from '../profile/derived-profile';
import type { DerivedSection } from './derived-section';
import { type KernelFile, type KernelFileContents, readKernelFile } from './kernel-file';
import { symbolsOfFiles } from './kernel-file-symbols';

/** The additions to a file that does not describe all of its kernel. */
export interface FileSectionOptions {
  /** The symbols of the same kernel: its `System.map`, `/proc/kallsyms` of any boot, its `vmlinux`. */
  readonly symbols?: KernelFile | undefined;
  /** The text of `/proc/version`, for files that do not name their kernel. */
  readonly banner?: string | undefined;
}

/**
 * Derives the section of a kernel from its files, without a guest that runs it: a `vmlinux`, a boot image (`vmlinuz`),
 * `/sys/kernel/btf/vmlinux` with a list of symbols, symbols for Volatility 3; also in gzip, zstd or xz.
 *
 * The addresses are those of the files: where the kernel was linked, or where the boot had it that `/proc/kallsyms` is
 * of. The values that each boot decides anew (where RAM is mapped, how many levels page tables have) are left
 * out, and `task.per_cpu_offset_0_addr` is 0: a section is moved to where KASLR put the kernel as it is
 * compared with a dump, and is given the rest there.
 *
 * @throws OsiError `KERNEL_FILE_INCOMPLETE` with what is missing and what to add, `KERNEL_FILE_UNSUPPORTED`,
 * `KERNEL_FILES_DIFFER` where two files are of different kernels, `BANNER_MALFORMED`; what is wrong with a file.
 *
 * @example
 * ```ts
 * const symbols = new BytesSource(new TextEncoder().encode('ffffffff82613780 D init_task\n'), 'System.map');
 * deriveFileSection(symbols) // throws KERNEL_FILE_INCOMPLETE
 * deriveFileSection(new BytesSource(new Uint8Array(64))) // throws KERNEL_FILE_UNSUPPORTED
 * ```
 */
export function deriveFileSection(file: KernelFile, options: FileSectionOptions = {}): DerivedSection {
  const banner = options.banner === undefined ? undefined : checkedBanner(options.banner);
  const contents = readKernelFile(file);
  const beside = options.symbols === undefined ? undefined : readKernelFile(options.symbols);
  const types = requireTypes(contents);
  const image = contents.image ?? beside?.image;
  const { symbols, finding } = symbolsOfFiles(contents, beside, image);
  const name = nameOf(banner ?? contents.banner ?? beside?.banner, types);
  const memory = image === undefined ? {} : { memory: image };
  const derived = deriveKernelInfo({ types, symbols, ...memory, name, fromFiles: true });
  if (banner !== undefined) checkName(derived, name, contents);
  const findings = [...contents.findings, finding, ...findingsOf(derived)];
  return { info: derived.info, lines: derived.lines, missing: derived.missing, findings };
}

function checkedBanner(text: string): string {
  if (parseKernelBanner(text) !== undefined) return text;
  throw new OsiError(
    'BANNER_MALFORMED',
    'not a Linux banner: expected "Linux version RELEASE (...) (...) #VERSION"',
    {
      hint: 'give the text of /proc/version of the guest',
      fields: { banner: text },
    },
  );
}

/** The name of the kernel in `kernelinfo.conf`; the size of a pointer gives its machine. */
function nameOf(text: string | undefined, types: TypeSource): string | undefined {
  const banner = text === undefined ? undefined : parseKernelBanner(text);
  if (banner === undefined) return undefined;
  const machine = types.member('task_struct.mm')?.size === 4 ? 'i686' : 'x86_64';
  return `${banner.release}|${banner.version}|${machine}`;
}

function requireTypes({ name, kind, types }: KernelFileContents): TypeSource {
  if (types !== undefined) return types;
  const [what, hint] =
    kind === 'symbols'
      ? [
          'is a symbol list, which has no types',
          'give a file with types, and the list with --symbols: kconf derive /sys/kernel/btf/vmlinux --symbols FILE; a vmlinuz has both',
        ]
      : [
          'has no section .BTF: the kernel was built without CONFIG_DEBUG_INFO_BTF, or the section was removed',
          'give the symbols for Volatility 3 of this kernel (made by dwarf2json from debugging information), or import the log of the kernelinfo module',
        ];
  throw new OsiError('KERNEL_FILE_INCOMPLETE', `${name} ${what}`, { hint, fields: { file: name, kind } });
}

/** A given banner must be of the kernel that the image names. */
function checkName(
  { info }: DerivedKernelInfo,
  expected: string | undefined,
  { name }: KernelFileContents,
): void {
  const found = info['name'];
  if (found === expected || found === undefined) return;
  throw new OsiError(
    'KERNEL_FILES_DIFFER',
    `${name} is of the kernel "${found}", but the banner is of "${expected}"`,
    {
      hint: 'give files of one kernel; an image contains its banner, so leave --banner out',
      fields: { file: name, found, expected },
    },
  );
}

function findingsOf(derived: DerivedKernelInfo): Finding[] {
  const name = derived.evidence.find(({ key }) => key === 'name');
  const keys = derivedKeysFinding(derived);
  return name === undefined ? [keys] : [{ what: name.key, value: name.value, evidence: name.evidence }, keys];
}
