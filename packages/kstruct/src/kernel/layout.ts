import type { KernelInfo } from '@osi-linux/kconf';
import { requireKey } from './kernel';

/** The keys that every listing asks for again and again, as plain members: `layout.task.pid_offset`. */
export type Layout = ReturnType<typeof makeLayout>;

const known = new WeakMap<KernelInfo, Layout>();
let lastInfo: KernelInfo | undefined;
let lastLayout: Layout | undefined;

/**
 * The layout of a kernel, made once. A profile has hundreds of keys, so that V8 keeps it as a hash table, and each look
 * into it costs as much as several reads of memory.
 */
export function layoutOf(info: KernelInfo): Layout {
  if (lastInfo === info && lastLayout !== undefined) return lastLayout;
  let layout = known.get(info);
  if (layout === undefined) {
    layout = makeLayout(info);
    known.set(info, layout);
  }
  lastInfo = info;
  lastLayout = layout;
  return layout;
}

/** Says that the profile lacks a key. @throws OsiError `PROFILE_KEY_MISSING`. */
export function missingKey(key: keyof KernelInfo): never {
  requireKey({}, key);
  throw new RangeError(key);
}

function makeLayout(info: KernelInfo) {
  return {
    task: taskLayout(info),
    cred: credLayout(info),
    mm: mmLayout(info),
    vma: vmaLayout(info),
    file: fileLayout(info),
    dentry: dentryLayout(info),
  };
}

function taskLayout(info: KernelInfo) {
  return {
    init_addr: info['task.init_addr'],
    flags_offset: info['task.flags_offset'],
    PF_KTHREAD: info['task.PF_KTHREAD'],
    usage_offset: info['task.usage_offset'],
    mm_offset: info['task.mm_offset'],
    active_mm_offset: info['task.active_mm_offset'],
    pid_offset: info['task.pid_offset'],
    tgid_offset: info['task.tgid_offset'],
    real_parent_offset: info['task.real_parent_offset'],
    group_leader_offset: info['task.group_leader_offset'],
    signal_offset: info['task.signal_offset'],
    start_time_offset: info['task.start_time_offset'],
    comm_offset: info['task.comm_offset'],
    comm_size: info['task.comm_size'],
    real_cred_offset: info['task.real_cred_offset'],
    files_offset: info['task.files_offset'],
  };
}

function credLayout(info: KernelInfo) {
  return {
    usage_offset: info['cred.usage_offset'],
    uid_offset: info['cred.uid_offset'],
    gid_offset: info['cred.gid_offset'],
    euid_offset: info['cred.euid_offset'],
    egid_offset: info['cred.egid_offset'],
  };
}

function mmLayout(info: KernelInfo) {
  return {
    pgd_offset: info['mm.pgd_offset'],
    mm_users_offset: info['mm.mm_users_offset'],
    map_count_offset: info['mm.map_count_offset'],
    arg_start_offset: info['mm.arg_start_offset'],
    arg_end_offset: info['mm.arg_end_offset'],
    brk_offset: info['mm.brk_offset'],
    start_brk_offset: info['mm.start_brk_offset'],
    start_stack_offset: info['mm.start_stack_offset'],
    vdso_offset: info['mm.vdso_offset'],
  };
}

function vmaLayout(info: KernelInfo) {
  return {
    page_offset_addr: info['kernel.page_offset_addr'],
    vm_mm_offset: info['vma.vm_mm_offset'],
    vm_start_offset: info['vma.vm_start_offset'],
    vm_end_offset: info['vma.vm_end_offset'],
    vm_flags_offset: info['vma.vm_flags_offset'],
    vm_file_offset: info['vma.vm_file_offset'],
    vm_pgoff_offset: info['vma.vm_pgoff_offset'],
    vm_ops_offset: info['vma.vm_ops_offset'],
    vm_next_offset: info['vma.vm_next_offset'],
    anon_name_offset: info['vma.anon_name_offset'],
    shared_offset: info['vma.shared_offset'],
    special_mapping_vmops_addr: info['vma.special_mapping_vmops_addr'],
    VM_READ: info['vma.VM_READ'],
    VM_WRITE: info['vma.VM_WRITE'],
    VM_EXEC: info['vma.VM_EXEC'],
    VM_MAYSHARE: info['vma.VM_MAYSHARE'],
  };
}

function fileLayout(info: KernelInfo) {
  return {
    f_path_mnt_offset: info['fs.f_path_mnt_offset'],
    f_path_dentry_offset: info['fs.f_path_dentry_offset'],
    f_op_offset: info['fs.f_op_offset'],
    f_inode_offset: info['fs.f_inode_offset'],
    f_count_offset: info['fs.f_count_offset'],
    f_mode_offset: info['fs.f_mode_offset'],
    user_path_mnt_offset: info['fs.user_path_mnt_offset'],
    FMODE_BACKING: info['fs.FMODE_BACKING'],
    files_count_offset: info['files.count_offset'],
    fdt_offset: info['fs.fdt_offset'],
    fdtab_offset: info['fs.fdtab_offset'],
    max_fds_offset: info['fs.max_fds_offset'],
    fd_offset: info['fs.fd_offset'],
    open_fds_offset: info['fs.open_fds_offset'],
    close_on_exec_offset: info['fs.close_on_exec_offset'],
  };
}

function dentryLayout(info: KernelInfo) {
  return {
    d_parent_offset: info['path.d_parent_offset'],
    d_inode_offset: info['path.d_inode_offset'],
    d_count_offset: info['path.d_count_offset'],
    d_sb_offset: info['path.d_sb_offset'],
    i_mode_offset: info['inode.i_mode_offset'],
    i_sb_offset: info['inode.i_sb_offset'],
  };
}
