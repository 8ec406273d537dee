// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the head of the list of modules: of everything on the ring that this
 * module is on, it is the one that lies in the kernel's image. The modules
 * themselves lie where modules are loaded.
 *
 * The list is alive. module_mutex is not exported, so modules may be added and
 * removed while it is walked. Both are done with the RCU list functions, and a
 * module is freed only after a grace period, so within the read-side critical
 * section each next pointer leads on to a module or to the head. Preemption is
 * disabled because kernels that have several flavours of RCU wait for the sched
 * one. This module stays on the list while its init runs. A ring that does not
 * come back to it within MODULES_PROBE_RING steps, or that cannot be read, gives
 * no address.
 */

#include <linux/init.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <asm/pgtable.h>

#include "compat.h"
#include "kernelinfo.h"

#ifdef CONFIG_X86

/* A ring with more modules is taken for broken. */
#define MODULES_PROBE_RING	65536

/* The image is in one piece, and init_task is in its data. */
static bool __init is_in_image(unsigned long address)
{
	const unsigned long known = (unsigned long)&init_task;

	if (address >= MODULES_VADDR && address < MODULES_END)
		return false;
	return (address < known ? known - address : address - known) < KERNEL_IMAGE_SIZE;
}

void __init ki_find_modules(struct found_address *found)
{
	const struct list_head *start = &THIS_MODULE->list;
	const struct list_head *node = start;
	struct list_head links;
	int heads = 0;
	int i;

	found->address = 0;
	rcu_read_lock_sched();
	for (i = 0; i < MODULES_PROBE_RING; i++) {
		if (is_in_image((unsigned long)node)) {
			found->address = (unsigned long)node;
			heads++;
		}
		if (copy_from_kernel_nofault(&links, node, sizeof(links)))
			break;
		node = links.next;
		if (node == start)
			break;
	}
	rcu_read_unlock_sched();
	if (node != start)
		found->failure = "the list of modules is no ring";
	else
		found->failure = describe_candidates(heads);
}

#else

void __init ki_find_modules(struct found_address *found)
{
	found->failure = "only known for x86";
}

#endif
