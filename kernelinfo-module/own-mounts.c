// SPDX-License-Identifier: GPL-2.0
/*
 * Mounts of our own. They are in no mount namespace, so no process sees them or
 * changes them.
 */

#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>

#include "mount-probe.h"

static long __init mount_distance(const struct vfsmount *one, const struct vfsmount *other)
{
	return one < other ? (const char *)other - (const char *)one :
			     (const char *)one - (const char *)other;
}

void __init ki_close_own_mounts(struct own_mounts *own)
{
	while (own->count > 0)
		kern_unmount(own->mounts[--own->count]);
}

const char * __init ki_open_own_mounts(struct own_mounts *own, struct file_system_type *type)
{
	int other;

	own->type = type;
	own->reach = MOUNT_REACH;
	for (own->count = 0; own->count < OWN_MOUNTS; own->count++) {
		struct vfsmount *mnt = kern_mount(type);

		if (IS_ERR(mnt)) {
			ki_close_own_mounts(own);
			return "a mount of ramfs failed";
		}
		own->mounts[own->count] = mnt;
		for (other = 0; other < own->count; other++)
			own->reach = min(own->reach, mount_distance(mnt, own->mounts[other]));
	}
	return NULL;
}

void __init ki_find_in_mounts(const struct own_mounts *own, long from, long step, mount_test test,
			      struct probed_offset *found)
{
	int candidates = 0;
	long offset;

	found->offset = 0;
	for (offset = from; offset + step <= own->reach; offset += step) {
		if (offset >= 0 && offset < (long)sizeof(struct vfsmount))
			continue;
		if (!test(own, offset))
			continue;
		found->offset = offset;
		candidates++;
	}
	found->failure = describe_candidates(candidates);
}
