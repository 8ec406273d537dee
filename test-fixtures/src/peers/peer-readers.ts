import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PeerRoot, runPeer } from './peer-root';

/** A task as `drgn` finds it. */
export interface PeerTask {
  /** Address of its `task_struct`. */
  readonly address: bigint;
  readonly pid: number;
  /** Its name, bytes as ISO 8859-1. */
  readonly comm: string;
}

/** Where `drgn`, without debug information, finds the fields of a task: keys of a `kernelinfo.conf`. */
export interface TaskLayout {
  readonly 'task.tasks_offset': number;
  readonly 'task.pid_offset': number;
  readonly 'task.comm_offset': number;
}

/**
 * The kernel log as `makedumpfile --dump-dmesg` reads it.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` where it cannot read the dump.
 */
export async function makedumpfileLog(peers: PeerRoot, folder: string, dump: string): Promise<string> {
  const name = 'makedumpfile.log';
  try {
    await runPeer(peers, folder, [...peers.makedumpfile, '-f', '--dump-dmesg', dump, name]);
    return readFileSync(join(folder, name), 'latin1');
  } finally {
    rmSync(join(folder, name), { force: true });
  }
}

/**
 * Lets `makedumpfile` read every page of a dump, by the kernel's own page structures, and write the kernel's alone
 * (`-d 31`); returns its report.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` where it cannot read the dump.
 */
export async function makedumpfileRefilter(peers: PeerRoot, folder: string, dump: string): Promise<string> {
  const name = 'makedumpfile.dump';
  try {
    const command = [...peers.makedumpfile, '-f', '-c', '-d', '31', '--message-level', '31', dump, name];
    const { stdout, stderr } = await runPeer(peers, folder, command);
    return `${stdout}${stderr}`;
  } finally {
    rmSync(join(folder, name), { force: true });
  }
}

/**
 * The release of the kernel of a dump, as `crash` reads it of the dump's VMCOREINFO.
 *
 * For more `crash` wants a kernel with debug information, even with `--minimal`.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` where it cannot open the dump.
 */
export async function crashRelease(peers: PeerRoot, folder: string, dump: string): Promise<string> {
  return (await runPeer(peers, folder, ['crash', '--osrelease', dump])).stdout.trim();
}

/**
 * The tasks that `drgn` finds in a dump: by its own reader, page tables and kallsyms, and the layout that is given.
 *
 * Only dumps of amd64 guests with VMCOREINFO since Linux 6.0.
 *
 * @throws OsiError `GUEST_COMMAND_FAILED` where it cannot read the dump.
 */
export async function drgnTasks(
  peers: PeerRoot,
  folder: string,
  dump: string,
  layout: TaskLayout,
): Promise<PeerTask[]> {
  const script = join(folder, 'drgn-tasks.py');
  writeFileSync(script, readFileSync(fileURLToPath(new URL('./drgn-tasks.py', import.meta.url))));
  try {
    const offsets = [layout['task.tasks_offset'], layout['task.pid_offset'], layout['task.comm_offset']];
    const command = ['python3', 'drgn-tasks.py', dump, ...offsets.map(String)];
    const { stdout } = await runPeer(peers, folder, command);
    return (JSON.parse(stdout) as [string, number, string][]).map(([address, pid, comm]) => ({
      address: BigInt(address),
      pid,
      comm,
    }));
  } finally {
    rmSync(script, { force: true });
  }
}
