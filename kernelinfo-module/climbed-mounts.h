/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mounts of the running system with what follow_up() says of them: on the way
 * up from the root directory of the loader and of every other process.
 *
 * kdevtmpfs has a namespace in which one mount lies on another, so that there
 * is a pair on every kernel with CONFIG_DEVTMPFS, however bare the system is.
 */
#ifndef KERNELINFO_CLIMBED_MOUNTS_H
#define KERNELINFO_CLIMBED_MOUNTS_H

#include <linux/fs_struct.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

/* More roots, and more mounts above them, are not looked at. */
#define CLIMBED_ROOTS	32
#define CLIMBED_MOUNTS	128

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

static bool has_root(const struct climbed_mounts *climbed, const struct path *root)
{
	int i;

	for (i = 0; i < climbed->root_count; i++) {
		if (climbed->roots[i].mnt == root->mnt)
			return true;
	}
	return false;
}

static void take_roots(struct climbed_mounts *climbed)
{
	struct task_struct *task;

	get_fs_root(current->fs, &climbed->roots[climbed->root_count++]);
	rcu_read_lock();
	for_each_process(task) {
		if (climbed->root_count == CLIMBED_ROOTS)
			break;
		/* A root that was just changed may be taken twice, which does no harm. */
		task_lock(task);
		if (task->fs && !has_root(climbed, &task->fs->root))
			get_fs_root(task->fs, &climbed->roots[climbed->root_count++]);
		task_unlock(task);
	}
	rcu_read_unlock();
}

static void climb_from(struct climbed_mounts *climbed, const struct path *root)
{
	struct path path = *root;

	path_get(&path);
	while (climbed->count < CLIMBED_MOUNTS) {
		struct climbed_mount *step = &climbed->steps[climbed->count++];

		step->mnt = mntget(path.mnt);
		step->up = follow_up(&path);
		step->above = path;
		path_get(&step->above);
		if (!step->up)
			break;
	}
	path_put(&path);
}

static void free_climbed_mounts(struct climbed_mounts *climbed)
{
	while (climbed->count > 0) {
		struct climbed_mount *step = &climbed->steps[--climbed->count];

		path_put(&step->above);
		mntput(step->mnt);
	}
	while (climbed->root_count > 0)
		path_put(&climbed->roots[--climbed->root_count]);
	kfree(climbed);
}

/* NULL without memory. */
static struct climbed_mounts *climb_mounts(void)
{
	struct climbed_mounts *climbed = kzalloc(sizeof(*climbed), GFP_KERNEL);
	int i;

	if (!climbed)
		return NULL;
	take_roots(climbed);
	for (i = 0; i < climbed->root_count; i++)
		climb_from(climbed, &climbed->roots[i]);
	return climbed;
}

#endif
