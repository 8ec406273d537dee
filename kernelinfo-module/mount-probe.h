/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds mnt_parent and mnt_mountpoint around a struct vfsmount.
 *
 * Since Linux commit 7d6fec45a513 ("vfs: start hiding vfsmount guts series")
 * (in v3.3) both are in struct mount, which is private to the VFS and has a
 * vfsmount embedded in it. Its layout is not copied here but observed:
 *
 * - A mount of our own is its own parent and its mountpoint is its own root.
 *   mnt_parent therefore is the one word beside the vfsmount that points to
 *   where the struct mount starts, a little before the vfsmount;
 *   mnt_mountpoint is the one word beside it that points to the root dentry.
 *   Both must be at the same place in two such mounts.
 * - The mounts on the way up from the loader's root must agree: follow_up()
 *   tells parent and mountpoint of each.
 *
 * Words that are only guessed to belong to a mount are read with
 * copy_from_kernel_nofault(). What lies before the start of the struct mount
 * is another object, and usually another mount with lists of its own.
 */
#ifndef KERNELINFO_MOUNT_PROBE_H
#define KERNELINFO_MOUNT_PROBE_H

#include <linux/limits.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/uaccess.h>

#include "kernelinfo-headers.h"

/* An offset from a struct vfsmount, which may be negative, or why there is none. */
struct probed_offset {
	long offset;
	const char *failure;
};

struct mount_offsets {
	struct probed_offset parent;
	struct probed_offset mountpoint;
};

/* How far from the vfsmount is looked, in bytes; in practice the two words are just before it. */
#define MOUNT_PROBE_REACH	256
/* More mounts on mounts than this are not followed. */
#define MOUNT_PROBE_CLIMB	64

static bool read_mount_word(const struct vfsmount *mnt, long offset, unsigned long *word)
{
	return !copy_from_kernel_nofault(word, (const char *)mnt + offset, sizeof(*word));
}

/* What was seen of two mounts of our own so far. */
struct mount_search {
	const struct vfsmount *one;
	const struct vfsmount *other;
	/* Bytes from the start of the struct mount to its vfsmount, once mnt_parent was seen. */
	long start;
	int parents;
	int mountpoints;
};

/* Bytes from where the word points to up to the vfsmount; out of reach if it cannot be read. */
static long points_before(const struct vfsmount *mnt, long offset)
{
	unsigned long word;

	return read_mount_word(mnt, offset, &word) ? (long)((unsigned long)mnt - word) : LONG_MAX;
}

static bool points_to_root(const struct vfsmount *mnt, long offset)
{
	unsigned long word;

	return read_mount_word(mnt, offset, &word) && word == (unsigned long)mnt->mnt_root;
}

static void look_at_word(struct mount_search *search, struct mount_offsets *found, long offset)
{
	const long start = points_before(search->one, offset);

	/* A struct mount holds both its mnt_parent and its vfsmount. */
	if (start >= 0 && start <= MOUNT_PROBE_REACH && start >= -offset &&
	    start == points_before(search->other, offset)) {
		found->parent.offset = offset;
		search->start = start;
		search->parents++;
	}
	if (points_to_root(search->one, offset) && points_to_root(search->other, offset)) {
		found->mountpoint.offset = offset;
		search->mountpoints++;
	}
}

static const char *describe_candidates(int candidates)
{
	if (candidates == 1)
		return NULL;
	return candidates ? "several words look like it" : "no word looks like it";
}

/* Looks for the words that have the shape of the two members in both mounts; returns where the mount starts. */
static long compare_own_mounts(struct mount_search *search, struct mount_offsets *found)
{
	const long word = sizeof(long);
	long offset;

	for (offset = ALIGN(sizeof(struct vfsmount), sizeof(long)); offset < MOUNT_PROBE_REACH; offset += word)
		look_at_word(search, found, offset);
	for (offset = -word; offset >= -MOUNT_PROBE_REACH; offset -= word) {
		if (search->parents && offset < -search->start)
			break;
		look_at_word(search, found, offset);
	}
	found->parent.failure = describe_candidates(search->parents);
	found->mountpoint.failure = describe_candidates(search->mountpoints);
	return search->start;
}

/* Holds each mount above the loader's root against what follow_up() says of it. */
static void confirm_by_climbing(struct mount_offsets *found, long start)
{
	struct path path;
	int climbed;

	get_fs_root(current->fs, &path);
	for (climbed = 0; climbed < MOUNT_PROBE_CLIMB; climbed++) {
		/* follow_up() lets go of this mount; the namespace or the loader's root still holds it. */
		const struct vfsmount *mnt = path.mnt;
		unsigned long parent, mountpoint;
		bool up;

		if (!read_mount_word(mnt, found->parent.offset, &parent) ||
		    !read_mount_word(mnt, found->mountpoint.offset, &mountpoint))
			parent = mountpoint = 0;
		up = follow_up(&path);
		/* Without a parent it stays where it was: the mount is its own parent. */
		if (parent + start != (unsigned long)path.mnt)
			found->parent.failure = "follow_up() contradicts the word that looks like it";
		if (up && mountpoint != (unsigned long)path.dentry)
			found->mountpoint.failure = "follow_up() contradicts the word that looks like it";
		if (!up)
			break;
	}
	path_put(&path);
}

static struct mount_offsets probe_mounts_of(struct file_system_type *type)
{
	struct mount_offsets found = { { 0 } };
	struct mount_search search = { 0 };
	struct vfsmount *one, *other;
	long start;

	one = kern_mount(type);
	if (IS_ERR(one)) {
		found.parent.failure = found.mountpoint.failure = "a mount of ramfs failed";
		return found;
	}
	other = kern_mount(type);
	if (IS_ERR(other)) {
		found.parent.failure = found.mountpoint.failure = "a mount of ramfs failed";
	} else {
		search.one = one;
		search.other = other;
		start = compare_own_mounts(&search, &found);
		if (!found.parent.failure && !found.mountpoint.failure)
			confirm_by_climbing(&found, start);
		kern_unmount(other);
	}
	kern_unmount(one);
	return found;
}

/* ramfs is in every kernel, and it has no module whose reference would be held. */
static struct mount_offsets probe_mount_offsets(void)
{
	struct mount_offsets found = { { 0 } };
	struct file_system_type *type = get_fs_type("ramfs");

	if (!type) {
		found.parent.failure = found.mountpoint.failure = "this kernel has no ramfs";
		return found;
	}
	found = probe_mounts_of(type);
	module_put(type->owner);
	return found;
}

#endif
