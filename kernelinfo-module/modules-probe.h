/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds the head of the list of modules: of all that is on the ring with this
 * module it is the one that lies in the kernel's image. The modules themselves
 * lie where modules are loaded.
 */
#ifndef KERNELINFO_MODULES_PROBE_H
#define KERNELINFO_MODULES_PROBE_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/uaccess.h>
#include <asm/pgtable.h>

#include "kernelinfo-headers.h"
#include "probed-offset.h"

#ifdef CONFIG_X86

/* A ring of more modules is not believed. */
#define MODULES_PROBE_RING	65536

/* The image is in one piece, and init_task is in its data. */
static bool is_in_image(unsigned long address)
{
	const unsigned long known = (unsigned long)&init_task;

	return (address < known ? known - address : address - known) < KERNEL_IMAGE_SIZE;
}

static struct found_address find_modules(void)
{
	struct found_address found = { 0 };
	const struct list_head *node = &THIS_MODULE->list;
	int i, heads = 0;

	rcu_read_lock();
	for (i = 0; i < MODULES_PROBE_RING; i++) {
		const unsigned long address = (unsigned long)node;
		struct list_head links;

		if ((address < MODULES_VADDR || address >= MODULES_END) && is_in_image(address)) {
			found.address = address;
			heads++;
		}
		if (copy_from_kernel_nofault(&links, node, sizeof(links)))
			break;
		node = links.next;
		if (node == &THIS_MODULE->list)
			break;
	}
	rcu_read_unlock();
	if (node != &THIS_MODULE->list)
		found.failure = "the list of modules is no ring";
	else
		found.failure = describe_candidates(heads);
	return found;
}

#else

static struct found_address find_modules(void)
{
	return (struct found_address){ .failure = "only known for x86" };
}

#endif

#endif
