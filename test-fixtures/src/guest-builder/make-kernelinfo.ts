// pnpm make:kernelinfo: writes the project's kernelinfo.conf anew, a section for each kernel of the guest table.
// Each kernel is booted with nokaslr, so that its addresses are those that it is linked at (Debian, root, QEMU).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGuest } from './guest';
import { GUEST_TABLE, guestSpec, type TableGuest } from './guest-table';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const target = join(root, 'kernelinfo.conf');
const importer = join(root, 'tools/cli/dist/kconf-import.js');

const HEAD = `# Offsets of the kernels that osi-linux is tested with. \`pnpm make:kernelinfo\` writes this file anew.
# Each section is of a boot with nokaslr: it fits guests of that kernel that were booted so. For a guest with KASLR,
# import the kernel log of that boot.
`;

/** The first guest of the table for each kernel. */
function kernelsOfTable(): TableGuest[] {
  const kernels = new Map<string, TableGuest>();
  for (const guest of GUEST_TABLE) {
    const kernel = `${guest.suite} ${guest.arch} ${guest.kernelPackage}`;
    if (!kernels.has(kernel)) kernels.set(kernel, guest);
  }
  return [...kernels.values()];
}

async function importKernel(row: TableGuest, folder: string): Promise<void> {
  const { name: _, ...spec } = guestSpec(row);
  const guest = join(folder, row.name);
  await buildGuest({ ...spec, kaslr: false, state: 'idle' }, { folder: guest });
  const log = join(guest, 'dmesg.log');
  const output = join(folder, 'kernelinfo.conf');
  execFileSync('node', [importer, log, '--group', row.name, '--output', output], { stdio: 'inherit' });
  rmSync(guest, { recursive: true });
}

const folder = mkdtempSync(join(tmpdir(), 'osi-linux-kernelinfo-'));
try {
  for (const row of kernelsOfTable()) await importKernel(row, folder);
  const sections = readFileSync(join(folder, 'kernelinfo.conf'), 'utf8');
  writeFileSync(`${target}.new`, `${HEAD}\n${sections}`);
  renameSync(`${target}.new`, target);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
