/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds members of struct mount around its struct vfsmount.
 *
 * Since Linux commit 7d6fec45a513 ("vfs: start hiding vfsmount guts series")
 * (in v3.3) struct mount is private to the VFS and has a vfsmount embedded in
 * it. Its layout is not copied here but observed, on mounts of our own and on
 * the mounts of the running system.
 */
#ifndef KERNELINFO_MOUNT_PROBE_H
#define KERNELINFO_MOUNT_PROBE_H

#include <linux/fs.h>
#include <linux/module.h>

#include "climbed-mounts.h"
#include "mount-id-probe.h"
#include "mount-list-probe.h"
#include "mount-name-probe.h"
#include "mount-parent-probe.h"
#include "own-mounts.h"

/* All but `mnt` are counted from the vfsmount. */
struct mount_offsets {
	struct probed_offset parent;
	struct probed_offset mountpoint;
	/* From the start of the struct mount to its vfsmount. */
	struct probed_offset mnt;
	struct probed_offset mounts;
	struct probed_offset child;
	struct probed_offset devname;
	struct probed_offset id;
};

static struct mount_offsets no_mount_offsets(const char *failure)
{
	const struct probed_offset none = { .failure = failure };

	return (struct mount_offsets){ none, none, none, none, none, none, none };
}

static struct mount_offsets compare_mounts(struct own_mounts *own, const struct climbed_mounts *climbed)
{
	struct mount_offsets found;
	long start;

	found.parent = find_parent(own);
	if (found.parent.failure)
		return no_mount_offsets(found.parent.failure);
	start = points_before(own->mounts[0], found.parent.offset);
	/* What is counted from the vfsmount ends where the next mount starts. */
	own->reach -= start;
	found.mountpoint = find_in_mounts(own, -start, sizeof(long), may_be_mountpoint);
	confirm_parents(climbed, start, &found.parent, &found.mountpoint);
	if (found.parent.failure)
		return no_mount_offsets(found.parent.failure);
	found.mnt = (struct probed_offset){ .offset = start };
	found.devname = find_in_mounts(own, -start, sizeof(long), may_be_devname);
	found.id = find_in_mounts(own, -start, sizeof(int), may_be_id);
	if (!found.id.failure)
		confirm_ids(own, climbed, &found.id);
	probe_mount_lists(own, climbed, found.parent.offset, start, &found.mounts, &found.child);
	return found;
}

static struct mount_offsets probe_mounts_of(struct file_system_type *type)
{
	struct mount_offsets found;
	struct own_mounts own;
	struct climbed_mounts *climbed;
	const char *failure = open_own_mounts(&own, type);

	if (failure)
		return no_mount_offsets(failure);
	climbed = climb_mounts();
	if (climbed) {
		found = compare_mounts(&own, climbed);
		free_climbed_mounts(climbed);
	} else {
		found = no_mount_offsets("no memory");
	}
	close_own_mounts(&own);
	return found;
}

/* ramfs is in every kernel, and it has no module whose reference would be held. */
static struct mount_offsets probe_mount_offsets(void)
{
	struct file_system_type *type = get_fs_type("ramfs");
	struct mount_offsets found;

	if (!type)
		return no_mount_offsets("this kernel has no ramfs");
	found = probe_mounts_of(type);
	module_put(type->owner);
	return found;
}

#endif
