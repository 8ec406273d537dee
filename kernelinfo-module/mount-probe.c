// SPDX-License-Identifier: GPL-2.0
/*
 * Finds members of struct mount around its struct vfsmount.
 *
 * Since Linux commit 7d6fec45a513 ("vfs: start hiding vfsmount guts series")
 * (in v3.3) struct mount is private to the VFS and has a vfsmount embedded in
 * it. Its layout is not copied here but observed, on mounts of our own and on
 * the mounts of the running system.
 *
 * The mounts of the system are alive: namespace_sem and mount_lock, under which
 * they are moved, mounted and unmounted, are not exported. References keep the
 * mounts that are looked at from being freed, not from being moved. Nothing is
 * concluded from them alone: they only confirm or contradict what our own mounts
 * show, or single out one pair of lists. A mount that is moved in between makes
 * a row missing, and loading the module again brings it back.
 */

#include <linux/fs.h>
#include <linux/init.h>
#include <linux/module.h>

#include "mount-probe.h"

static void __init compare_mounts(struct own_mounts *own, const struct climbed_mounts *climbed,
				  struct mount_offsets *found)
{
	const long start = ki_find_parent(own, &found->parent);

	if (found->parent.failure) {
		fail_mounts(found, found->parent.failure);
		return;
	}
	/* Offsets from the vfsmount end where the next struct mount starts. */
	own->reach -= start;
	ki_find_in_mounts(own, -start, sizeof(long), ki_may_be_mountpoint, &found->mountpoint);
	ki_confirm_parents(climbed, start, &found->parent, &found->mountpoint);
	if (found->parent.failure) {
		fail_mounts(found, found->parent.failure);
		return;
	}
	found->mnt.offset = start;
	found->mnt.failure = NULL;
	ki_find_in_mounts(own, -start, sizeof(long), ki_may_be_devname, &found->devname);
	ki_find_in_mounts(own, -start, sizeof(int), ki_may_be_id, &found->id);
	if (!found->id.failure)
		ki_confirm_ids(own, climbed, &found->id);
	ki_probe_mount_lists(own, climbed, found->parent.offset, start, &found->mounts,
			     &found->child);
}

static void __init probe_mounts_of(struct file_system_type *type, struct mount_offsets *found)
{
	struct climbed_mounts *climbed;
	struct own_mounts own;
	const char *failure = ki_open_own_mounts(&own, type);

	if (failure) {
		fail_mounts(found, failure);
		return;
	}
	climbed = ki_climb_mounts();
	if (climbed) {
		compare_mounts(&own, climbed, found);
		ki_free_climbed_mounts(climbed);
	} else {
		fail_mounts(found, "no memory");
	}
	ki_close_own_mounts(&own);
}

/* ramfs is in every kernel, and it has no module whose reference would be held. */
void __init ki_probe_mounts(struct mount_offsets *found)
{
	struct file_system_type *type = get_fs_type("ramfs");

	if (!type) {
		fail_mounts(found, "this kernel has no ramfs");
		return;
	}
	probe_mounts_of(type, found);
	module_put(type->owner);
}
