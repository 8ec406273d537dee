import type { SkippedLog } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import { implausible } from '../kernel/implausible';
import { type Kernel, requireKey } from '../kernel/kernel';
import { StructView } from '../kernel/struct-view';
import { eachXarrayEntry, RADIX_TREE, XARRAY, type Xarray, type XarrayForm } from '../lib/xarray';
import type { PidEntry } from './struct-pid';

/** PID_MAX_LIMIT on 64 bit, include/linux/threads.h. */
const PID_MAX_LIMIT = 4 * 1024 * 1024;

/** A form of the tree, and the key of the member that is its head. */
interface TreeForm {
  readonly form: XarrayForm;
  readonly head: 'pid_ns.xa_head_offset' | 'pid_ns.rnode_offset';
}

/** Newest first. */
const FORMS = [
  { form: XARRAY, head: 'pid_ns.xa_head_offset' },
  { form: RADIX_TREE, head: 'pid_ns.rnode_offset' },
] as const satisfies readonly TreeForm[];

/**
 * Yields the ids of the tree `init_pid_ns.idr`, ascending. Source:
 * Linux commit 95846ecf9dac ("pid: replace pid bitmap implementation with IDR API") (in v4.15).
 *
 * @throws OsiError `PROFILE_KEY_MISSING` for one of {@link pidTreeKeys}, else why its head cannot be read.
 */
export function* eachPidInTree(kernel: Kernel, skipped: SkippedLog): Generator<PidEntry> {
  for (const { index, entry } of eachXarrayEntry(kernel, readTree(kernel), skipped))
    yield { id: index, address: entry };
}

/** The keys without which the tree cannot be read, of the newest form that the profile knows. */
export function pidTreeKeys(info: KernelInfo): readonly (keyof KernelInfo)[] {
  const { form, head } = findForm(info);
  return [
    'pid_ns.init_pid_ns_addr',
    head,
    form.shift,
    form.slots,
    'pid.tasks_offset',
    'task.pid_links_offset',
  ];
}

function findForm(info: KernelInfo): TreeForm {
  return FORMS.find(({ head }) => info[head] !== undefined) ?? FORMS[0];
}

function readTree({ info, memory }: Kernel): Xarray {
  for (const key of pidTreeKeys(info)) requireKey(info, key);
  const { form, head: key } = findForm(info);
  const namespace = new StructView(memory, requireKey(info, 'pid_ns.init_pid_ns_addr'));
  const head = namespace.word(requireKey(info, key));
  if (head !== 0n) return { form, head, name: 'init_pid_ns.idr', end: PID_MAX_LIMIT + 1 };
  throw implausible({
    struct: 'pid_namespace',
    address: namespace.address,
    member: 'idr',
    received: head,
    expected: 'a tree, as pid 1 is in it',
  });
}
