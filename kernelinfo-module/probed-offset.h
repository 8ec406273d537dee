/* SPDX-License-Identifier: GPL-2.0 */
/* What a probe at load time gives: a value, or the reason why there is none. */
#ifndef KERNELINFO_PROBED_OFFSET_H
#define KERNELINFO_PROBED_OFFSET_H

/* Bytes from the start of a structure; from a struct vfsmount they may be negative. */
struct probed_offset {
	long offset;
	const char *failure;
};

/* An address of the kernel's. */
struct found_address {
	unsigned long long address;
	const char *failure;
};

/* A probe is certain only of a single candidate. */
static inline const char *describe_candidates(int candidates)
{
	if (candidates == 1)
		return NULL;
	return candidates ? "several words look like it" : "no word looks like it";
}

#endif
