/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mounts of our own, which nobody else changes, and words beside their struct vfsmount.
 *
 * Words that are only guessed to belong to a mount are read with
 * copy_from_kernel_nofault(). What lies before the start of a struct mount
 * and after its end is another object, and usually another mount with lists
 * of its own.
 */
#ifndef KERNELINFO_OWN_MOUNTS_H
#define KERNELINFO_OWN_MOUNTS_H

#include <linux/err.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/uaccess.h>

#include "probed-offset.h"

/* Enough that two of them have numbers next to each other. */
#define OWN_MOUNTS	8
/* How far from the vfsmount is looked, in bytes. */
#define MOUNT_REACH	512

struct own_mounts {
	struct file_system_type *type;
	/* In the order in which they were made. */
	struct vfsmount *mounts[OWN_MOUNTS];
	int count;
	/* Where another of them may begin, in bytes from the vfsmount: a struct mount ends before. */
	long reach;
};

static bool read_mount_word(const struct vfsmount *mnt, long offset, unsigned long *word)
{
	return !copy_from_kernel_nofault(word, (const char *)mnt + offset, sizeof(*word));
}

static long mount_distance(const struct vfsmount *one, const struct vfsmount *other)
{
	return one < other ? (const char *)other - (const char *)one : (const char *)one - (const char *)other;
}

static void close_own_mounts(struct own_mounts *own)
{
	while (own->count > 0)
		kern_unmount(own->mounts[--own->count]);
}

/* Makes the mounts, or none and returns why. */
static const char *open_own_mounts(struct own_mounts *own, struct file_system_type *type)
{
	int other;

	own->type = type;
	own->reach = MOUNT_REACH;
	for (own->count = 0; own->count < OWN_MOUNTS; own->count++) {
		struct vfsmount *mnt = kern_mount(type);

		if (IS_ERR(mnt)) {
			close_own_mounts(own);
			return "a mount of ramfs failed";
		}
		own->mounts[own->count] = mnt;
		for (other = 0; other < own->count; other++)
			own->reach = min(own->reach, mount_distance(mnt, own->mounts[other]));
	}
	return NULL;
}

/* Whether a member of all own mounts may be at this offset from the vfsmount. */
typedef bool (*mount_test)(const struct own_mounts *own, long offset);

/* The one offset that passes the test, from `from` on and outside of the vfsmount. */
static struct probed_offset find_in_mounts(const struct own_mounts *own, long from, long step, mount_test test)
{
	struct probed_offset found = { 0 };
	int candidates = 0;
	long offset;

	for (offset = from; offset + step <= own->reach; offset += step) {
		if (offset >= 0 && offset < (long)sizeof(struct vfsmount))
			continue;
		if (!test(own, offset))
			continue;
		found.offset = offset;
		candidates++;
	}
	found.failure = describe_candidates(candidates);
	return found;
}

#endif
