/* SPDX-License-Identifier: GPL-2.0 */
/* Structures that only look like the kernel's, to be asked about by rows that call its functions. */
#ifndef KERNELINFO_MADE_UP_H
#define KERNELINFO_MADE_UP_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kernelinfo-headers.h"

/* By its address, because an unknown name is an error everywhere, and a call of it is not. */
#define CALL(function)	(&(function))

/* A file has room for what is behind it in a struct backing_file. */
static struct file *made_up_file;
/* Mappings that end where the heap begins, and begin where it ends. */
static struct vm_area_struct *made_up_vma_below_heap;
static struct vm_area_struct *made_up_vma_above_heap;
static struct mm_struct *made_up_mm;

static void free_made_up(void)
{
	kfree(made_up_file);
	kfree(made_up_vma_below_heap);
	kfree(made_up_vma_above_heap);
	kfree(made_up_mm);
}

static bool make_up(void)
{
	made_up_file = kzalloc(PAGE_SIZE, GFP_KERNEL);
	made_up_vma_below_heap = kzalloc(sizeof(*made_up_vma_below_heap), GFP_KERNEL);
	made_up_vma_above_heap = kzalloc(sizeof(*made_up_vma_above_heap), GFP_KERNEL);
	made_up_mm = kzalloc(sizeof(*made_up_mm), GFP_KERNEL);
	if (!made_up_file || !made_up_vma_below_heap || !made_up_vma_above_heap || !made_up_mm)
		return false;
	made_up_mm->start_brk = 4 * PAGE_SIZE;
	made_up_mm->brk = 6 * PAGE_SIZE;
	made_up_vma_below_heap->vm_mm = made_up_vma_above_heap->vm_mm = made_up_mm;
	made_up_vma_below_heap->vm_start = 2 * PAGE_SIZE;
	made_up_vma_below_heap->vm_end = made_up_mm->start_brk;
	made_up_vma_above_heap->vm_start = made_up_mm->brk;
	made_up_vma_above_heap->vm_end = 8 * PAGE_SIZE;
	return true;
}

#endif
