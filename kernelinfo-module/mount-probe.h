/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mounts that mount-probe.c compares, and the tests of where a member of
 * struct mount may be.
 */
#ifndef KERNELINFO_MOUNT_PROBE_H
#define KERNELINFO_MOUNT_PROBE_H

#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/path.h>

#include "compat.h"
#include "kernelinfo.h"

/* Enough that two of them have ids next to each other. */
#define OWN_MOUNTS	8
/* How far from the vfsmount to search, in bytes. */
#define MOUNT_REACH	512

/* Mounts of our own, which nobody else changes. */
struct own_mounts {
	struct file_system_type *type;
	/* In the order in which they were made. */
	struct vfsmount *mounts[OWN_MOUNTS];
	int count;
	/* Bytes from the vfsmount to where another one may begin: a struct mount ends before. */
	long reach;
};

/* Returns NULL, or the reason why there are no mounts. */
const char *ki_open_own_mounts(struct own_mounts *own, struct file_system_type *type);
void ki_close_own_mounts(struct own_mounts *own);

/* More roots, and more mounts above them, are left out. */
#define CLIMBED_ROOTS	32
#define CLIMBED_MOUNTS	128

/* A mount of the system, and where follow_up() goes from its root. */
struct climbed_mount {
	struct vfsmount *mnt;
	/* Where it is mounted; its own root where follow_up() goes no further. */
	struct path above;
	bool up;
};

struct climbed_mounts {
	struct path roots[CLIMBED_ROOTS];
	int root_count;
	struct climbed_mount steps[CLIMBED_MOUNTS];
	int count;
};

/* Returns NULL if there is no memory. */
struct climbed_mounts *ki_climb_mounts(void);
void ki_free_climbed_mounts(struct climbed_mounts *climbed);

/*
 * What is only guessed to belong to a mount is read without a fault. What lies
 * before the start of a struct mount and after its end is another object, and
 * usually another mount with lists of its own.
 */
static inline bool read_mount_word(const struct vfsmount *mnt, long offset, unsigned long *word)
{
	return !copy_from_kernel_nofault(word, (const char *)mnt + offset, sizeof(*word));
}

/* Whether a member of all own mounts may be at this offset from the vfsmount. */
typedef bool (*mount_test)(const struct own_mounts *own, long offset);

/* The one offset from `from` on, outside of the vfsmount, that passes the test. */
void ki_find_in_mounts(const struct own_mounts *own, long from, long step, mount_test test,
		       struct probed_offset *found);

bool ki_may_be_mountpoint(const struct own_mounts *own, long offset);
bool ki_may_be_devname(const struct own_mounts *own, long offset);
bool ki_may_be_id(const struct own_mounts *own, long offset);

/* Returns the bytes from the start of the struct mount to its vfsmount. */
long ki_find_parent(const struct own_mounts *own, struct probed_offset *found);

/* Hold what was found in our own mounts against those of the system. */
void ki_confirm_parents(const struct climbed_mounts *climbed, long start,
			struct probed_offset *parent, struct probed_offset *mountpoint);
void ki_confirm_ids(const struct own_mounts *own, const struct climbed_mounts *climbed,
		    struct probed_offset *found);

/* `parent` and `start` are what ki_find_parent() found. */
void ki_probe_mount_lists(const struct own_mounts *own, const struct climbed_mounts *climbed,
			  long parent, long start, struct probed_offset *mounts,
			  struct probed_offset *child);

#endif
