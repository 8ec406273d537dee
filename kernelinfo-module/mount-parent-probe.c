// SPDX-License-Identifier: GPL-2.0
/*
 * Finds mnt_parent and mnt_mountpoint, and where the struct mount begins.
 *
 * A mount of our own is its own parent, and its mountpoint is its own root.
 * mnt_parent therefore is the one word beside the vfsmount that points to the
 * start of the struct mount, a little before the vfsmount; mnt_mountpoint is
 * the one word beside it that points to the root dentry. Where the struct mount
 * begins with a list, as it does before Linux commit 38129a13e6e7 ("switch
 * mnt_hash to hlist") (in v3.14), the words of the empty list point there too.
 */

#include <linux/init.h>
#include <linux/kernel.h>

#include "mount-probe.h"

/* Bytes from where the word points to up to the vfsmount; LONG_MAX if it cannot be read. */
static long __init points_before(const struct vfsmount *mnt, long offset)
{
	unsigned long word;

	if (!read_mount_word(mnt, offset, &word))
		return LONG_MAX;
	return (long)((unsigned long)mnt - word);
}

/* Whether the word is one of an empty list at the start of the struct mount. */
static bool __init is_of_first_list(const struct vfsmount *mnt, long offset, long start)
{
	return offset + start == 0 || (offset + start == sizeof(struct list_head *) &&
				       points_before(mnt, -start) == start);
}

/* A struct mount holds both its mnt_parent and its vfsmount. */
static bool __init may_be_parent(const struct own_mounts *own, long offset)
{
	const long start = points_before(own->mounts[0], offset);
	int i;

	if (start < 0 || start > MOUNT_REACH || start < -offset)
		return false;
	if (is_of_first_list(own->mounts[0], offset, start))
		return false;
	for (i = 1; i < own->count; i++) {
		if (points_before(own->mounts[i], offset) != start)
			return false;
	}
	return true;
}

/*
 * The search ends at the start of the struct mount: before it there may be a
 * mount that looks the same.
 */
long __init ki_find_parent(const struct own_mounts *own, struct probed_offset *found)
{
	const long word = sizeof(long);
	long first = -MOUNT_REACH;
	long offset;
	int candidates = 0;

	found->offset = 0;
	for (offset = own->reach - word; offset >= first; offset -= word) {
		if (offset >= 0 && offset < (long)sizeof(struct vfsmount))
			continue;
		if (!may_be_parent(own, offset))
			continue;
		found->offset = offset;
		candidates++;
		first = max(first, -points_before(own->mounts[0], offset));
	}
	found->failure = describe_candidates(candidates);
	return points_before(own->mounts[0], found->offset);
}

bool __init ki_may_be_mountpoint(const struct own_mounts *own, long offset)
{
	unsigned long word;
	int i;

	for (i = 0; i < own->count; i++) {
		if (!read_mount_word(own->mounts[i], offset, &word) ||
		    word != (unsigned long)own->mounts[i]->mnt_root)
			return false;
	}
	return true;
}

void __init ki_confirm_parents(const struct climbed_mounts *climbed, long start,
			       struct probed_offset *parent, struct probed_offset *mountpoint)
{
	static const char contradicted[] = "follow_up() contradicts the word that looks like it";
	unsigned long word;
	int i;

	for (i = 0; i < climbed->count; i++) {
		const struct climbed_mount *step = &climbed->steps[i];

		/* Without a parent, follow_up() stays: the mount is its own parent. */
		if (!read_mount_word(step->mnt, parent->offset, &word) ||
		    word + start != (unsigned long)step->above.mnt)
			parent->failure = contradicted;
		if (!step->up || mountpoint->failure)
			continue;
		if (!read_mount_word(step->mnt, mountpoint->offset, &word) ||
		    word != (unsigned long)step->above.dentry)
			mountpoint->failure = contradicted;
	}
}
