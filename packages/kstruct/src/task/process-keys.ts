import type { VirtualAddress } from '@osi-linux/core';
import type { KernelInfo } from '@osi-linux/kconf';
import { type Layout, layoutOf } from '../kernel/layout';

/** Bytes of a task's name where the profile does not say: TASK_COMM_LEN, unchanged since Linux 2.0. */
const TASK_COMM_LEN = 16;

/** What reading a whole process takes; the checks for which the profile has no key stay away. */
export type ProcessKeys = NonNullable<ReturnType<typeof makeKeys>>;

const known = new WeakMap<Layout, ProcessKeys>();

/** The keys of a profile, or `undefined` where one is missing. */
export function processKeysOf(info: KernelInfo): ProcessKeys | undefined {
  const layout = layoutOf(info);
  const keys = known.get(layout) ?? makeKeys(layout);
  if (keys !== undefined) known.set(layout, keys);
  return keys;
}

function makeKeys({ task, mm, cred }: Layout) {
  const required = requireAll({
    initTask: task.init_addr,
    tgid: task.tgid_offset,
    realParent: task.real_parent_offset,
    comm: task.comm_offset,
    startTime: task.start_time_offset,
    flags: task.flags_offset,
    kthread: task.PF_KTHREAD,
    mm: task.mm_offset,
    realCred: task.real_cred_offset,
    pgd: mm.pgd_offset,
    argStart: mm.arg_start_offset,
    argEnd: mm.arg_end_offset,
    uid: cred.uid_offset,
    gid: cred.gid_offset,
    euid: cred.euid_offset,
    egid: cred.egid_offset,
  });
  if (required === undefined) return undefined;
  return {
    ...required,
    commSize: task.comm_size ?? TASK_COMM_LEN,
    activeMm: task.active_mm_offset,
    mmUsers: mm.mm_users_offset,
    credUsage: cred.usage_offset,
  };
}

type Present<Keys> = { readonly [Key in keyof Keys]: NonNullable<Keys[Key]> };

function requireAll<Keys extends Record<string, number | VirtualAddress | undefined>>(
  keys: Keys,
): Present<Keys> | undefined {
  return Object.values(keys).includes(undefined) ? undefined : (keys as Present<Keys>);
}
