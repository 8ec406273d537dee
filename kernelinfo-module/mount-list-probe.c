// SPDX-License-Identifier: GPL-2.0
/*
 * Finds mnt_mounts and mnt_child: in a mount of our own both are empty lists,
 * and the mnt_child of a mount on another one is on the mnt_mounts of its
 * parent, as are those of other mounts with this parent and nothing else.
 *
 * Exactly one pair of lists must be so for every mount that was climbed from.
 *
 * The lists of children are alive, and namespace_sem and mount_lock, which they
 * change under, are not exported. A child may be taken off, and freed, while its
 * parent's list is walked. So nothing on the list is dereferenced: each node is
 * copied without a fault, the walk ends after MOUNT_CHILDREN nodes, and a node
 * that is not in a mount with this parent makes the pair fail. A change in the
 * middle of the walk thus leaves the rows out rather than printing wrong ones.
 */

#include <linux/init.h>
#include <linux/list.h>

#include "mount-probe.h"

/* A struct mount has about ten lists. */
#define MOUNT_LISTS	32
/* A mount with more mounts on it is not believed. */
#define MOUNT_CHILDREN	65536

static bool __init is_empty_list(const struct own_mounts *own, long offset)
{
	unsigned long next, prev;
	int i;

	for (i = 0; i < own->count; i++) {
		const unsigned long self = (unsigned long)own->mounts[i] + offset;

		if (!read_mount_word(own->mounts[i], offset, &next) || next != self)
			return false;
		if (!read_mount_word(own->mounts[i], offset + sizeof(long), &prev) || prev != self)
			return false;
	}
	return true;
}

static int __init collect_empty_lists(const struct own_mounts *own, long from, long *offsets)
{
	const long size = sizeof(struct list_head);
	long offset;
	int count = 0;

	for (offset = from; offset + size <= own->reach; offset += sizeof(long)) {
		if (count < MOUNT_LISTS && is_empty_list(own, offset))
			offsets[count++] = offset;
	}
	return count;
}

/* A pair of lists that is tried, and where a mount has its parent, all from the vfsmount. */
struct child_list {
	long mounts;
	long child;
	long parent;
	/* From the start of the struct mount to its vfsmount. */
	long start;
};

/* Whether the list of the parent holds this mount, and nothing but mounts of this parent. */
static bool __init is_on_list_of(const struct child_list *list, const struct vfsmount *mnt,
				 const struct vfsmount *parent)
{
	const unsigned long head = (unsigned long)parent + list->mounts;
	unsigned long node = head;
	bool found = false;
	int i;

	for (i = 0; i < MOUNT_CHILDREN; i++) {
		const struct vfsmount *child;
		struct list_head links;
		unsigned long word;

		if (copy_from_kernel_nofault(&links, (const void *)node, sizeof(links)))
			return false;
		node = (unsigned long)links.next;
		if (node == head)
			return found;
		child = (const struct vfsmount *)(node - list->child);
		if (!read_mount_word(child, list->parent, &word) ||
		    word + list->start != (unsigned long)parent)
			return false;
		if (child == mnt)
			found = true;
	}
	return false;
}

static bool __init holds_everywhere(const struct child_list *list,
				    const struct climbed_mounts *climbed)
{
	int pairs = 0;
	int i;

	for (i = 0; i < climbed->count; i++) {
		const struct climbed_mount *step = &climbed->steps[i];

		if (!step->up)
			continue;
		if (!is_on_list_of(list, step->mnt, step->above.mnt))
			return false;
		pairs++;
	}
	return pairs > 0;
}

void __init ki_probe_mount_lists(const struct own_mounts *own, const struct climbed_mounts *climbed,
				 long parent, long start, struct probed_offset *mounts,
				 struct probed_offset *child)
{
	struct child_list list = { .parent = parent, .start = start };
	long offsets[MOUNT_LISTS];
	const int count = collect_empty_lists(own, -start, offsets);
	int i, j, candidates = 0;

	for (i = 0; i < count; i++) {
		for (j = 0; j < count; j++) {
			list.mounts = offsets[i];
			list.child = offsets[j];
			if (i == j || !holds_everywhere(&list, climbed))
				continue;
			mounts->offset = list.mounts;
			child->offset = list.child;
			candidates++;
		}
	}
	mounts->failure = describe_candidates(candidates);
	child->failure = mounts->failure;
}
