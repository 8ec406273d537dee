/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the kernel's own VMCOREINFO note: what it writes for crash dumps about
 * symbols and structures that no header shows to modules.
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

/* The text of the note, or why there is none. */
struct vmcoreinfo {
	char *text;
	const char *failure;
};

#if IS_ENABLED(CONFIG_CRASH_CORE) || IS_ENABLED(CONFIG_VMCORE_INFO)

#define VMCOREINFO_NAME_AT	sizeof(struct elf_note)
#define VMCOREINFO_TEXT_AT	(VMCOREINFO_NAME_AT + ALIGN(sizeof("VMCOREINFO"), 4))
/* The text has a page of its own: VMCOREINFO_BYTES. */
#define VMCOREINFO_TEXT_MAX	PAGE_SIZE

static const char *copy_vmcoreinfo(char *text)
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

static struct vmcoreinfo read_vmcoreinfo(void)
{
	struct vmcoreinfo note = { .text = kmalloc(VMCOREINFO_TEXT_MAX, GFP_KERNEL) };

	note.failure = note.text ? copy_vmcoreinfo(note.text) : "no memory";
	return note;
}

#else

static struct vmcoreinfo read_vmcoreinfo(void)
{
	return (struct vmcoreinfo){ .failure = "this kernel has no VMCOREINFO note" };
}

#endif

/* What follows `key` in the line that begins with it. */
static bool find_noted(const struct vmcoreinfo *note, const char *key, unsigned int base, unsigned long long *value)
{
	const size_t length = strlen(key);
	const char *line = note->text;

	while (line) {
		const char *end = strchrnul(line, '\n');

		if (!strncmp(line, key, length)) {
			char number[24] = "";

			if (end - line - length < sizeof(number))
				memcpy(number, line + length, end - line - length);
			return !kstrtoull(number, base, value);
		}
		line = *end ? end + 1 : NULL;
	}
	return false;
}

#endif
