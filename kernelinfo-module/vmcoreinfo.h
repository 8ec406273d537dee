/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the kernel's own VMCOREINFO note: what it writes for crash dumps about
 * symbols that are not exported to modules.
 *
 * The note is an ELF note (Elf_Nhdr, name "VMCOREINFO", then the text) in the
 * direct mapping, lines of KEY=VALUE.
 */
#ifndef KERNELINFO_VMCOREINFO_H
#define KERNELINFO_VMCOREINFO_H

#include <linux/elf.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "kernelinfo-headers.h"

/* An address that was looked for at load time, or why it was not found. */
struct found_address {
	unsigned long long address;
	const char *failure;
};

#if IS_ENABLED(CONFIG_CRASH_CORE) || IS_ENABLED(CONFIG_VMCORE_INFO)

#define VMCOREINFO_NAME_AT	sizeof(struct elf_note)
#define VMCOREINFO_TEXT_AT	(VMCOREINFO_NAME_AT + ALIGN(sizeof("VMCOREINFO"), 4))
/* The text has a page of its own: VMCOREINFO_BYTES. */
#define VMCOREINFO_TEXT_MAX	PAGE_SIZE

static const char *read_vmcoreinfo(char *text)
{
	char head[VMCOREINFO_TEXT_AT];
	struct elf_note note;
	phys_addr_t at = paddr_vmcoreinfo_note();
	const char *mapped;

	if (!at || !pfn_valid(PHYS_PFN(at)) || PageHighMem(pfn_to_page(PHYS_PFN(at))))
		return "the VMCOREINFO note is not in the direct mapping";
	mapped = phys_to_virt(at);
	if (copy_from_kernel_nofault(head, mapped, sizeof(head)))
		return "the VMCOREINFO note cannot be read";
	memcpy(&note, head, sizeof(note));
	if (note.n_namesz != sizeof("VMCOREINFO") ||
	    memcmp(head + VMCOREINFO_NAME_AT, "VMCOREINFO", sizeof("VMCOREINFO")) ||
	    note.n_descsz == 0 || note.n_descsz >= VMCOREINFO_TEXT_MAX)
		return "the VMCOREINFO note has another form";
	if (copy_from_kernel_nofault(text, mapped + VMCOREINFO_TEXT_AT, note.n_descsz))
		return "the text of the VMCOREINFO note cannot be read";
	text[note.n_descsz] = '\0';
	return NULL;
}

static unsigned long long parse_vmcoreinfo(char *text, const char *key)
{
	const size_t length = strlen(key);
	unsigned long long value;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (!strncmp(line, key, length) && !kstrtoull(line + length, 16, &value))
			return value;
	}
	return 0;
}

static struct found_address find_vmcoreinfo_address(const char *key)
{
	struct found_address found = { 0 };
	char *text = kmalloc(VMCOREINFO_TEXT_MAX, GFP_KERNEL);

	if (!text) {
		found.failure = "no memory";
		return found;
	}
	found.failure = read_vmcoreinfo(text);
	if (!found.failure) {
		found.address = parse_vmcoreinfo(text, key);
		if (!found.address)
			found.failure = "not in the VMCOREINFO note";
	}
	kfree(text);
	return found;
}

#else

static struct found_address find_vmcoreinfo_address(const char *key)
{
	const struct found_address found = { .failure = "this kernel has no VMCOREINFO note" };

	return found;
}

#endif

#endif
