// SPDX-License-Identifier: GPL-2.0
#include <linux/init.h>
#include <linux/slab.h>

#include "made-up.h"

struct file *made_up_file __initdata;
struct sock *made_up_sock __initdata;
struct vm_area_struct *made_up_vma_below_heap __initdata;
struct vm_area_struct *made_up_vma_above_heap __initdata;
static struct mm_struct *made_up_mm __initdata;

void __init ki_free_made_up(void)
{
	kfree(made_up_file);
	kfree(made_up_sock);
	kfree(made_up_vma_below_heap);
	kfree(made_up_vma_above_heap);
	kfree(made_up_mm);
}

/* Even after a failure the caller has to call ki_free_made_up(). */
int __init ki_make_up(void)
{
	made_up_file = kzalloc(PAGE_SIZE, GFP_KERNEL);
	made_up_sock = kzalloc(sizeof(*made_up_sock), GFP_KERNEL);
	made_up_vma_below_heap = kzalloc(sizeof(*made_up_vma_below_heap), GFP_KERNEL);
	made_up_vma_above_heap = kzalloc(sizeof(*made_up_vma_above_heap), GFP_KERNEL);
	made_up_mm = kzalloc(sizeof(*made_up_mm), GFP_KERNEL);
	if (!made_up_file || !made_up_sock || !made_up_vma_below_heap || !made_up_vma_above_heap ||
	    !made_up_mm)
		return -ENOMEM;

	made_up_mm->start_brk = 4 * PAGE_SIZE;
	made_up_mm->brk = 6 * PAGE_SIZE;
	made_up_vma_below_heap->vm_mm = made_up_mm;
	made_up_vma_below_heap->vm_start = 2 * PAGE_SIZE;
	made_up_vma_below_heap->vm_end = made_up_mm->start_brk;
	made_up_vma_above_heap->vm_mm = made_up_mm;
	made_up_vma_above_heap->vm_start = made_up_mm->brk;
	made_up_vma_above_heap->vm_end = 8 * PAGE_SIZE;
	return 0;
}
