import type { TableGuest } from '@osi-linux/test-fixtures/guest-builder';
import { formatMarkdownTable } from '@osi-linux/test-fixtures/markdown';
import type { RecordedGuest } from '@osi-linux/test-fixtures/recorded';
import { countTruthRows, type GuestTruth } from '@osi-linux/test-fixtures/truth';

const INTRODUCTION = `# Kernels that are read

These kernels are tested. A kernel that is not in these tables is untested, but its neighbours most likely work.
[adding-a-kernel.md](adding-a-kernel.md) describes how to add a kernel.

This page is generated; \`pnpm exec vitest run tools/checks -u\` regenerates it.
`;

const RECORDED = `## Recorded guests

\`npm test\` holds these against what each guest said of itself, field by field. Of each, only the pages that the
listings touch are kept, in \`test-fixtures/recorded\`; its \`manifest.json\` has the commands that make it again. Numbers are
rows of the listing that were compared; those of \`maps\` and \`files\` with \`--threads\`, and the mounts of other
processes, are compared besides. "no truth" is a guest that nobody asked, or not for that listing: of such a one, \`ps\`,
\`threads\` and \`current\` are only compared with each other. "from BTF" shows whether the offsets can also be read without a section of \`kernelinfo.conf\`.
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

/** The Markdown text of docs/support-matrix.md. */
export function formatSupportMatrix(
  recorded: readonly RecordedGuest[],
  booted: readonly TableGuest[],
): string {
  const recordedHead = ['guest', 'kernel', 'machine', 'paging', 'CPUs', ...LISTINGS, 'from BTF'];
  const bootedHead = ['guest', 'suite', 'kernel package', 'paging', 'CPUs', 'processors', 'machine', 'set'];
  return [
    INTRODUCTION,
    RECORDED,
    formatMarkdownTable(recordedHead, recorded.map(recordedCells)),
    BOOTED,
    formatMarkdownTable(bootedHead, booted.map(bootedCells)),
  ].join('\n');
}

function recordedCells({ name, manifest, truth }: RecordedGuest): string[] {
  const { kernel, paging, cpus } = manifest;
  const compared = LISTINGS.map((listing) => {
    const rows = truth === undefined ? undefined : countRows(truth, listing);
    return rows === undefined ? 'no truth' : String(rows);
  });
  return [name, kernel.release, kernel.machine, paging, String(cpus), ...compared, 'no'];
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
