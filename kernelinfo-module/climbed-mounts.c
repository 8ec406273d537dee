// SPDX-License-Identifier: GPL-2.0
/*
 * Mounts of the running system and where follow_up() goes from them: on the way
 * up from the root directory of the loading process and of every other one.
 *
 * kdevtmpfs has a namespace in which one mount lies on another, so there is a
 * pair on every kernel with CONFIG_DEVTMPFS, however bare the system is.
 *
 * The list of tasks is walked under RCU, as tasklist_lock is not exported. A
 * process that begins or ends meanwhile may be missed, and one that exits has
 * no fs any more. task_lock() keeps the fs of a task in place while a reference
 * to its root is taken. follow_up() takes mount_lock itself, so each step is
 * right at its own moment, and the references keep what it returned.
 */

#include <linux/fs_struct.h>
#include <linux/init.h>
#include <linux/namei.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "compat.h"
#include "mount-probe.h"

static bool __init has_root(const struct climbed_mounts *climbed, const struct path *root)
{
	int i;

	for (i = 0; i < climbed->root_count; i++) {
		if (climbed->roots[i].mnt == root->mnt)
			return true;
	}
	return false;
}

static void __init take_roots(struct climbed_mounts *climbed)
{
	struct task_struct *task;

	get_fs_root(current->fs, &climbed->roots[climbed->root_count++]);
	rcu_read_lock();
	for_each_process(task) {
		if (climbed->root_count == CLIMBED_ROOTS)
			break;
		task_lock(task);
		/* A root that changes between the two calls may be taken twice: no harm. */
		if (task->fs && !has_root(climbed, &task->fs->root))
			get_fs_root(task->fs, &climbed->roots[climbed->root_count++]);
		task_unlock(task);
	}
	rcu_read_unlock();
}

static void __init climb_from(struct climbed_mounts *climbed, const struct path *root)
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

void __init ki_free_climbed_mounts(struct climbed_mounts *climbed)
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

struct climbed_mounts * __init ki_climb_mounts(void)
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
