/* SPDX-License-Identifier: GPL-2.0 */
/* What the rows of kernelinfo-rows.h are made of; for the module and for the trial compilation. */

#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/mount.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/swap.h>
#include <linux/utsname.h>
#include <linux/version.h>
#include <asm/current.h>
#include <asm/page.h>

/* Linux commit 443cbaf9e2fd ("crash: split vmcoreinfo exporting code out from crash_core.c") (in v6.9) */
#if __has_include(<linux/vmcore_info.h>)
#include <linux/vmcore_info.h>
#elif __has_include(<linux/crash_core.h>)
#include <linux/crash_core.h>
#else
#include <linux/kexec.h>
#endif
