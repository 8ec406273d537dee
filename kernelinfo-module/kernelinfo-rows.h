/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One macro a row, in the order in which they are printed: first PANDA's keys
 * in PANDA's order, then this project's own.
 *
 * A row that the kernel's headers cannot compile is left out. Of several rows
 * with one key the first that compiles is taken. One row is one line.
 */

TEXT("name", "%s|%s|%s", init_utsname()->release, init_utsname()->version, init_utsname()->machine)
CONSTANT("version.a", LINUX_VERSION_CODE >> 16)
CONSTANT("version.b", (LINUX_VERSION_CODE >> 8) & 0xff)
CONSTANT("version.c", LINUX_VERSION_CODE & 0xff)

/* Kernels without SMP have no array of per-CPU offsets. */
ADDRESS("task.per_cpu_offsets_addr", __per_cpu_offset)
ADDRESS("task.per_cpu_offsets_addr", 0)
ADDRESS("task.per_cpu_offset_0_addr", __per_cpu_offset[0])
ADDRESS("task.per_cpu_offset_0_addr", 0)
/* Linux commit e57ef2ed97c1 ("x86: Put hot per CPU variables into a struct") (in v6.2), undone in v6.15 */
ADDRESS("task.current_task_addr", &current_task)
ADDRESS("task.current_task_addr", &pcpu_hot.current_task)
ADDRESS("task.current_task_addr", &init_task)
ADDRESS("task.init_addr", &init_task)
ADDRESS_COMMENT("#task.per_cpu_offsets_addr", __per_cpu_offset)
ADDRESS_COMMENT("#task.per_cpu_offsets_addr", 0)
ADDRESS_COMMENT("#task.per_cpu_offset_0_addr", __per_cpu_offset[0])
ADDRESS_COMMENT("#task.per_cpu_offset_0_addr", 0)
ADDRESS_COMMENT("#task.current_task_addr", &current_task)
ADDRESS_COMMENT("#task.current_task_addr", &pcpu_hot.current_task)
ADDRESS_COMMENT("#task.current_task_addr", &init_task)
ADDRESS_COMMENT("#task.init_addr", &init_task)

SIZE("task.size", struct task_struct)
OFFSET("task.tasks_offset", struct task_struct, tasks)
OFFSET("task.pid_offset", struct task_struct, pid)
OFFSET("task.tgid_offset", struct task_struct, tgid)
OFFSET("task.group_leader_offset", struct task_struct, group_leader)
/* Linux commit 8e1f385104ac ("kill task_struct->thread_group") (in v6.7) */
OFFSET("task.thread_group_offset", struct task_struct, thread_group)
OFFSET("task.real_parent_offset", struct task_struct, real_parent)
OFFSET("task.parent_offset", struct task_struct, parent)
OFFSET("task.mm_offset", struct task_struct, mm)
OFFSET("task.stack_offset", struct task_struct, stack)
OFFSET("task.real_cred_offset", struct task_struct, real_cred)
OFFSET("task.cred_offset", struct task_struct, cred)
OFFSET("task.comm_offset", struct task_struct, comm)
MEMBER_SIZE("task.comm_size", struct task_struct, comm)
OFFSET("task.files_offset", struct task_struct, files)
OFFSET("task.start_time_offset", struct task_struct, start_time)

OFFSET("cred.uid_offset", struct cred, uid)
OFFSET("cred.gid_offset", struct cred, gid)
OFFSET("cred.euid_offset", struct cred, euid)
OFFSET("cred.egid_offset", struct cred, egid)

SIZE("mm.size", struct mm_struct)
/* Linux commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1) */
OFFSET("mm.mmap_offset", struct mm_struct, mmap)
OFFSET("mm.pgd_offset", struct mm_struct, pgd)
OFFSET("mm.arg_start_offset", struct mm_struct, arg_start)
OFFSET("mm.start_brk_offset", struct mm_struct, start_brk)
OFFSET("mm.brk_offset", struct mm_struct, brk)
OFFSET("mm.start_stack_offset", struct mm_struct, start_stack)

SIZE("vma.size", struct vm_area_struct)
OFFSET("vma.vm_mm_offset", struct vm_area_struct, vm_mm)
OFFSET("vma.vm_start_offset", struct vm_area_struct, vm_start)
OFFSET("vma.vm_end_offset", struct vm_area_struct, vm_end)
/* Linux commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1) */
OFFSET("vma.vm_next_offset", struct vm_area_struct, vm_next)
OFFSET("vma.vm_flags_offset", struct vm_area_struct, vm_flags)
OFFSET("vma.vm_file_offset", struct vm_area_struct, vm_file)

OFFSET("fs.f_path_dentry_offset", struct file, f_path.dentry)
OFFSET("fs.f_path_mnt_offset", struct file, f_path.mnt)
OFFSET("fs.f_pos_offset", struct file, f_pos)
OFFSET("fs.fdt_offset", struct files_struct, fdt)
OFFSET("fs.fdtab_offset", struct files_struct, fdtab)
OFFSET("fs.fd_offset", struct fdtable, fd)

SIZE("qstr.size", struct qstr)
OFFSET("qstr.name_offset", struct qstr, name)

OFFSET("path.d_name_offset", struct dentry, d_name)
/* Where d_shortname is, d_iname is a macro for what is in it (in v6.14). */
OFFSET("path.d_iname_offset", struct dentry, d_shortname)
OFFSET("path.d_iname_offset", struct dentry, d_iname)
OFFSET("path.d_parent_offset", struct dentry, d_parent)
OFFSET("path.d_op_offset", struct dentry, d_op)
OFFSET("path.d_dname_offset", struct dentry_operations, d_dname)
OFFSET("path.mnt_root_offset", struct vfsmount, mnt_root)
PROBED("path.mnt_parent_offset", mounts.parent)
PROBED("path.mnt_mountpoint_offset", mounts.mountpoint)

/* This project's own keys. */
SIGNED("kernel.phys_base", phys_base)
FOUND_ADDRESS("kernel.swapper_pg_dir_addr", swapper_pg_dir_addr)
ADDRESS("kernel.page_offset_addr", PAGE_OFFSET)
CONSTANT("kernel.pgtable_levels", pgtable_levels())
ADDRESS("uts.init_addr", &init_uts_ns)
OFFSET("uts.name_offset", struct uts_namespace, name)
ADDRESS("cpu.nr_cpu_ids_addr", &nr_cpu_ids)
ADDRESS("cpu.online_mask_addr", &__cpu_online_mask)
OFFSET("task.flags_offset", struct task_struct, flags)
CONSTANT("task.PF_KTHREAD", PF_KTHREAD)
OFFSET("task.exit_state_offset", struct task_struct, exit_state)
OFFSET("task.signal_offset", struct task_struct, signal)
OFFSET("task.thread_node_offset", struct task_struct, thread_node)
OFFSET("signal.thread_head_offset", struct signal_struct, thread_head)
OFFSET("mm.arg_end_offset", struct mm_struct, arg_end)
OFFSET("mm.env_start_offset", struct mm_struct, env_start)
OFFSET("mm.env_end_offset", struct mm_struct, env_end)
/* Swap types that are no swap files; their numbers depend on the kernel's configuration. */
CONSTANT("swap.SWP_MIGRATION_READ", SWP_MIGRATION_READ)
CONSTANT("swap.SWP_MIGRATION_WRITE", SWP_MIGRATION_WRITE)
CONSTANT("swap.SWP_HWPOISON", SWP_HWPOISON)
CONSTANT("swap.SWP_DEVICE_WRITE", SWP_DEVICE_WRITE)
