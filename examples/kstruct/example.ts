// Walking a kernel's structures through memory of any kind: here a page that is written by hand.
import { findInitTask } from '@osi-linux/kstruct';

const INIT_TASK = 0xffff888000000000n;

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
  view.setInt32(0x10, 0, true);
  bytes.set(new TextEncoder().encode('swapper/0'), 0x20);
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
  const info = { 'task.init_addr': INIT_TASK, 'task.pid_offset': 0x10, 'task.comm_offset': 0x20 };
  const init = findInitTask({ memory, info });
  return [`pid ${init.pid} is ${init.comm}`];
}
