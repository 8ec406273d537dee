/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of kernelinfo.ko find out when the module is loaded. */
#ifndef KERNELINFO_H
#define KERNELINFO_H

#include <linux/types.h>

/* An offset, or the reason why it is not known. From a struct vfsmount it may be negative. */
struct probed_offset {
	long offset;
	const char *failure;
};

/* A kernel address, or the reason why it is not known. */
struct found_address {
	unsigned long long address;
	const char *failure;
};

/* The text of the kernel's VMCOREINFO note, or the reason why there is none. */
struct vmcoreinfo {
	char *text;
	const char *failure;
};

/* Offsets of members of struct mount. All but mnt are counted from its struct vfsmount. */
struct mount_offsets {
	struct probed_offset parent;
	struct probed_offset mountpoint;
	/* From the start of the struct mount to its struct vfsmount. */
	struct probed_offset mnt;
	struct probed_offset mounts;
	struct probed_offset child;
	struct probed_offset devname;
	struct probed_offset id;
};

static inline void fail_mounts(struct mount_offsets *found, const char *failure)
{
	const struct probed_offset none = { .failure = failure };

	found->parent = none;
	found->mountpoint = none;
	found->mnt = none;
	found->mounts = none;
	found->child = none;
	found->devname = none;
	found->id = none;
}

/* A probe is certain only of a single candidate. */
static inline const char *describe_candidates(int candidates)
{
	if (candidates == 1)
		return NULL;
	return candidates ? "several words look like it" : "no word looks like it";
}

int ki_pgtable_levels(void);
void ki_find_modules(struct found_address *found);
void ki_find_special_mapping_vmops(struct found_address *found);
/* 1 or 0 in place of an address. */
void ki_find_thread_stacks(struct found_address *found);
#ifdef HAVE_PRIVATE_MOUNT
void ki_probe_mounts(struct mount_offsets *found);
#else
/* The members are in struct vfsmount, and rows of their own. */
static inline void ki_probe_mounts(struct mount_offsets *found)
{
	fail_mounts(found, "struct vfsmount has no such member");
}
#endif

#ifdef HAVE_WORKER_PRIVATE
void ki_find_kthread_name(struct probed_offset *found);
#else
static inline void ki_find_kthread_name(struct probed_offset *found)
{
	found->failure = "struct task_struct has no worker_private";
}
#endif

void ki_read_vmcoreinfo(struct vmcoreinfo *note);
bool ki_find_noted(const struct vmcoreinfo *note, const char *key, unsigned int base,
		   unsigned long long *value);

#endif
