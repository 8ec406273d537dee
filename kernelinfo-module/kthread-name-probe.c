// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the pointer to a thread's whole name in its struct kthread, which is
 * private to kernel/kthread.c: makes a thread whose name is too long for
 * task_struct.comm, and looks for the word that leads to that name.
 *
 * The thread never runs: it is stopped before it was woken up.
 */

#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "kernelinfo.h"

#define THREAD_NAME	"kernelinfo_thread_with_forty_letters_abc"

static int __init never_runs(void *data)
{
	return 0;
}

static bool __init leads_to_name(const void *at)
{
	char name[sizeof(THREAD_NAME)];
	const void *text;

	return !copy_from_kernel_nofault(&text, at, sizeof(text)) && text &&
	       !copy_from_kernel_nofault(name, text, sizeof(name)) &&
	       !memcmp(name, THREAD_NAME, sizeof(name));
}

/*
 * The structure is an object of kmalloc(), and is zeroed as a whole. Behind it
 * may be one of an earlier thread, whose pointer leads to the same memory.
 */
static void __init find_name(const char *kthread, struct probed_offset *found)
{
	const long size = ksize(kthread);
	int candidates = 0;
	long offset;

	for (offset = 0; offset < size; offset += sizeof(void *)) {
		if (!leads_to_name(kthread + offset))
			continue;
		found->offset = offset;
		candidates++;
	}
	found->failure = describe_candidates(candidates);
}

void __init ki_find_kthread_name(struct probed_offset *found)
{
	struct task_struct *thread = kthread_create(never_runs, NULL, THREAD_NAME);

	found->failure = "no thread could be made";
	if (IS_ERR(thread))
		return;
	find_name(thread->worker_private, found);
	kthread_stop(thread);
}
