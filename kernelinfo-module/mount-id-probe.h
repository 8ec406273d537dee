/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds mnt_id. A mount gets the lowest number that is free, so those of our
 * own mounts are small, each larger than the one before, and somewhere only by
 * a little.
 *
 * By less than 4 at least once: mnt_pcp, too, can be small and ascending, but
 * what it points to holds an int. mnt_id_unique ascends by one, but its numbers
 * start at 2^31.
 */
#ifndef KERNELINFO_MOUNT_ID_PROBE_H
#define KERNELINFO_MOUNT_ID_PROBE_H

#include "climbed-mounts.h"
#include "own-mounts.h"

/* No system has as many mounts. */
#define MOUNT_ID_LIMIT	(1 << 24)

static bool read_mount_id(const struct vfsmount *mnt, long offset, int *id)
{
	return !copy_from_kernel_nofault(id, (const char *)mnt + offset, sizeof(*id)) && *id >= 0 &&
	       *id < MOUNT_ID_LIMIT;
}

static bool may_be_id(const struct own_mounts *own, long offset)
{
	bool close = false;
	int before = -1;
	int id, i;

	for (i = 0; i < own->count; i++) {
		if (!read_mount_id(own->mounts[i], offset, &id) || id <= before)
			return false;
		close |= i > 0 && id - before < (int)sizeof(int);
		before = id;
	}
	return close;
}

/* The mounts of the system have numbers too, and none of them one of ours. */
static void confirm_ids(const struct own_mounts *own, const struct climbed_mounts *climbed, struct probed_offset *found)
{
	int id, own_id, i, j;

	for (i = 0; i < climbed->count; i++) {
		bool differs = read_mount_id(climbed->steps[i].mnt, found->offset, &id);

		for (j = 0; differs && j < own->count; j++)
			differs = read_mount_id(own->mounts[j], found->offset, &own_id) && id != own_id;
		if (!differs)
			found->failure = "a mount of the system contradicts the number that looks like it";
	}
}

#endif
