// SPDX-License-Identifier: GPL-2.0
/*
 * Finds out whether /proc/PID/task/TID/maps calls the mapping with the thread's
 * stack pointer [stack]. Kernels with and without it have the same headers, so
 * the kernel is asked: it writes the line of a made-up mapping that has every
 * stack pointer in it, and not the start of the made-up process's stack.
 *
 * The line is written into a buffer of the module's own, with the function that
 * a reader of the loader's own file would run. Nothing is read from the file.
 */

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "kernelinfo.h"

#ifdef HAVE_VMA_IS_STACK_FOR_TASK

static bool __init is_called_stack(struct seq_file *maps, struct vm_area_struct *vma)
{
	/* Closing the file frees the buffer. */
	maps->buf = kzalloc(PAGE_SIZE, GFP_KERNEL);
	if (!maps->buf)
		return false;
	maps->size = PAGE_SIZE;
	maps->op->show(maps, vma);
	maps->buf[PAGE_SIZE - 1] = '\0';
	return strstr(maps->buf, "[stack]") != NULL;
}

void __init ki_find_thread_stacks(struct found_address *found)
{
	struct vm_area_struct *vma = kzalloc(sizeof(*vma), GFP_KERNEL);
	struct mm_struct *mm = kzalloc(sizeof(*mm), GFP_KERNEL);
	struct file *file = ERR_PTR(-ENOMEM);
	char path[64];

	found->address = 0;
	found->failure = NULL;
	if (vma && mm) {
		vma->vm_mm = mm;
		vma->vm_start = PAGE_SIZE;
		vma->vm_end = TASK_SIZE;
		snprintf(path, sizeof(path), "/proc/self/task/%d/maps", task_pid_vnr(current));
		file = filp_open(path, O_RDONLY, 0);
	}
	if (IS_ERR(file)) {
		found->failure = "the loader cannot open its own maps in /proc";
	} else {
		found->address = is_called_stack(file->private_data, vma);
		fput(file);
	}
	kfree(mm);
	kfree(vma);
}

#else

/*
 * Before Linux commit 65376df58217 ("proc: revert /proc/<pid>/maps [stack:TID]
 * annotation") (in v4.5), and after Linux commit b18cb64ead40 ("fs/proc: Stop
 * trying to report thread stacks") (in v4.9), the headers alone decide.
 */
void __init ki_find_thread_stacks(struct found_address *found)
{
	found->failure = "the kernel has no vma_is_stack_for_task()";
}

#endif
