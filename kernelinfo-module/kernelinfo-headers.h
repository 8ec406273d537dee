/* SPDX-License-Identifier: GPL-2.0 */
/* What the rows of kernelinfo-rows.h are made of; for the module and for the trial compilation. */

#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/dma-buf.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/idr.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/swap.h>
#include <linux/utsname.h>
#include <linux/version.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <asm/current.h>
#include <asm/page.h>

/* In kernels that order mappings by a maple tree: Linux commit 54a611b60590 ("Maple Tree: add new data structure") (in v6.1) */
#if __has_include(<linux/maple_tree.h>)
#include <linux/maple_tree.h>
#endif

/* Linux commit 443cbaf9e2fd ("crash: split vmcoreinfo exporting code out from crash_core.c") (in v6.9) */
#if __has_include(<linux/vmcore_info.h>)
#include <linux/vmcore_info.h>
#elif __has_include(<linux/crash_core.h>)
#include <linux/crash_core.h>
#else
#include <linux/kexec.h>
#endif
