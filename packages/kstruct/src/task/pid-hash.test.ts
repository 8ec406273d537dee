import { formatSubject, SkippedLog } from '@osi-linux/core';
import { FakeKernel } from '@osi-linux/test-fixtures/fake-kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { findPidHashTable } from './pid-hash-table';
import { eachTaskWithId, hasPidTable, pidTableName } from './pid-table';
import { eachProcess } from './task-list';

const NAMESPACE = 0xffffffff81c0a040n;
const OTHER_NAMESPACE = 0xffff888007654000n;
const TABLE = 0xffff888002100440n;
const PIDS = 0xffff888002200000n;
const LINKS = 0x960n;
const TASKS = 8n;
const NUMBERS = 0x30n;
/** A `struct upid`: nr, ns, and pid_chain of two words. */
const UPID = { nr: 0n, ns: 8n, chain: 16n, size: 32n };
const IDS = [1, 2, 70, 71, 72, 4711];

const keys = {
  'pid_ns.init_pid_ns_addr': NAMESPACE,
  'pid.tasks_offset': Number(TASKS),
  'pid.numbers_offset': Number(NUMBERS),
  'upid.nr_offset': Number(UPID.nr),
  'upid.ns_offset': Number(UPID.ns),
  'upid.pid_chain_offset': Number(UPID.chain),
  'task.pid_links_offset': Number(LINKS),
};

/** hash_64 of Linux 2.6.32 to 4.5, and that of 4.6 on, by include/linux/hash.h. */
const HASHES: Readonly<Record<string, (value: bigint) => bigint>> = {
  'of shifts and sums': (value) => {
    const word = (sum: bigint) => BigInt.asUintN(64, sum);
    let [hash, n] = [value, value];
    for (const [bits, sign] of [
      [18n, -1n],
      [33n, -1n],
      [3n, 1n],
      [3n, -1n],
      [4n, 1n],
      [2n, 1n],
    ] as const) {
      n = word(n << bits);
      hash = word(hash + sign * n);
    }
    return hash;
  },
  'of a product': (value) => BigInt.asUintN(64, value * 0x61c8864680b583ebn),
};

const pidOf = (id: number) => PIDS + BigInt(id) * 0x100n;
const nodeOf = (id: number, level = 0) => pidOf(id) + NUMBERS + BigInt(level) * UPID.size + UPID.chain;

/** A table of 2^shift chains; pid 71 is pid 1 of another namespace too. */
function createHash({ shift = 6, hash = 'of shifts and sums' } = {}) {
  const fake = new FakeKernel([
    { pid: 0, comm: 'swapper/0' },
    { pid: 1, comm: 'init', args: ['/sbin/init'] },
    { pid: 2, comm: 'kthreadd' },
    { pid: 70, ppid: 1, comm: 'daemon', args: ['daemon'], threads: ['worker', 'worker'] },
    { pid: 4711, ppid: 1, comm: 'sh', args: ['sh'] },
  ]);
  const { memory } = fake;
  const read = (address: bigint) => new StructView(memory, address).word(0);
  const bucketOf = (nr: number, ns: bigint) =>
    TABLE + ((HASHES[hash]!(BigInt.asUintN(64, BigInt(nr) + ns)) >> BigInt(64 - shift)) << 3n);
  for (let at = 0; at < 2 ** shift; at += 1) memory.writeWord(TABLE + BigInt(at) * 8n, 0n);
  /** hlist_add_head_rcu. */
  const add = (id: number, level: number, nr: number, ns: bigint) => {
    const [node, bucket] = [nodeOf(id, level), bucketOf(nr, ns)];
    const first = read(bucket);
    memory.writeInt(node - UPID.chain + UPID.nr, nr);
    memory.writeWord(node - UPID.chain + UPID.ns, ns);
    memory.writeWord(node, first);
    memory.writeWord(node + 8n, bucket);
    memory.writeWord(bucket, node);
    if (first !== 0n) memory.writeWord(first + 8n, node);
  };
  for (const id of IDS) {
    memory.writeBytes(pidOf(id), new Uint8Array(0x100));
    memory.writeWord(pidOf(id) + TASKS, fake.task(id) + LINKS);
    memory.writeWord(fake.task(id) + LINKS + 8n, pidOf(id) + TASKS);
    add(id, 0, id, NAMESPACE);
  }
  add(71, 1, 1, OTHER_NAMESPACE);
  const info: Kernel['info'] = { ...fake.info, ...keys };
  return { fake, memory, info, bucketOf };
}

function list(kernel: Kernel) {
  const skipped = new SkippedLog();
  const pids = [...eachTaskWithId(kernel, skipped)].map(({ pid }) => pid);
  return {
    pids,
    skipped: skipped.records.map(({ subject, reason }) => `${formatSubject(subject)}: ${reason.code}`),
  };
}

describe('the hash of ids', () => {
  it.each(Object.keys(HASHES).flatMap((hash) => [4, 6, 10, 12].map((shift) => [hash, shift] as const)))(
    '%s gives every thread, ascending, with 2^%i chains',
    (hash, shift) => {
      const kernel = createHash({ hash, shift });
      expect(findPidHashTable(kernel)).toMatchObject({ base: TABLE, shift });
      expect(list(kernel)).toEqual({ pids: IDS, skipped: [] });
    },
  );

  it('is the table of a profile without the tree', () => {
    const kernel = createHash();
    expect([hasPidTable(kernel), pidTableName(kernel)]).toEqual([true, 'pid_hash']);
    const tree = { 'pid_ns.xa_head_offset': 8, 'xa_node.shift_offset': 0, 'xa_node.slots_offset': 0x28 };
    expect(pidTableName({ ...kernel, info: { ...kernel.info, ...tree } })).toBe('init_pid_ns.idr');
  });

  it.each([
    ...(Object.keys(keys) as (keyof typeof keys)[]).filter((key) => key !== 'upid.pid_chain_offset'),
    'task.init_addr',
    'task.tasks_offset',
  ] as const)('is not known without %s', (key) => {
    const kernel = createHash();
    const { [key]: _, ...info } = kernel.info;
    expect(hasPidTable({ ...kernel, info })).toBe(false);
    expect(() => list({ ...kernel, info })).toThrow(`the profile has no ${key}`);
  });

  it('leads to the leaders of a broken list', () => {
    const kernel = createHash();
    const tasks = BigInt(kernel.info['task.tasks_offset'] ?? 0);
    kernel.memory.writeWord(kernel.fake.task(1) + tasks, 0n);
    kernel.memory.writeWord(kernel.fake.task(70) + tasks + 8n, 0n);
    const skipped = new SkippedLog();
    expect([...eachProcess(kernel, skipped)].map(({ tgid }) => tgid)).toEqual([0, 1, 70, 4711, 2]);
    expect(skipped.records.map(({ subject }) => formatSubject(subject))).toEqual(['task_struct.tasks']);
  });

  it('passes over an id that only a group still has', () => {
    const kernel = createHash();
    kernel.memory.writeWord(pidOf(2) + TASKS, 0n);
    kernel.memory.writeWord(pidOf(2) + TASKS + 16n, kernel.fake.task(70) + LINKS + 32n);
    kernel.memory.writeWord(kernel.fake.task(70) + LINKS + 40n, pidOf(2) + TASKS + 16n);
    expect(list(kernel)).toEqual({ pids: IDS.filter((id) => id !== 2), skipped: [] });
  });

  type Hash = ReturnType<typeof createHash>;
  it.each<[string, (kernel: Hash) => void]>([
    ['does not point back', ({ memory }) => memory.writeWord(nodeOf(4711) + 8n, TABLE)],
    ['is of another chain', ({ memory }) => memory.writeInt(nodeOf(4711) - UPID.chain, 4712)],
    ['is no pointer', ({ memory, bucketOf }) => memory.writeWord(bucketOf(4711, NAMESPACE), 0x1234n)],
    ['is there twice', ({ memory }) => memory.writeWord(nodeOf(4711), nodeOf(4711))],
  ])('ends a chain at an id that %s, and names the chain', (_, damage) => {
    const kernel = createHash({ shift: 10 });
    damage(kernel);
    const { pids, skipped } = list(kernel);
    expect(pids.filter((id) => id !== 4711)).toEqual(IDS.slice(0, -1));
    const bucket = kernel.bucketOf(4711, NAMESPACE).toString(16);
    expect(skipped[0]).toBe(`pid_hash 0x${bucket}: STRUCT_IMPLAUSIBLE`);
  });

  it('names a chain on a page that is missing', () => {
    const kernel = createHash({ shift: 12 });
    kernel.memory.remove(kernel.bucketOf(4711, NAMESPACE));
    const { skipped } = list(kernel);
    expect(new Set(skipped.map((text) => text.replace(/.*: /, '')))).toEqual(new Set(['PAGE_NOT_PRESENT']));
  });

  it('leaves out a task that does not have the id', () => {
    const kernel = createHash();
    kernel.memory.writeInt(kernel.fake.task(71) + 0x800n, 79);
    expect(list(kernel)).toEqual({
      pids: IDS.filter((id) => id !== 71),
      skipped: [`pid 71: struct pid 0x${pidOf(71).toString(16)}: STRUCT_IMPLAUSIBLE`],
    });
  });

  it('is refused where the tasks agree on no place', () => {
    const kernel = createHash();
    for (const id of IDS) kernel.memory.writeWord(nodeOf(id) + 8n, TABLE + BigInt(id * id) * 0x1000n);
    expect(() => list(kernel)).toThrow(/pid_hash is \d/);
    for (const id of IDS) kernel.memory.writeWord(kernel.fake.task(id) + LINKS + 8n, 0n);
    expect(() => list(kernel)).toThrow(/pid_hash is 0/);
  });

  it('survives any words, and gives no id twice', () => {
    const node = fc.tuple(fc.constantFrom(...IDS), fc.constantFrom(0n, 8n, -8n, -16n));
    const word = fc.oneof(
      fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
      fc.constantFrom(...IDS).map((id) => nodeOf(id)),
      fc.nat(63).map((at) => TABLE + BigInt(at) * 8n),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(node, word), { maxLength: 12 }), (damages) => {
        const kernel = createHash();
        for (const [[id, offset], value] of damages) kernel.memory.writeWord(nodeOf(id) + offset, value);
        try {
          const { pids } = list(kernel);
          expect(new Set(pids).size).toBe(pids.length);
          expect(IDS).toEqual(expect.arrayContaining(pids));
        } catch (error) {
          expect((error as { code?: string }).code).toBe('STRUCT_IMPLAUSIBLE');
        }
      }),
      { numRuns: 300 },
    );
  });
});
