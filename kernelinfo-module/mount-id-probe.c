// SPDX-License-Identifier: GPL-2.0
/*
 * Finds mnt_id. A mount gets the lowest number that is free, so the ids of our
 * own mounts are small, each is larger than the one before, and at least once
 * only by a little.
 *
 * By less than 4 at least once: mnt_pcp, too, can be small and ascending, but
 * it points to an int. mnt_id_unique ascends by one, but its numbers start at
 * 2^31.
 */

#include <linux/init.h>

#include "mount-probe.h"

/* No system has as many mounts. */
#define MOUNT_ID_LIMIT	0x1000000

static bool __init read_mount_id(const struct vfsmount *mnt, long offset, int *id)
{
	return !copy_from_kernel_nofault(id, (const char *)mnt + offset, sizeof(*id)) &&
	       *id >= 0 && *id < MOUNT_ID_LIMIT;
}

bool __init ki_may_be_id(const struct own_mounts *own, long offset)
{
	bool close = false;
	int before = -1;
	int id, i;

	for (i = 0; i < own->count; i++) {
		if (!read_mount_id(own->mounts[i], offset, &id) || id <= before)
			return false;
		if (i > 0 && id - before < (int)sizeof(int))
			close = true;
		before = id;
	}
	return close;
}

static bool __init is_own_id(const struct own_mounts *own, long offset, int id)
{
	int own_id, i;

	for (i = 0; i < own->count; i++) {
		if (!read_mount_id(own->mounts[i], offset, &own_id) || own_id == id)
			return true;
	}
	return false;
}

/* The mounts of the system have ids too, and none of them one of ours. */
void __init ki_confirm_ids(const struct own_mounts *own, const struct climbed_mounts *climbed,
			   struct probed_offset *found)
{
	static const char contradicted[] =
		"a mount of the system contradicts the number that looks like it";
	int id, i;

	for (i = 0; i < climbed->count; i++) {
		if (!read_mount_id(climbed->steps[i].mnt, found->offset, &id) ||
		    is_own_id(own, found->offset, id))
			found->failure = contradicted;
	}
}
