import type { TableGuest } from '@osi-linux/test-fixtures/guest-builder';
import type { LayoutTruth } from '@osi-linux/test-fixtures/layout-guest';
import { formatMarkdownTable } from '@osi-linux/test-fixtures/markdown';
import type { HandBoot } from '@osi-linux/test-fixtures/old-kernels';
import type { RecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { countTruthRows, type GuestTruth } from '@osi-linux/test-fixtures/truth';

const WAYS_HEAD = ['way', 'when', 'what is compared'];
const WAYS = [
  ['recorded', 'in every `npm test`', "rows with the guest's own answers, from the pages that are kept"],
  ['booted', 'in `pnpm guests:all`', "rows with the guest's own answers, from whole dumps of a fresh boot"],
  [
    'booted by hand',
    'on the day in the table',
    "rows with the guest's own answers, from whole dumps of that boot",
  ],
  ['laid out', 'in every `npm test`', 'rows with what a test wrote into memory; no kernel ran'],
];

const INTRODUCTION = `# Kernels that are read

These kernels were tested, in one of four ways. A kernel that is not in these tables is untested, but its neighbours most
likely work. [adding-a-kernel.md](adding-a-kernel.md) describes how to add a kernel.

${formatMarkdownTable(WAYS_HEAD, WAYS)}
This page is generated; \`pnpm exec vitest run tools/checks -u\` regenerates it.
`;

const RECORDED = `## Recorded guests

\`npm test\` compares the rows of these with the guest's own answers, field by field. Of each, only the pages that the
listings touch are kept, in \`test-fixtures/recorded\`; its \`manifest.json\` has the commands that make it again. Numbers are
rows of the listing that were compared; those of \`maps\` and \`files\` with \`--threads\`, and the mounts of other
processes, are compared besides. "no truth" is a guest that was not asked, or not for that listing: of such a guest, \`ps\`,
\`threads\` and \`current\` are only compared with each other.
`;

const BY_HAND = `## Kernels booted by hand

No Debian suite has these kernels any more: they were compiled from source and booted once, on the day in the table, with
two processors and without KASLR; RHEL 7.9's, 4.4, 4.15 and 5.4 were booted with KASLR besides, with the same result. The
kernel module of this repository was built in each of them without an edit and loaded, \`kconf-import\` accepted its block,
and each listing was compared with the guest's own \`/proc\`, from an ELF dump and from a raw one, with the same result. No
test boots them again: a later change is tested with the layouts below only. Numbers are rows that were compared. "1 differ"
is one command line of 22,801 bytes, of which the \`/proc\` of these kernels shows the first page alone
(\`proc_pid_cmdline()\`, fs/proc/base.c); \`ps\` shows all of it.
`;

const LAID_OUT = `## Kernels laid out by a test

For each of these sections \`npm test\` writes a guest of that layout: processes, threads, mappings, files, mounts, sockets,
modules, the log in the form of that age, and page tables. The writer shares no code with the readers, and each listing
must equal what was written. This shows that the readers follow every key of the section. It does not show that a kernel
of that version was run. "left out" names the parts that the section has no keys for. Sections with a whole version are
those of the kernels above; the others were printed by an earlier state of the module. Guests of the sections of recorded
guests are laid out as well, with the maple trees, the ring buffer of the log and the page tables of newer kernels.

The same guests are also read with the keys of PANDA only. Where PANDA's own \`kernelinfo.conf\` is at hand, which is GPL and
not in this repository, guests of 14 of its sections are laid out, too, from 2.6.32 to 5.4, and must give what PANDA
answers: processes, mappings, files and the current process. Its section of Linux 2.4 is not read: there is no reader of
the list of tasks of that age.
`;

const BOOTED = `## Booted guests

\`pnpm guests:all\` boots these, in QEMU and mostly with KASLR, from Debian's packages of the day; those marked "core" are booted
before every landing. Each builds and loads the kernel module, and every listing must equal the guest's own answers, from
an ELF dump and from a raw one.
`;

type Listing = (typeof LISTINGS)[number];

const LISTINGS = [
  ...(['ps', 'threads', 'current'] as const),
  ...(['maps', 'files', 'modules', 'mounts', 'env', 'sockets', 'dmesg'] as const),
] as const;

/** A section by which a guest is laid out. */
export interface LaidOutSection {
  readonly group: string;
  readonly release: string;
  readonly machine: string;
  readonly paging: string;
  readonly leftOut: LayoutTruth['leftOut'];
}

/** The kernels of the tables, by the way in which they were tested. */
export interface TestedKernels {
  readonly recorded: readonly RecordedGuest[];
  readonly booted: readonly TableGuest[];
  readonly byHand: readonly HandBoot[];
  readonly laidOut: readonly LaidOutSection[];
}

/** The Markdown text of docs/support-matrix.md. */
export function formatSupportMatrix({ recorded, booted, byHand, laidOut }: TestedKernels): string {
  const recordedHead = ['guest', 'kernel', 'machine', 'paging', 'CPUs', ...LISTINGS];
  const byHandHead = ['kernel', 'machine', 'paging', 'CPUs', 'booted on', ...LISTINGS];
  const bootedHead = ['guest', 'suite', 'kernel package', 'paging', 'CPUs', 'processors', 'machine', 'set'];
  return [
    INTRODUCTION,
    RECORDED,
    formatMarkdownTable(recordedHead, recorded.map(recordedCells)),
    BOOTED,
    formatMarkdownTable(bootedHead, booted.map(bootedCells)),
    BY_HAND,
    formatMarkdownTable(byHandHead, byHand.map(byHandCells)),
    LAID_OUT,
    formatMarkdownTable(['section', 'kernel', 'machine', 'paging', 'left out'], laidOut.map(laidOutCells)),
  ].join('\n');
}

function recordedCells({ name, manifest, truth }: RecordedGuest): string[] {
  const { kernel, paging, cpus } = manifest;
  const compared = LISTINGS.map((listing) => {
    const rows = truth === undefined ? undefined : countRows(truth, listing);
    return rows === undefined ? 'no truth' : String(rows);
  });
  return [name, kernel.release, kernel.machine, paging, String(cpus), ...compared];
}

function countRows(truth: GuestTruth, listing: Listing): number | undefined {
  // Pid 0 has no folder in /proc, but a row.
  if (listing === 'ps') return truth.processes.length + 1;
  if (listing === 'threads') return truth.processes.reduce((sum, { threads }) => sum + threads.length, 0);
  return listing === 'current' ? truth.cpus.length : countTruthRows(truth, listing);
}

function bootedCells(guest: TableGuest): string[] {
  const type = guest.machine === undefined ? [] : [`-M ${guest.machine}`];
  const model = guest.cpu === undefined ? [] : [`-cpu ${guest.cpu}`];
  const place = guest.kaslr ? [] : ['nokaslr'];
  const nodes = guest.numaNodes === undefined ? [] : [`${guest.numaNodes} NUMA nodes`];
  const words = guest.appendCommandLine === undefined ? [] : [guest.appendCommandLine];
  return [
    guest.name,
    `${guest.suite} ${guest.arch}`,
    guest.kernelPackage,
    guest.paging,
    String(guest.cpus),
    guest.state,
    [...type, ...model, ...nodes, ...place, ...words].join(', '),
    guest.core ? 'core' : '',
  ];
}

function byHandCells({ kernel, machine, paging, cpus, date, rows }: HandBoot): string[] {
  const compared = LISTINGS.map((listing) => {
    const [count, different] = rows[listing] ?? [0, 0];
    return different === 0 ? String(count) : `${count}, ${different} differ`;
  });
  return [kernel, machine, paging, String(cpus), date, ...compared];
}

function laidOutCells({ group, release, machine, paging, leftOut }: LaidOutSection): string[] {
  return [`\`${group}\``, release, machine, paging, leftOut.join(', ')];
}
