/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds mnt_mounts and mnt_child: in a mount of our own both are empty lists,
 * and of a mount on another one the mnt_child is on the mnt_mounts of its
 * parent, as are those of other mounts with this parent and nothing else.
 *
 * Exactly one pair of lists must be so for every mount that was climbed from.
 */
#ifndef KERNELINFO_MOUNT_LIST_PROBE_H
#define KERNELINFO_MOUNT_LIST_PROBE_H

#include <linux/list.h>

#include "climbed-mounts.h"
#include "own-mounts.h"

/* A struct mount has about ten lists. */
#define MOUNT_LISTS	32
/* A mount with more mounts on it is not believed. */
#define MOUNT_CHILDREN	65536

static bool is_empty_list(const struct own_mounts *own, long offset)
{
	unsigned long next, prev;
	int i;

	for (i = 0; i < own->count; i++) {
		const unsigned long self = (unsigned long)own->mounts[i] + offset;

		if (!read_mount_word(own->mounts[i], offset, &next) || next != self ||
		    !read_mount_word(own->mounts[i], offset + sizeof(long), &prev) || prev != self)
			return false;
	}
	return true;
}

static int collect_empty_lists(const struct own_mounts *own, long from, long *offsets)
{
	long offset;
	int count = 0;

	for (offset = from; offset + (long)sizeof(struct list_head) <= own->reach; offset += sizeof(long)) {
		if (count < MOUNT_LISTS && is_empty_list(own, offset))
			offsets[count++] = offset;
	}
	return count;
}

/* What tells a child: where its struct vfsmount says who its parent is. */
struct child_list {
	long mounts;
	long child;
	long parent;
	long start;
};

/* Whether the list of the parent holds this mount, and nothing but mounts of this parent. */
static bool is_on_list_of(const struct child_list *list, const struct vfsmount *mnt, const struct vfsmount *parent)
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
		if (!read_mount_word(child, list->parent, &word) || word + list->start != (unsigned long)parent)
			return false;
		found |= child == mnt;
	}
	return false;
}

static bool holds_everywhere(const struct child_list *list, const struct climbed_mounts *climbed)
{
	int i, pairs = 0;

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

/* `parent` and `start` are what mount-parent-probe.h found. */
static void probe_mount_lists(const struct own_mounts *own, const struct climbed_mounts *climbed, long parent,
			      long start, struct probed_offset *mounts, struct probed_offset *child)
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
	mounts->failure = child->failure = describe_candidates(candidates);
}

#endif
