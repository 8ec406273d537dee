import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { expect, it } from 'vitest';
import { OsiLinux } from '../osi-linux';

it('what is kept of a process holds for one stop of the guest', () => {
  const kernel = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
  ]);
  const linux = new OsiLinux({ kernel, cpus: [] });
  const init = linux.getProcesses()[1];
  expect(init).toMatchObject({ name: 'init', cmdline: ['/sbin/init'] });
  const mm = kernel.memory
    .page(init!.taskd)
    ?.view.getBigUint64(Number(init!.taskd & 0xfffn) + kernel.info['task.mm_offset']!, true);
  const start = kernel.memory
    .page(mm!)
    ?.view.getBigUint64(Number(mm! & 0xfffn) + kernel.info['mm.arg_start_offset']!, true);
  kernel.memory.spaces.get(init!.asid!)!.writeText(start!, '/sbin/next');
  kernel.memory.writeText(init!.taskd + BigInt(kernel.info['task.comm_offset']!), 'next');
  linux.refresh();
  expect(linux.getProcesses()[1]).toMatchObject({ name: 'next', cmdline: ['/sbin/next'] });
});
