// SPDX-License-Identifier: GPL-2.0
/*
 * kernelinfo - print what an introspection tool needs to know about this kernel
 *
 * Loading the module prints one block of "key = value" rows to the kernel log
 * and then fails on purpose with -EPERM, so that nothing stays loaded. The rows
 * are listed in kernelinfo-rows.h. Addresses are unsigned decimal numbers of 64
 * bits, offsets and sizes are in bytes.
 */

/* A row begins with its key. */
#define pr_fmt(fmt) fmt

#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "kernelinfo-headers.h"
#include "kernelinfo.h"
#include "made-up.h"
#include "kernelinfo-present.h"

/* The number of page table levels in use, not the number that was compiled in. */
int __init ki_pgtable_levels(void)
{
#if defined(CONFIG_X86_64) && defined(CONFIG_PGTABLE_LEVELS) && CONFIG_PGTABLE_LEVELS == 5
	/* Intel SDM vol. 3A 4.1.1: CR4.LA57 selects five levels. */
	return (native_read_cr4() & X86_CR4_LA57) ? 5 : 4;
#elif defined(CONFIG_PGTABLE_LEVELS)
	return CONFIG_PGTABLE_LEVELS;
#else
	/* Its name before v4.2. */
	return PAGETABLE_LEVELS;
#endif
}

static void __init print_unsigned(const char *key, unsigned long long value)
{
	pr_info("%s = %llu\n", key, value);
}

static void __init print_signed(const char *key, long value)
{
	pr_info("%s = %ld\n", key, value);
}

static void __init print_missing(const char *key, const char *failure)
{
	pr_info("# %s = missing: %s\n", key, failure);
}

static void __init __maybe_unused print_unexported(const char *key, const char *symbol)
{
	pr_info("# %s = missing: this kernel does not export %s\n", key, symbol);
}

static void __init __maybe_unused print_probed(const char *key, const struct probed_offset *probed)
{
	if (probed->failure)
		print_missing(key, probed->failure);
	else
		print_signed(key, probed->offset);
}

static void __init print_found(const char *key, const struct found_address *found)
{
	if (found->failure)
		print_missing(key, found->failure);
	else
		print_unsigned(key, found->address);
}

/*
 * A row that the note does not mention, neither by the name nor by the older one,
 * is left out, like a row that does not compile.
 */
static void __init print_noted(const char *key, const struct vmcoreinfo *note, const char *start,
			       const char *old, unsigned int base)
{
	unsigned long long value;

	if (note->failure)
		print_missing(key, note->failure);
	else if (ki_find_noted(note, start, base, &value) ||
		 (old && ki_find_noted(note, old, base, &value)))
		print_unsigned(key, value);
}

/*
 * The macros of kernelinfo-rows.h. kernelinfo-present.h has ROW_PRESENT_<line>
 * for each row: 1; 0 for an empty statement; 2 where the kernel does not export a
 * symbol of the row, ROW_SYMBOL_<line>.
 */
#define PASTE_(one, other)		one##other
#define PASTE(one, other)		PASTE_(one, other)
#define IF_PRESENT_0(key, ...)		do { } while (0)
#define IF_PRESENT_1(key, ...)		__VA_ARGS__
#define IF_PRESENT_2(key, ...)		print_unexported(key, PASTE(ROW_SYMBOL_, __LINE__))
#define ROW(...)	PASTE(IF_PRESENT_, PASTE(ROW_PRESENT_, __LINE__))(__VA_ARGS__)

/* A pointer keeps its bits and gains zeros on 32 bit. */
#define AS_U64(value)			((unsigned long long)(unsigned long)(value))

#define TEXT(key, format, ...)		ROW(key, pr_info(key " = " format "\n", __VA_ARGS__))
#define CONSTANT(key, value)		ROW(key, print_unsigned(key, (unsigned long long)(value)))
#define SIGNED(key, value)		ROW(key, print_signed(key, (long)(value)))
#define ADDRESS(key, value)		ROW(key, print_unsigned(key, AS_U64(value)))
#define ADDRESS_COMMENT(key, value)	ROW(key, pr_info(key " = 0x%llX\n", AS_U64(value)))
#define SIZE(key, type)			ROW(key, print_unsigned(key, sizeof(type)))
#define OFFSET(key, type, member)	ROW(key, print_unsigned(key, offsetof(type, member)))
#define COMPUTED_OFFSET(key, value)	ROW(key, print_signed(key, (long)(value)))
#define MEMBER_SIZE(key, type, member)	ROW(key, print_unsigned(key, sizeof(((type *)0)->member)))
#define PROBED(key, probed)		ROW(key, print_probed(key, &(probed)))
#define FOUND_ADDRESS(key, found)	ROW(key, print_found(key, &(found)))
#define FOUND_CONSTANT(key, function, found)	ROW(key, print_found(key, &(found)))
#define NOTED(key, start, old, base)	ROW(key, print_noted(key, &note, start, old, base))
#define NOTED_SYMBOL(key, symbol)	NOTED(key, "SYMBOL(" #symbol ")=", NULL, 16)
#define NOTED_SIZE(key, type)		NOTED(key, "SIZE(" #type ")=", NULL, 10)
#define NOTED_OFFSET(key, member)	NOTED(key, "OFFSET(" #member ")=", NULL, 10)
#define NOTED_RENAMED_SIZE(key, type, old) \
	NOTED(key, "SIZE(" #type ")=", "SIZE(" #old ")=", 10)
#define NOTED_RENAMED_OFFSET(key, member, old) \
	NOTED(key, "OFFSET(" #member ")=", "OFFSET(" #old ")=", 10)

static int __init kernelinfo_init(void)
{
	struct found_address special_mapping_vmops;
	struct found_address modules;
	struct found_address thread_stacks;
	struct probed_offset kthread_name __maybe_unused;
	struct mount_offsets mounts;
	struct vmcoreinfo note;
	int result;

	ki_read_vmcoreinfo(&note);
	ki_probe_mounts(&mounts);
	ki_find_special_mapping_vmops(&special_mapping_vmops);
	ki_find_modules(&modules);
	ki_find_thread_stacks(&thread_stacks);
	ki_find_kthread_name(&kthread_name);

	result = ki_make_up();
	if (!result) {
		pr_info("--KERNELINFO-BEGIN--\n");
#include "kernelinfo-rows.h"
		pr_info("---KERNELINFO-END---\n");
		/* Everything is printed: a module whose init fails is not kept. */
		result = -EPERM;
	}
	ki_free_made_up();
	kfree(note.text);
	return result;
}

module_init(kernelinfo_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Prints the layout of this kernel's structures for osi-linux and PANDA");
