import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel';
import { readTitle } from './kernel-thread-title';
import { Task } from './task';

const KTHREAD = 0xffff888003000000n;
const NAME = 0xffff888003001000n;
const WORKER = 0xffff888003002000n;
const POOL = 0xffff888003003000n;
const PF_WQ_WORKER = 0x20;

const names = { 'task.worker_private_offset': 0x970, 'kthread.full_name_offset': 0xa0 };
const work = {
  'kthread.data_offset': 0x20,
  'task.PF_WQ_WORKER': PF_WQ_WORKER,
  'worker.pool_offset': 0x40,
  'worker.current_work_offset': 0x10,
  'worker.desc_offset': 0x70,
  'worker.desc_size': 24,
};

/** Pid 2 is a kernel thread, pid 1 is not one. */
function createGuest(keys: object = { ...names, ...work }) {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'rcu_tasks_kthre' },
  ]);
  const { memory } = fake;
  for (const structure of [KTHREAD, NAME, WORKER]) memory.writeBytes(structure, new Uint8Array(0x100));
  memory.writeWord(fake.task(2) + 0x970n, KTHREAD);
  const kernel: Kernel = { memory, info: { ...fake.info, ...keys } };
  const title = (pid = 2) => readTitle(kernel, new Task(kernel, fake.task(pid)));
  const beWorker = ({ desc = 'events', running = false } = {}) => {
    memory.writeInt(fake.task(2) + 0x2cn, 0x200000 | PF_WQ_WORKER);
    memory.writeWord(KTHREAD + 0x20n, WORKER);
    memory.writeWord(WORKER + 0x40n, POOL);
    memory.writeWord(WORKER + 0x10n, running ? POOL : 0n);
    memory.writeText(WORKER + 0x70n, desc);
  };
  const setName = (text: string) => {
    memory.writeText(NAME, text);
    memory.writeWord(KTHREAD + 0xa0n, NAME);
  };
  return { fake, memory, title, beWorker, setName };
}

describe('the title of a kernel thread', () => {
  it('is its whole name where the kernel keeps one, else its comm', () => {
    const { title, setName } = createGuest();
    expect(title()).toBe('rcu_tasks_kthre');
    setName('rcu_tasks_kthread');
    expect(title()).toBe('rcu_tasks_kthread');
    expect([title(0), title(1)]).toEqual(['swapper/0', undefined]);
  });

  it.each([
    [{ desc: 'events' }, 'rcu_tasks_kthre-events'],
    [{ desc: 'events', running: true }, 'rcu_tasks_kthre+events'],
    [{ desc: '' }, 'rcu_tasks_kthre'],
    [{ desc: 'a text of all its 24 chars' }, 'rcu_tasks_kthre-a text of all its 24 cha'],
  ])('of a worker of a workqueue names its latest work: %o', (worker, text) => {
    const { title, beWorker } = createGuest();
    beWorker(worker);
    expect(title()).toBe(text);
  });

  it('of a worker names no work where it has no pool, or the profile lacks its keys', () => {
    const guest = createGuest();
    guest.beWorker();
    guest.memory.writeWord(WORKER + 0x40n, 0n);
    expect(guest.title()).toBe('rcu_tasks_kthre');
    const { 'worker.desc_size': _, ...rest } = work;
    const lacking = createGuest({ ...names, ...rest });
    lacking.beWorker();
    lacking.setName('kworker/R-kvfree_rcu_reclaim');
    expect(lacking.title()).toBe('kworker/R-kvfree_rcu_reclaim');
  });

  it('is its comm where the profile lacks the keys of the name', () => {
    const { title, setName } = createGuest({});
    setName('rcu_tasks_kthread');
    expect(title()).toBe('rcu_tasks_kthre');
  });

  it('is refused where a pointer leads nowhere', () => {
    const { fake, memory, title, beWorker } = createGuest();
    memory.writeWord(KTHREAD + 0xa0n, 0x1234n);
    expect(codeOf(title)).toBe('STRUCT_IMPLAUSIBLE');
    memory.writeWord(KTHREAD + 0xa0n, 0xffff888079000000n);
    expect(codeOf(title)).toBe('PAGE_NOT_PRESENT');
    memory.writeWord(KTHREAD + 0xa0n, 0n);
    beWorker();
    memory.writeWord(KTHREAD + 0x20n, 0x1234n);
    expect(codeOf(title)).toBe('STRUCT_IMPLAUSIBLE');
    memory.writeWord(fake.task(2) + 0x970n, 0x1234n);
    expect(codeOf(title)).toBe('STRUCT_IMPLAUSIBLE');
  });
});
