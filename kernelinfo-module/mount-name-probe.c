// SPDX-License-Identifier: GPL-2.0
/*
 * Finds mnt_devname: the one word beside the vfsmount that points to the name
 * of what is mounted. kern_mount() names the type of the file system; ramfs of
 * some kernels ignores it, and the VFS then writes "none".
 */

#include <linux/init.h>
#include <linux/string.h>

#include "mount-probe.h"

static bool __init points_to_text(const struct vfsmount *mnt, long offset, const char *text)
{
	const size_t size = strlen(text) + 1;
	unsigned long word;
	char seen[16];

	return size <= sizeof(seen) && read_mount_word(mnt, offset, &word) &&
	       !copy_from_kernel_nofault(seen, (const char *)word, size) &&
	       !memcmp(seen, text, size);
}

bool __init ki_may_be_devname(const struct own_mounts *own, long offset)
{
	int i;

	for (i = 0; i < own->count; i++) {
		if (!points_to_text(own->mounts[i], offset, own->type->name) &&
		    !points_to_text(own->mounts[i], offset, "none"))
			return false;
	}
	return true;
}
