/* SPDX-License-Identifier: GPL-2.0 */
/* The headers that the rows need, for main.c and for the trial compilation. */
#ifndef KERNELINFO_HEADERS_H
#define KERNELINFO_HEADERS_H

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

/* Linux commit 54a611b60590 ("Maple Tree: add new data structure") (in v6.1) */
#ifdef HAVE_MAPLE_TREE_H
#include <linux/maple_tree.h>
#endif

#endif
