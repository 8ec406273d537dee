// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the kernel's own VMCOREINFO note: what it writes for crash dumps about
 * symbols and structures that no header shows to modules.
 *
 * The note is an ELF note (Elf_Nhdr, name "VMCOREINFO", then the text) in the
 * direct mapping, and its text is lines of KEY=VALUE. It is written while the
 * kernel boots and does not change afterwards.
 */

#include <linux/elf.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "kernelinfo.h"

#if defined(HAVE_VMCOREINFO_NOTE) || \
	(defined(HAVE_KALLSYMS_ON_EACH_SYMBOL) && \
	 (defined(CONFIG_KEXEC) || defined(CONFIG_CRASH_CORE)))
#define CAN_FIND_NOTE
#endif

#ifdef CAN_FIND_NOTE

/* What it returns was of another type before v4.10. */
typedef __typeof__(&paddr_vmcoreinfo_note) note_function;

#ifdef HAVE_VMCOREINFO_NOTE

static note_function __init find_note_function(void)
{
	return paddr_vmcoreinfo_note;
}

static unsigned long __init find_note_text(void)
{
	return 0;
}

#else

struct wanted_symbol {
	const char *name;
	unsigned long address;
};

/* The symbols of the kernel come before those of modules. */
static int __init is_wanted(void *data, const char *name, struct module *module,
			    unsigned long address)
{
	struct wanted_symbol *wanted = data;

	if (!module && strcmp(name, wanted->name))
		return 0;
	if (!module)
		wanted->address = address;
	return 1;
}

static unsigned long __init find_symbol_address(const char *name)
{
	struct wanted_symbol wanted = { .name = name };

	kallsyms_on_each_symbol(is_wanted, &wanted);
	return wanted.address;
}

/* Exported since v4.17; before, it is found by its name, for which those kernels export a search. */
static note_function __init find_note_function(void)
{
	return (note_function)find_symbol_address("paddr_vmcoreinfo_note");
}

/* The text that becomes the note. Before v3.2 it became one only in a crash. */
static unsigned long __init find_note_text(void)
{
	return find_symbol_address("vmcoreinfo_data");
}

#endif

#define VMCOREINFO_NAME_AT	sizeof(struct elf_note)
#define VMCOREINFO_TEXT_AT	(VMCOREINFO_NAME_AT + ALIGN(sizeof("VMCOREINFO"), 4))
/* The text has a page of its own: VMCOREINFO_BYTES. */
#define VMCOREINFO_TEXT_MAX	PAGE_SIZE

static const char * __init copy_vmcoreinfo(char *text)
{
	char head[VMCOREINFO_TEXT_AT];
	struct elf_note note;
	note_function paddr = find_note_function();
	phys_addr_t at = paddr ? paddr() : 0;
	const unsigned long pfn = at >> PAGE_SHIFT;
	const char *mapped;

	if (!at || !pfn_valid(pfn) || PageHighMem(pfn_to_page(pfn)))
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

static bool __init copy_note_text(char *text)
{
	static const char start[] = "OSRELEASE=";
	const unsigned long at = find_note_text();

	if (!at || copy_from_kernel_nofault(text, (const void *)at, VMCOREINFO_TEXT_MAX))
		return false;
	text[VMCOREINFO_TEXT_MAX - 1] = '\0';
	return !strncmp(text, start, strlen(start));
}

void __init ki_read_vmcoreinfo(struct vmcoreinfo *note)
{
	note->text = kmalloc(VMCOREINFO_TEXT_MAX, GFP_KERNEL);
	note->failure = note->text ? copy_vmcoreinfo(note->text) : "no memory";
	if (note->text && note->failure && copy_note_text(note->text))
		note->failure = NULL;
}

#else

void __init ki_read_vmcoreinfo(struct vmcoreinfo *note)
{
	note->text = NULL;
	note->failure = "this kernel exports no VMCOREINFO note";
}

#endif

/* The number that follows the key in the line that begins with it. */
bool __init ki_find_noted(const struct vmcoreinfo *note, const char *key, unsigned int base,
			  unsigned long long *value)
{
	const size_t length = strlen(key);
	const char *line = note->text;

	while (line) {
		const char *end = line + strcspn(line, "\n");

		if (!strncmp(line, key, length)) {
			char *rest;

			*value = simple_strtoull(line + length, &rest, base);
			return rest == end && rest > line + length;
		}
		line = *end ? end + 1 : NULL;
	}
	return false;
}
