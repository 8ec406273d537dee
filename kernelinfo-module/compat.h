/* SPDX-License-Identifier: GPL-2.0 */
/* Names that the probes use and that not every kernel has, or has in the same header. */
#ifndef KERNELINFO_COMPAT_H
#define KERNELINFO_COMPAT_H

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

/*
 * Linux commit 443cbaf9e2fd ("crash: split vmcoreinfo exporting code out from
 * crash_core.c") (in v6.9)
 */
#if defined(HAVE_VMCORE_INFO_H)
#include <linux/vmcore_info.h>
#elif defined(HAVE_CRASH_CORE_H)
#include <linux/crash_core.h>
#else
#include <linux/kexec.h>
#endif

/*
 * Linux commit 9740ca4e95b4 ("mmap locking API: initial implementation as rwsem
 * wrappers") (in v5.8)
 */
#ifdef HAVE_MMAP_LOCK_H
#include <linux/mmap_lock.h>
#else
#define mmap_read_lock(mm)	down_read(&(mm)->mmap_sem)
#define mmap_read_unlock(mm)	up_read(&(mm)->mmap_sem)
#endif

/* Before them, linux/sched.h has what they have (in v4.11). */
#ifdef HAVE_SCHED_SIGNAL_H
#include <linux/sched/signal.h>
#endif
#ifdef HAVE_SCHED_TASK_H
#include <linux/sched/task.h>
#endif

/*
 * Linux commit fe557319aa06 ("maccess: rename probe_kernel_{read,write} to
 * copy_{from,to}_kernel_nofault") (in v5.8). Its source was not const at first.
 */
#ifndef HAVE_COPY_FROM_KERNEL_NOFAULT
#define copy_from_kernel_nofault(to, from, size)	probe_kernel_read(to, (void *)(from), size)
#endif

#endif
