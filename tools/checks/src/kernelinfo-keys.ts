import type { KeyGeneration, SchemaRow } from '@osi-linux/kconf';
import { formatMarkdownTable } from '@osi-linux/test-fixtures/markdown';

const KINDS: readonly (readonly string[])[] = [
  [
    'address',
    "a virtual address of the guest's kernel, 64 bits unsigned (32-bit kernels: the upper half is 0)",
  ],
  ['offset', 'bytes from the start of the structure to the member'],
  ['offset, signed', 'the same, and it may be negative'],
  ['size', 'bytes of the structure or the member'],
  ['constant', 'a number that is neither place nor size: a part of the version, a flag, a number of levels'],
  ['text', 'a text up to the end of the line'],
];

const WRITERS: Readonly<Record<KeyGeneration, string>> = {
  current: "today's PANDA and the kernel module of this project",
  panda1: 'the first PANDA, by its own names',
  linux24: "PANDA's extractor for Linux 2.4",
};

const INTRODUCTION = `# The keys of kernelinfo.conf

\`kernelinfo.conf\` tells an introspection tool where the structures of a Linux kernel keep what. It is a GLib key file:
a group in brackets for each kernel, and in it a line \`key = value\` for each thing that must be known. The kernel module
of \`kernelinfo-module/\` prints these lines for the kernel that it is loaded into, and \`kconf-import\` makes a group of
them. PANDA's \`osi_linux\` reads the same file and ignores the keys that it does not know.

This page is generated from the schema of \`@osi-linux/kconf\`; \`pnpm exec vitest run tools/checks -u\` writes it anew.

## How to read the tables

All values are decimal numbers, but for texts. What a number means is told by its kind:

${formatMarkdownTable(['kind', 'what the value is'], KINDS)}
\`task.per_cpu_offset_0_addr\` and \`task.current_task_addr\` are exceptions among the addresses: the first is what is added
to a per-CPU address for processor 0, the second such a per-CPU address.

The column "required" names the generations of sections that cannot do without the key:

${formatMarkdownTable(['generation', 'who wrote the section'], Object.entries(WRITERS))}
"Older names" are read as the key of the row. A key without a required generation may be missing anywhere; a walker
that needs it then says so with \`PROFILE_KEY_MISSING\` ([errors](errors.md)).
`;

/** The subject of a group of keys; keys without a dot are in the first group. */
const TITLES: Readonly<Record<string, string>> = {
  name: 'which kernel the section is of',
  task: 'tasks, and how the running one is found',
  cred: 'credentials',
  mm: 'address spaces',
  vma: 'mappings of an address space',
  fs: 'open files',
  qstr: 'names of directory entries',
  path: 'directory entries and mounts',
  kernel: "the kernel's own memory",
  uts: "the kernel's name in memory",
  cpu: 'processors',
  signal: 'what the threads of a process share',
  swap: 'what else than swap files absent pages can be in',
};

const GENERATIONS = Object.keys(WRITERS) as KeyGeneration[];
const COLUMNS = ['key', 'kind', 'C expression', 'required', 'older names', 'what it is'];

/** The Markdown text of docs/kernelinfo-keys.md: one table for each group of keys, in the schema's order. */
export function formatKernelInfoKeys(schema: readonly SchemaRow[]): string {
  const groups = new Map<string, SchemaRow[]>();
  for (const row of schema) {
    const name = groupOf(row.key);
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  const tables = [...groups].map(
    ([name, rows]) => `## ${titleOf(name)}\n\n${formatMarkdownTable(COLUMNS, rows.map(cellsOf))}`,
  );
  return [INTRODUCTION, ...tables].join('\n');
}

function groupOf(key: string): string {
  const group = key.split('.')[0] ?? key;
  return key === group || group === 'version' ? 'name' : group;
}

function titleOf(group: string): string {
  const about = TITLES[group];
  return about === undefined ? group : `${group}: ${about}`;
}

function cellsOf({ key, kind, signed, expression, requiredIn, aliases, doc }: SchemaRow): string[] {
  return [
    code(key),
    signed === true ? `${kind}, signed` : kind,
    expression === undefined ? '' : code(expression),
    GENERATIONS.filter((generation) => requiredIn?.includes(generation)).join(', '),
    (aliases ?? []).map(code).join(', '),
    escapeCell(doc),
  ];
}

function code(text: string): string {
  return `\`${escapeCell(text)}\``;
}

/** A pipe ends a cell of a table, in code as well. */
function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}
