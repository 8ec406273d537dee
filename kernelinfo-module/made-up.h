/* SPDX-License-Identifier: GPL-2.0 */
/* Made-up structures, for rows that show what a function of the kernel does with them. */
#ifndef KERNELINFO_MADE_UP_H
#define KERNELINFO_MADE_UP_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <net/sock.h>

/* By address: an undeclared name is an error everywhere, a call of one is not. */
#define CALL(function)	(&(function))

/* With room behind it for the rest of a struct backing_file. */
extern struct file *made_up_file;
extern struct sock *made_up_sock;
/* A mapping that ends where the heap begins, and one that begins where it ends. */
extern struct vm_area_struct *made_up_vma_below_heap;
extern struct vm_area_struct *made_up_vma_above_heap;

int ki_make_up(void);
void ki_free_made_up(void);

#endif
