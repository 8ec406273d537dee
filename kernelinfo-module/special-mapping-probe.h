/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds special_mapping_vmops, the operations of the mappings that the kernel
 * itself makes: those of the loader's own vdso, if it says that it is one.
 */
#ifndef KERNELINFO_SPECIAL_MAPPING_PROBE_H
#define KERNELINFO_SPECIAL_MAPPING_PROBE_H

#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

/* Linux commit 9740ca4e95b4 ("mmap locking API: initial implementation as rwsem wrappers") (in v5.8) */
#if __has_include(<linux/mmap_lock.h>)
#include <linux/mmap_lock.h>
#else
#define mmap_read_lock(mm)	down_read(&(mm)->mmap_sem)
#define mmap_read_unlock(mm)	up_read(&(mm)->mmap_sem)
#endif

#include "kernelinfo-headers.h"
#include "probed-offset.h"

#ifdef CONFIG_X86

static bool is_vdso(const struct vm_area_struct *vma)
{
	struct vm_special_mapping mapping;
	char name[sizeof("[vdso]")];

	return !copy_from_kernel_nofault(&mapping, vma->vm_private_data, sizeof(mapping)) &&
	       !copy_from_kernel_nofault(name, mapping.name, sizeof(name)) && !memcmp(name, "[vdso]", sizeof(name));
}

static struct found_address find_special_mapping_vmops(void)
{
	struct found_address found = { .failure = "the loader has no vdso" };
	const struct vm_area_struct *vma;
	unsigned long vdso;

	if (!current->mm || !current->mm->context.vdso)
		return found;
	vdso = (unsigned long)current->mm->context.vdso;
	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, vdso);
	if (vma && vma->vm_start <= vdso && vma->vm_ops && is_vdso(vma)) {
		found.address = (unsigned long)vma->vm_ops;
		found.failure = NULL;
	}
	mmap_read_unlock(current->mm);
	return found;
}

#else

static struct found_address find_special_mapping_vmops(void)
{
	return (struct found_address){ .failure = "only known for x86" };
}

#endif

#endif
