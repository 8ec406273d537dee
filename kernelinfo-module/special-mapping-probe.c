// SPDX-License-Identifier: GPL-2.0
/*
 * Finds special_mapping_vmops, the operations of the mappings that the kernel
 * makes itself: those of the loading process's own vdso, if its mapping is
 * named [vdso].
 *
 * Other threads of the process may change its mappings, so the mmap lock is
 * held for reading; the mapping and its vm_special_mapping stay as they are
 * until it is released.
 */

#include <linux/init.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "compat.h"
#include "kernelinfo.h"

#if defined(CONFIG_X86) && defined(HAVE_VM_SPECIAL_MAPPING)

static bool __init is_vdso(const struct vm_area_struct *vma)
{
	struct vm_special_mapping mapping;
	char name[sizeof("[vdso]")];

	return !copy_from_kernel_nofault(&mapping, vma->vm_private_data, sizeof(mapping)) &&
	       !copy_from_kernel_nofault(name, mapping.name, sizeof(name)) &&
	       !memcmp(name, "[vdso]", sizeof(name));
}

void __init ki_find_special_mapping_vmops(struct found_address *found)
{
	struct mm_struct *mm = current->mm;
	const struct vm_area_struct *vma;
	unsigned long vdso;

	found->failure = "the loader has no vdso";
	if (!mm || !mm->context.vdso)
		return;

	vdso = (unsigned long)mm->context.vdso;
	mmap_read_lock(mm);
	vma = find_vma(mm, vdso);
	if (vma && vma->vm_start <= vdso && vma->vm_ops && is_vdso(vma)) {
		found->address = (unsigned long)vma->vm_ops;
		found->failure = NULL;
	}
	mmap_read_unlock(mm);
}

#else

/*
 * Linux commit a62c34bd2a8a ("x86, mm: Improve _install_special_mapping and fix
 * vdso names") (in v3.16)
 */
void __init ki_find_special_mapping_vmops(struct found_address *found)
{
	found->failure = "only known for x86 with struct vm_special_mapping";
}

#endif
