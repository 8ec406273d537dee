// The osi_linux provider over a kernel of one task, written by hand.
import { OsiLinux } from '@osi-linux/osi-linux';

const INIT_TASK = 0xffff888000000000n;
const CRED = INIT_TASK + 0x800n;

const architecture = {
  name: 'x86_64',
  wordSize: 8 as const,
  pageShift: 12,
  isKernelAddress: () => true,
  linearPhysical: () => undefined,
  perCpuBases: () => [],
  programCounter: () => undefined,
  modeOf: () => undefined,
};

export function run(): string[] {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode('swapper/0'), 0x20);
  view.setBigUint64(0x40, INIT_TASK + 0x40n, true); // an empty task list points at itself
  view.setBigUint64(0x48, INIT_TASK + 0x40n, true);
  view.setBigUint64(0x50, INIT_TASK, true); // its own parent
  view.setBigUint64(0x58, CRED, true);
  const memory = {
    architecture,
    root: 0,
    page: (address: bigint) => (address >> 12n === INIT_TASK >> 12n ? { bytes, view } : undefined),
    fault: (address: bigint): never => {
      throw new RangeError(`nothing at 0x${address.toString(16)}`);
    },
    translate: () => undefined,
    withRoot: () => memory,
  };
  const info = {
    'task.init_addr': INIT_TASK,
    'task.pid_offset': 0x10,
    'task.tgid_offset': 0x14,
    'task.comm_offset': 0x20,
    'task.tasks_offset': 0x40,
    'task.real_parent_offset': 0x50,
    'task.real_cred_offset': 0x58,
    'task.mm_offset': 0x60,
    'task.start_time_offset': 0x68,
    'cred.uid_offset': 0,
    'cred.gid_offset': 4,
    'cred.euid_offset': 8,
    'cred.egid_offset': 12,
  };
  const linux = new OsiLinux({ kernel: { memory, info }, cpus: [] });
  const processes = linux.getProcesses();
  return [...processes.map(({ pid, name }) => `${pid} ${name}`), `${processes.skipped.length} skipped`];
}
