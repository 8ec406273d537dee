/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows in the order in which they are printed: first PANDA's keys in PANDA's
 * order, then this project's own. Each row is one macro call on one line.
 *
 * This is the only list. row-trial.c includes it to find out which rows compile
 * with the headers of this kernel, main.c includes it to print them; both have
 * macros of their own. A row that does not compile is left out. Of several rows
 * with one key, the first that compiles is printed.
 */

TEXT("name", "%s|%s|%s", init_utsname()->release, init_utsname()->version, init_utsname()->machine);
CONSTANT("version.a", LINUX_VERSION_CODE >> 16);
CONSTANT("version.b", (LINUX_VERSION_CODE >> 8) & 0xff);
CONSTANT("version.c", LINUX_VERSION_CODE & 0xff);

/* Kernels without SMP have no array of per-CPU offsets. */
ADDRESS("task.per_cpu_offsets_addr", __per_cpu_offset);
ADDRESS("task.per_cpu_offsets_addr", 0);
ADDRESS("task.per_cpu_offset_0_addr", __per_cpu_offset[0]);
ADDRESS("task.per_cpu_offset_0_addr", 0);
/* Linux commit e57ef2ed97c1 ("x86: Put hot per CPU variables into a struct") (in v6.2), undone in v6.15 */
ADDRESS("task.current_task_addr", &current_task);
ADDRESS("task.current_task_addr", &pcpu_hot.current_task);
/* Before Linux commit dd17c8f72993 ("percpu: remove per_cpu__ prefix.") (in v2.6.33) */
ADDRESS("task.current_task_addr", &per_cpu__current_task);
ADDRESS("task.current_task_addr", &init_task);
ADDRESS("task.init_addr", &init_task);
ADDRESS_COMMENT("#task.per_cpu_offsets_addr", __per_cpu_offset);
ADDRESS_COMMENT("#task.per_cpu_offsets_addr", 0);
ADDRESS_COMMENT("#task.per_cpu_offset_0_addr", __per_cpu_offset[0]);
ADDRESS_COMMENT("#task.per_cpu_offset_0_addr", 0);
ADDRESS_COMMENT("#task.current_task_addr", &current_task);
ADDRESS_COMMENT("#task.current_task_addr", &pcpu_hot.current_task);
ADDRESS_COMMENT("#task.current_task_addr", &per_cpu__current_task);
ADDRESS_COMMENT("#task.current_task_addr", &init_task);
ADDRESS_COMMENT("#task.init_addr", &init_task);

SIZE("task.size", struct task_struct);
OFFSET("task.tasks_offset", struct task_struct, tasks);
OFFSET("task.pid_offset", struct task_struct, pid);
OFFSET("task.tgid_offset", struct task_struct, tgid);
OFFSET("task.group_leader_offset", struct task_struct, group_leader);
/* Linux commit 8e1f385104ac ("kill task_struct->thread_group") (in v6.7) */
OFFSET("task.thread_group_offset", struct task_struct, thread_group);
OFFSET("task.real_parent_offset", struct task_struct, real_parent);
OFFSET("task.parent_offset", struct task_struct, parent);
OFFSET("task.mm_offset", struct task_struct, mm);
OFFSET("task.stack_offset", struct task_struct, stack);
OFFSET("task.real_cred_offset", struct task_struct, real_cred);
OFFSET("task.cred_offset", struct task_struct, cred);
OFFSET("task.comm_offset", struct task_struct, comm);
MEMBER_SIZE("task.comm_size", struct task_struct, comm);
OFFSET("task.files_offset", struct task_struct, files);
OFFSET("task.start_time_offset", struct task_struct, start_time);

OFFSET("cred.uid_offset", struct cred, uid);
OFFSET("cred.gid_offset", struct cred, gid);
OFFSET("cred.euid_offset", struct cred, euid);
OFFSET("cred.egid_offset", struct cred, egid);

SIZE("mm.size", struct mm_struct);
/* Linux commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1) */
OFFSET("mm.mmap_offset", struct mm_struct, mmap);
OFFSET("mm.pgd_offset", struct mm_struct, pgd);
OFFSET("mm.arg_start_offset", struct mm_struct, arg_start);
OFFSET("mm.start_brk_offset", struct mm_struct, start_brk);
OFFSET("mm.brk_offset", struct mm_struct, brk);
OFFSET("mm.start_stack_offset", struct mm_struct, start_stack);

SIZE("vma.size", struct vm_area_struct);
OFFSET("vma.vm_mm_offset", struct vm_area_struct, vm_mm);
OFFSET("vma.vm_start_offset", struct vm_area_struct, vm_start);
OFFSET("vma.vm_end_offset", struct vm_area_struct, vm_end);
/* Linux commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1) */
OFFSET("vma.vm_next_offset", struct vm_area_struct, vm_next);
OFFSET("vma.vm_flags_offset", struct vm_area_struct, vm_flags);
OFFSET("vma.vm_file_offset", struct vm_area_struct, vm_file);

OFFSET("fs.f_path_dentry_offset", struct file, f_path.dentry);
OFFSET("fs.f_path_mnt_offset", struct file, f_path.mnt);
OFFSET("fs.f_pos_offset", struct file, f_pos);
OFFSET("fs.fdt_offset", struct files_struct, fdt);
OFFSET("fs.fdtab_offset", struct files_struct, fdtab);
OFFSET("fs.fd_offset", struct fdtable, fd);

SIZE("qstr.size", struct qstr);
OFFSET("qstr.name_offset", struct qstr, name);

OFFSET("path.d_name_offset", struct dentry, d_name);
/* Kernels with d_shortname (since v6.14) have d_iname as a macro for a member of it. */
OFFSET("path.d_iname_offset", struct dentry, d_shortname);
OFFSET("path.d_iname_offset", struct dentry, d_iname);
OFFSET("path.d_parent_offset", struct dentry, d_parent);
OFFSET("path.d_op_offset", struct dentry, d_op);
OFFSET("path.d_dname_offset", struct dentry_operations, d_dname);
OFFSET("path.mnt_root_offset", struct vfsmount, mnt_root);
/* Linux commit 7d6fec45a513 ("vfs: start hiding vfsmount guts series") (in v3.3) and those after it */
OFFSET("path.mnt_parent_offset", struct vfsmount, mnt_parent);
PROBED("path.mnt_parent_offset", mounts.parent);
OFFSET("path.mnt_mountpoint_offset", struct vfsmount, mnt_mountpoint);
PROBED("path.mnt_mountpoint_offset", mounts.mountpoint);

/* This project's own keys. */
SIGNED("kernel.phys_base", phys_base);
NOTED_SYMBOL("kernel.swapper_pg_dir_addr", swapper_pg_dir);
ADDRESS("kernel.page_offset_addr", PAGE_OFFSET);
CONSTANT("kernel.pgtable_levels", ki_pgtable_levels());
ADDRESS("uts.init_addr", &init_uts_ns);
OFFSET("uts.name_offset", struct uts_namespace, name);
ADDRESS("cpu.nr_cpu_ids_addr", &nr_cpu_ids);
/* Before v4.5 a pointer. */
ADDRESS("cpu.online_mask_addr", &__cpu_online_mask);
ADDRESS("cpu.online_mask_addr", cpu_online_mask);
OFFSET("task.flags_offset", struct task_struct, flags);
CONSTANT("task.PF_KTHREAD", PF_KTHREAD);
OFFSET("task.exit_state_offset", struct task_struct, exit_state);
OFFSET("task.signal_offset", struct task_struct, signal);
OFFSET("task.thread_node_offset", struct task_struct, thread_node);
OFFSET("signal.thread_head_offset", struct signal_struct, thread_head);
OFFSET("mm.arg_end_offset", struct mm_struct, arg_end);
OFFSET("mm.env_start_offset", struct mm_struct, env_start);
OFFSET("mm.env_end_offset", struct mm_struct, env_end);
/* Swap types that are not swap files; their numbers depend on the kernel's configuration. */
CONSTANT("swap.SWP_MIGRATION_READ", SWP_MIGRATION_READ);
CONSTANT("swap.SWP_MIGRATION_WRITE", SWP_MIGRATION_WRITE);
CONSTANT("swap.SWP_HWPOISON", SWP_HWPOISON);
CONSTANT("swap.SWP_DEVICE_WRITE", SWP_DEVICE_WRITE);

OFFSET("task.usage_offset", struct task_struct, usage);
/* Linux commit 2c4704756cab ("pids: Move the pgrp and session pid pointers from task_struct to signal_struct") (in v4.19) */
OFFSET("task.pid_links_offset", struct task_struct, pid_links);
OFFSET("task.pid_links_offset", struct task_struct, pids);
/* Since v5.17, like the whole name behind it. */
OFFSET("task.worker_private_offset", struct task_struct, worker_private);
#ifdef HAVE_WORKER_PRIVATE
PROBED("kthread.full_name_offset", kthread_name);
#endif
CONSTANT("task.PF_WQ_WORKER", PF_WQ_WORKER);
OFFSET("task.fs_offset", struct task_struct, fs);
OFFSET("cred.usage_offset", struct cred, usage);
OFFSET("fs_struct.users_offset", struct fs_struct, users);
OFFSET("fs_struct.root_mnt_offset", struct fs_struct, root.mnt);
OFFSET("fs_struct.root_dentry_offset", struct fs_struct, root.dentry);
OFFSET("fs_struct.pwd_mnt_offset", struct fs_struct, pwd.mnt);
OFFSET("fs_struct.pwd_dentry_offset", struct fs_struct, pwd.dentry);

OFFSET("task.active_mm_offset", struct task_struct, active_mm);
OFFSET("mm.mm_users_offset", struct mm_struct, mm_users);
OFFSET("mm.map_count_offset", struct mm_struct, map_count);
OFFSET("mm.exe_file_offset", struct mm_struct, exe_file);
/* Before Linux commit 2dd8ad81e31d ("mm: use mm->exe_file instead of first VM_EXECUTABLE vma->vm_file") and those after it (in v3.7) */
OFFSET("mm.num_exe_file_vmas_offset", struct mm_struct, num_exe_file_vmas);
OFFSET("mm.vdso_offset", struct mm_struct, context.vdso);
/* Linux commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1) */
OFFSET("mm.mm_mt_offset", struct mm_struct, mm_mt);
/* Linux commit 763ecb035029 ("mm: remove the vma linked list") (in v6.1) */
OFFSET("vma.vm_prev_offset", struct vm_area_struct, vm_prev);
/* Linux commit 524e00b36e8c ("mm: remove rb tree.") (in v6.1) */
OFFSET("mm.mm_rb_offset", struct mm_struct, mm_rb);
OFFSET("vma.vm_rb_offset", struct vm_area_struct, vm_rb);
OFFSET("vma.vm_pgoff_offset", struct vm_area_struct, vm_pgoff);
OFFSET("vma.vm_ops_offset", struct vm_area_struct, vm_ops);
OFFSET("vma.vm_private_data_offset", struct vm_area_struct, vm_private_data);
/* Linux commit 9a10064f5625 ("mm: add a field to store names for private anonymous memory") (in v5.17) */
OFFSET("vma.anon_name_offset", struct vm_area_struct, anon_name);
OFFSET("vma.shared_offset", struct vm_area_struct, shared);
OFFSET("anon_vma_name.name_offset", struct anon_vma_name, name);
FOUND_ADDRESS("vma.special_mapping_vmops_addr", special_mapping_vmops);
OFFSET("vm_special_mapping.name_offset", struct vm_special_mapping, name);
/* Kernels without this function compare in /proc/PID/maps itself, where touching is enough. */
CONSTANT("vma.initial_heap_touches", CALL(vma_is_initial_heap)(made_up_vma_below_heap) && CALL(vma_is_initial_heap)(made_up_vma_above_heap));
CONSTANT("vma.initial_heap_touches", 1);
/* Until Linux commit 1be7107fbe18 ("mm: larger stack guard gap, between vmas") (in v4.12) */
CONSTANT("vma.stack_guard_page_flag", ((void)CALL(stack_guard_page_start), VM_GROWSDOWN));
CONSTANT("vma.stack_guard_page_flag", ((void)CALL(vma_stack_continue), VM_GROWSDOWN));
/* Linux commit b76437579d13 ("procfs: mark thread stack correctly in proc/<pid>/maps") (in v3.4) */
CONSTANT("vma.thread_stacks_in_process", WITH_FUNCTION(vm_is_stack, 1));
CONSTANT("vma.thread_stacks_in_process", WITH_FUNCTION(task_of_stack, 1));
CONSTANT("vma.thread_stacks_in_thread", WITH_FUNCTION(vm_is_stack, 1));
CONSTANT("vma.thread_stacks_in_thread", WITH_FUNCTION(task_of_stack, 1));
/* Linux commit 65376df58217 ("proc: revert /proc/<pid>/maps [stack:TID] annotation") (in v4.5) */
FOUND_CONSTANT("vma.thread_stacks_in_thread", vma_is_stack_for_task, thread_stacks);
COMPUTED_OFFSET("task.stack_sp_offset", WITH_FUNCTION(vm_is_stack, STACK_SP_OFFSET));
COMPUTED_OFFSET("task.stack_sp_offset", WITH_FUNCTION(task_of_stack, STACK_SP_OFFSET));
COMPUTED_OFFSET("task.stack_sp_offset", WITH_FUNCTION(vma_is_stack_for_task, STACK_SP_OFFSET));
OFFSET("task.usersp_offset", struct task_struct, thread.usersp);
COMPUTED_OFFSET("thread_info.flags_offset", WITH_MEMBER(struct task_struct, thread.usersp, offsetof(struct thread_info, flags)));
CONSTANT("thread_info.TIF_IA32", WITH_MEMBER(struct task_struct, thread.usersp, TIF_IA32));
CONSTANT("vma.VM_READ", VM_READ);
CONSTANT("vma.VM_WRITE", VM_WRITE);
CONSTANT("vma.VM_EXEC", VM_EXEC);
CONSTANT("vma.VM_MAYSHARE", VM_MAYSHARE);

OFFSET("maple_tree.ma_root_offset", struct maple_tree, ma_root);
OFFSET("maple_tree.ma_flags_offset", struct maple_tree, ma_flags);
CONSTANT("maple_tree.MT_FLAGS_HEIGHT_OFFSET", MT_FLAGS_HEIGHT_OFFSET);
CONSTANT("maple_tree.MT_FLAGS_HEIGHT_MASK", MT_FLAGS_HEIGHT_MASK);
CONSTANT("maple_tree.maple_dense", maple_dense);
CONSTANT("maple_tree.maple_leaf_64", maple_leaf_64);
CONSTANT("maple_tree.maple_range_64", maple_range_64);
CONSTANT("maple_tree.maple_arange_64", maple_arange_64);
CONSTANT("maple_tree.MAPLE_NODE_SLOTS", MAPLE_NODE_SLOTS);
CONSTANT("maple_tree.MAPLE_RANGE64_SLOTS", MAPLE_RANGE64_SLOTS);
CONSTANT("maple_tree.MAPLE_ARANGE64_SLOTS", MAPLE_ARANGE64_SLOTS);
OFFSET("maple_node.slot_offset", struct maple_node, slot);
OFFSET("maple_range_64.pivot_offset", struct maple_range_64, pivot);
OFFSET("maple_range_64.slot_offset", struct maple_range_64, slot);
OFFSET("maple_range_64.meta_offset", struct maple_range_64, meta);
OFFSET("maple_arange_64.pivot_offset", struct maple_arange_64, pivot);
OFFSET("maple_arange_64.slot_offset", struct maple_arange_64, slot);
OFFSET("maple_arange_64.meta_offset", struct maple_arange_64, meta);
OFFSET("maple_metadata.end_offset", struct maple_metadata, end);

OFFSET("files.count_offset", struct files_struct, count);
OFFSET("fs.max_fds_offset", struct fdtable, max_fds);
OFFSET("fs.open_fds_offset", struct fdtable, open_fds);
OFFSET("fs.close_on_exec_offset", struct fdtable, close_on_exec);
OFFSET("fs.f_flags_offset", struct file, f_flags);
OFFSET("fs.f_mode_offset", struct file, f_mode);
/* Linux commit 90ee6ed776c0 ("fs: port files to file_ref") (in v6.13) */
OFFSET("fs.f_count_offset", struct file, f_ref);
OFFSET("fs.f_count_offset", struct file, f_count);
OFFSET("fs.f_inode_offset", struct file, f_inode);
OFFSET("fs.f_op_offset", struct file, f_op);
OFFSET("fs.private_data_offset", struct file, private_data);
CONSTANT("fs.FMODE_BACKING", FMODE_BACKING);
/* Linux commit def3ae83da02 ("fs: store real path instead of fake path in backing file f_path") (in v6.7) */
COMPUTED_OFFSET("fs.user_path_mnt_offset", (char *)&CALL(backing_file_user_path)(made_up_file)->mnt - (char *)made_up_file);
COMPUTED_OFFSET("fs.user_path_dentry_offset", (char *)&CALL(backing_file_user_path)(made_up_file)->dentry - (char *)made_up_file);

OFFSET("qstr.len_offset", struct qstr, len);
OFFSET("path.d_flags_offset", struct dentry, d_flags);
OFFSET("path.d_hash_pprev_offset", struct dentry, d_hash.pprev);
/* Linux commit dea3667bc3c2 ("vfs: get rid of insane dentry hashing rules") (in v2.6.39) */
CONSTANT("path.DCACHE_UNHASHED", DCACHE_UNHASHED);
OFFSET("path.d_inode_offset", struct dentry, d_inode);
OFFSET("path.d_sb_offset", struct dentry, d_sb);
OFFSET("path.d_fsdata_offset", struct dentry, d_fsdata);
OFFSET("dma_buf.name_offset", struct dma_buf, name);
OFFSET("path.d_count_offset", struct dentry, d_lockref.count);
OFFSET("inode.i_mode_offset", struct inode, i_mode);
OFFSET("inode.i_sb_offset", struct inode, i_sb);
OFFSET("inode.i_ino_offset", struct inode, i_ino);
OFFSET("inode.i_private_offset", struct inode, i_private);
OFFSET("ns_common.ops_offset", struct ns_common, ops);
OFFSET("proc_ns_operations.name_offset", struct proc_ns_operations, name);

OFFSET("path.mnt_sb_offset", struct vfsmount, mnt_sb);
/* Linux commit 7d6fec45a513 ("vfs: start hiding vfsmount guts series") (in v3.3) and those after it */
COMPUTED_OFFSET("mount.mnt_offset", WITH_MEMBER(struct vfsmount, mnt_parent, 0));
PROBED("mount.mnt_offset", mounts.mnt);
OFFSET("mount.mnt_mounts_offset", struct vfsmount, mnt_mounts);
PROBED("mount.mnt_mounts_offset", mounts.mounts);
OFFSET("mount.mnt_child_offset", struct vfsmount, mnt_child);
PROBED("mount.mnt_child_offset", mounts.child);
OFFSET("mount.mnt_devname_offset", struct vfsmount, mnt_devname);
PROBED("mount.mnt_devname_offset", mounts.devname);
OFFSET("mount.mnt_id_offset", struct vfsmount, mnt_id);
PROBED("mount.mnt_id_offset", mounts.id);
OFFSET("super.s_type_offset", struct super_block, s_type);
OFFSET("super.s_subtype_offset", struct super_block, s_subtype);
OFFSET("super.s_root_offset", struct super_block, s_root);
OFFSET("super.s_id_offset", struct super_block, s_id);
OFFSET("fstype.name_offset", struct file_system_type, name);

FOUND_ADDRESS("module.modules_addr", modules);
OFFSET("module.list_offset", struct module, list);
OFFSET("module.name_offset", struct module, name);
CONSTANT("module.MODULE_NAME_LEN", MODULE_NAME_LEN);
OFFSET("module.state_offset", struct module, state);
CONSTANT("module.MODULE_STATE_UNFORMED", MODULE_STATE_UNFORMED);
SIZE("module.size", struct module);
/* Linux commit ac3b43283923 ("module: replace module_layout with module_memory") (in v6.4) */
OFFSET("module.mem_offset", struct module, mem);
SIZE("module_memory.size", struct module_memory);
OFFSET("module_memory.base_offset", struct module_memory, base);
OFFSET("module_memory.size_offset", struct module_memory, size);
CONSTANT("module.MOD_TEXT", MOD_TEXT);
CONSTANT("module.MOD_MEM_NUM_TYPES", MOD_MEM_NUM_TYPES);
/* Linux commit 7523e4dc5057 ("module: use a structure to encapsulate layout.") (in v4.5) */
OFFSET("module.core_base_offset", struct module, core_layout.base);
OFFSET("module.core_base_offset", struct module, module_core);
OFFSET("module.core_size_offset", struct module, core_layout.size);
OFFSET("module.core_size_offset", struct module, core_size);
OFFSET("module.init_size_offset", struct module, init_layout.size);
OFFSET("module.init_size_offset", struct module, init_size);
OFFSET("module.kset_offset", struct module, mkobj.kobj.kset);
OFFSET("module_kobject.kobj_offset", struct module_kobject, kobj);
OFFSET("module_kobject.mod_offset", struct module_kobject, mod);
OFFSET("kset.list_offset", struct kset, list);
OFFSET("kobject.entry_offset", struct kobject, entry);

ADDRESS("pid_ns.init_pid_ns_addr", &init_pid_ns);
OFFSET("pid_ns.xa_head_offset", struct pid_namespace, idr.idr_rt.xa_head);
OFFSET("xa_node.shift_offset", struct xa_node, shift);
OFFSET("xa_node.slots_offset", struct xa_node, slots);
CONSTANT("xa_node.XA_CHUNK_SIZE", XA_CHUNK_SIZE);
/* Linux commit f8d5d0cc145c ("xarray: Add definition of struct xarray") (in v4.20) */
OFFSET("pid_ns.rnode_offset", struct pid_namespace, idr.idr_rt.rnode);
COMPUTED_OFFSET("radix_tree_node.shift_offset", WITH_MEMBER(struct pid_namespace, idr.idr_rt.rnode, offsetof(struct radix_tree_node, shift)));
COMPUTED_OFFSET("radix_tree_node.slots_offset", WITH_MEMBER(struct pid_namespace, idr.idr_rt.rnode, offsetof(struct radix_tree_node, slots)));
CONSTANT("radix_tree_node.RADIX_TREE_MAP_SIZE", WITH_MEMBER(struct pid_namespace, idr.idr_rt.rnode, RADIX_TREE_MAP_SIZE));
OFFSET("pid.tasks_offset", struct pid, tasks);
/* Linux commit e8cfbc245e24 ("pid: remove pidhash") (in v4.15) */
COMPUTED_OFFSET("pid.numbers_offset", WITH_MEMBER(struct upid, pid_chain, offsetof(struct pid, numbers)));
COMPUTED_OFFSET("upid.nr_offset", WITH_MEMBER(struct upid, pid_chain, offsetof(struct upid, nr)));
COMPUTED_OFFSET("upid.ns_offset", WITH_MEMBER(struct upid, pid_chain, offsetof(struct upid, ns)));
OFFSET("upid.pid_chain_offset", struct upid, pid_chain);

OFFSET("socket.type_offset", struct socket, type);
OFFSET("socket.sk_offset", struct socket, sk);
OFFSET("sock.sk_socket_offset", struct sock, sk_socket);
/* Linux commit bf9765145b85 ("sock: Make sk_protocol a 16-bit value") (in v5.6); bits before it */
OFFSET("sock.sk_protocol_offset", struct sock, sk_protocol);
COMPUTED_OFFSET("sock.sk_protocol_offset", (made_up_sock->sk_protocol = 0xff, (char *)memchr(made_up_sock, 0xff, sizeof(*made_up_sock)) - (char *)made_up_sock));
OFFSET("sock.skc_family_offset", struct sock, __sk_common.skc_family);
OFFSET("sock.skc_state_offset", struct sock, __sk_common.skc_state);
/*
 * The sock is the first member of an inet_sock, which had the ports until Linux
 * commit ce43b03e8889 ("net: move inet_dport/inet_num in sock_common") (in v3.8),
 * the addresses until Linux commit 68835aba4d9b ("net: optimize INET input path
 * further") (in v2.6.38), and all by other names before Linux commit c720c7e8383a
 * ("inet: rename some inet_sock fields") (in v2.6.33).
 */
OFFSET("sock.skc_num_offset", struct sock, __sk_common.skc_num);
OFFSET("sock.skc_num_offset", struct inet_sock, inet_num);
OFFSET("sock.skc_num_offset", struct inet_sock, num);
OFFSET("sock.skc_dport_offset", struct sock, __sk_common.skc_dport);
OFFSET("sock.skc_dport_offset", struct inet_sock, inet_dport);
OFFSET("sock.skc_dport_offset", struct inet_sock, dport);
OFFSET("sock.skc_rcv_saddr_offset", struct sock, __sk_common.skc_rcv_saddr);
OFFSET("sock.skc_rcv_saddr_offset", struct inet_sock, inet_rcv_saddr);
OFFSET("sock.skc_rcv_saddr_offset", struct inet_sock, rcv_saddr);
OFFSET("sock.skc_daddr_offset", struct sock, __sk_common.skc_daddr);
OFFSET("sock.skc_daddr_offset", struct inet_sock, inet_daddr);
OFFSET("sock.skc_daddr_offset", struct inet_sock, daddr);
OFFSET("sock.skc_v6_rcv_saddr_offset", struct sock, __sk_common.skc_v6_rcv_saddr);
OFFSET("sock.skc_v6_daddr_offset", struct sock, __sk_common.skc_v6_daddr);
OFFSET("inet_sock.inet_sport_offset", struct inet_sock, inet_sport);
OFFSET("inet_sock.inet_sport_offset", struct inet_sock, sport);
/* Linux commit efe4208f47f9 ("ipv6: make lookups simpler and faster") (in v3.13) */
COMPUTED_OFFSET("inet_sock.pinet6_offset", WITH_MEMBER(struct ipv6_pinfo, rcv_saddr, offsetof(struct inet_sock, pinet6)));
OFFSET("ipv6_pinfo.rcv_saddr_offset", struct ipv6_pinfo, rcv_saddr);
COMPUTED_OFFSET("ipv6_pinfo.daddr_offset", WITH_MEMBER(struct ipv6_pinfo, rcv_saddr, offsetof(struct ipv6_pinfo, daddr)));
OFFSET("unix_sock.addr_offset", struct unix_sock, addr);
OFFSET("unix_sock.peer_offset", struct unix_sock, peer);
OFFSET("unix_address.len_offset", struct unix_address, len);
OFFSET("unix_address.name_offset", struct unix_address, name);

/* Linux commit 896fbe20b4e2 ("printk: use the lockless ringbuffer") (in v5.10) */
NOTED_SYMBOL("log.prb_addr", prb);
NOTED_OFFSET("printk_ringbuffer.desc_ring_offset", printk_ringbuffer.desc_ring);
NOTED_OFFSET("printk_ringbuffer.text_data_ring_offset", printk_ringbuffer.text_data_ring);
NOTED_OFFSET("prb_desc_ring.count_bits_offset", prb_desc_ring.count_bits);
NOTED_OFFSET("prb_desc_ring.descs_offset", prb_desc_ring.descs);
NOTED_OFFSET("prb_desc_ring.infos_offset", prb_desc_ring.infos);
NOTED_OFFSET("prb_desc_ring.head_id_offset", prb_desc_ring.head_id);
NOTED_OFFSET("prb_desc_ring.tail_id_offset", prb_desc_ring.tail_id);
NOTED_SIZE("prb_desc.size", prb_desc);
NOTED_OFFSET("prb_desc.state_var_offset", prb_desc.state_var);
NOTED_OFFSET("prb_desc.text_blk_lpos_offset", prb_desc.text_blk_lpos);
NOTED_OFFSET("prb_data_blk_lpos.begin_offset", prb_data_blk_lpos.begin);
NOTED_OFFSET("prb_data_blk_lpos.next_offset", prb_data_blk_lpos.next);
NOTED_OFFSET("prb_data_ring.size_bits_offset", prb_data_ring.size_bits);
NOTED_OFFSET("prb_data_ring.data_offset", prb_data_ring.data);
NOTED_SIZE("printk_info.size", printk_info);
NOTED_OFFSET("printk_info.seq_offset", printk_info.seq);
NOTED_OFFSET("printk_info.ts_nsec_offset", printk_info.ts_nsec);
NOTED_OFFSET("printk_info.text_len_offset", printk_info.text_len);
/* The kernels before it. */
NOTED_SYMBOL("log.log_buf_addr", log_buf);
NOTED_SYMBOL("log.log_buf_len_addr", log_buf_len);
NOTED_SYMBOL("log.log_first_idx_addr", log_first_idx);
NOTED_SYMBOL("log.log_next_idx_addr", log_next_idx);
/* Linux commit 62e32ac3505a ("printk: rename struct log to struct printk_log") (in v3.11) */
NOTED_RENAMED_SIZE("printk_log.size", printk_log, log);
NOTED_RENAMED_OFFSET("printk_log.ts_nsec_offset", printk_log.ts_nsec, log.ts_nsec);
NOTED_RENAMED_OFFSET("printk_log.len_offset", printk_log.len, log.len);
NOTED_RENAMED_OFFSET("printk_log.text_len_offset", printk_log.text_len, log.text_len);
/* The ring of characters before Linux commit 7ff9554bb578 ("printk: convert byte-buffer to variable-length record buffer") (in v3.5) */
NOTED_SYMBOL("log.log_end_addr", log_end);
NOTED_SYMBOL("log.logged_chars_addr", logged_chars);
