/* SPDX-License-Identifier: GPL-2.0 */
/* The headers that the rows need, for main.c and for the trial compilation. */
#ifndef KERNELINFO_HEADERS_H
#define KERNELINFO_HEADERS_H

#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/idr.h>
#include <linux/ipv6.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/radix-tree.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/utsname.h>
#include <linux/version.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <asm/current.h>
#include <asm/page.h>
#include <asm/pgtable.h>

/* It needs linux/swap.h before it on kernels before 4.11. */
#include <linux/mm_inline.h>

#include "compat.h"

/* Linux commit d15bd7ee445d ("dma-buf: Introduce dma buffer sharing mechanism") (in v3.3) */
#ifdef HAVE_DMA_BUF_H
#include <linux/dma-buf.h>
#endif

/* Linux commit 0bb80f240520 ("proc: Split the namespace stuff out into linux/proc_ns.h") (in v3.10) */
#ifdef HAVE_PROC_NS_H
#include <linux/proc_ns.h>
#endif

/* Linux commit 54a611b60590 ("Maple Tree: add new data structure") (in v6.1) */
#ifdef HAVE_MAPLE_TREE_H
#include <linux/maple_tree.h>
#endif

/* The value where the structure has the member, or the kernel the function; elsewhere the row does not compile. */
#define WITH_MEMBER(type, member, value)	((value) + 0 * sizeof(((type *)0)->member))
#define WITH_FUNCTION(function, value)		((value) + 0 * sizeof(&(function)))

/* How far above the start of its kernel stack a task has the stack pointer of its program. */
#define STACK_SP_OFFSET		((char *)&task_pt_regs(current)->sp - (char *)task_stack_page(current))

#endif
