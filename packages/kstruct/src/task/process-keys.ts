import type { KernelInfo } from '@osi-linux/kconf';
import type { LayoutWith } from '../kernel/layout';

/** The keys for reading a whole process; checks without a key in the profile are left out. */
export const PROCESS_KEYS = [
  'task.init_addr',
  'task.tgid_offset',
  'task.real_parent_offset',
  'task.comm_offset',
  'task.start_time_offset',
  'task.flags_offset',
  'task.PF_KTHREAD',
  'task.mm_offset',
  'task.real_cred_offset',
  'mm.pgd_offset',
  'mm.arg_start_offset',
  'mm.arg_end_offset',
  'cred.uid_offset',
  'cred.gid_offset',
  'cred.euid_offset',
  'cred.egid_offset',
] as const satisfies readonly (keyof KernelInfo)[];

/** The layout of a kernel whose processes can be read whole. */
export type ProcessLayout = LayoutWith<(typeof PROCESS_KEYS)[number]>;
