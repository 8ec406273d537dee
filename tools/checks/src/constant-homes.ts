import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { listSources } from './workspace';

/** A number that is a fact, and the only file that writes it down. */
export interface ConstantHome {
  readonly what: string;
  /**
   * The literal, in small letters and without underscores: a virtual address, or an offset added to one, is a
   * bigint.
   */
  readonly form: RegExp;
  /** From the root of the repository. */
  readonly home: string;
  /** Files where the same digits are another number, each with which. */
  readonly others?: Readonly<Record<string, string>>;
}

const X86_IMAGE = 'packages/core/src/address/x86-kernel-image.ts';

export const CONSTANT_HOMES: readonly ConstantHome[] = [
  {
    what: '__START_KERNEL_map, and addresses in its image',
    form: /^0xffffffff8[0-9a-f]{7}n$/,
    home: X86_IMAGE,
  },
  { what: 'KERNEL_IMAGE_SIZE, and PAGE_OFFSET of VMSPLIT_1G', form: /^0x40000000n$/, home: X86_IMAGE },
  { what: 'PAGE_OFFSET of VMSPLIT_3G', form: /^0xc0000000n$/, home: X86_IMAGE },
  { what: 'CONFIG_PHYSICAL_START', form: /^0x1000000n$/, home: X86_IMAGE },
  {
    what: 'CONFIG_PHYSICAL_ALIGN',
    form: /^0x200000n$/,
    home: X86_IMAGE,
    others: { 'packages/x86-mmu/src/paging-form.ts': 'bit 21 of a page-directory entry of 4 MiB' },
  },
  {
    what: 'the direct map without KASLR',
    form: /^0xff(ff8880|11000)000000000n$/,
    home: 'packages/symbols/src/derive/special-rules.ts',
  },
  {
    what: 'the upper half of canonical addresses',
    form: /^0xffff800000000000n$/,
    home: 'packages/kconf/src/kernel-info/checks/address-checks.ts',
  },
];

/**
 * Numeric literals of a text, in small letters and without underscores; those of comments and texts do not
 * count.
 */
export function numbersIn(text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) found.push(normalized(node.getText(source)));
    else ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile('numbers.ts', text, ts.ScriptTarget.ES2022);
  visit(source);
  return found;
}

/** A source file, and the numbers that it writes down. */
export interface FileNumbers {
  /** From the root of the repository. */
  readonly file: string;
  readonly numbers: readonly string[];
}

/** The numbers of all source files of some folders. */
export function readNumbers(root: string, folders: readonly string[]): FileNumbers[] {
  return folders.flatMap((folder) =>
    listSources(join(root, folder)).map((path) => {
      const file = `${folder}/${path}`.replaceAll('\\', '/');
      return { file, numbers: numbersIn(readFileSync(join(root, file), 'utf8')) };
    }),
  );
}

/** Each file that has a constant beside its home, and each place that has lost it, as sentences. */
export function findSecondHomes(
  files: readonly FileNumbers[],
  { what, form, home, others = {} }: ConstantHome,
): string[] {
  const found = files.filter(({ numbers }) => numbers.some((number) => form.test(number)));
  const second = found.filter(({ file }) => file !== home && others[file] === undefined);
  const stale = [home, ...Object.keys(others)].filter((file) => !found.some((each) => each.file === file));
  return [
    ...second.map(({ file }) => `${file} has a second home for ${what}: import it from ${home}`),
    ...stale.map((file) => `${file} no longer has ${what}`),
  ];
}

function normalized(literal: string): string {
  return literal.toLowerCase().replaceAll('_', '');
}
