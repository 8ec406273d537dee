// SPDX-License-Identifier: GPL-2.0
/*
 * kernelinfo - prints what an introspection tool must know of this kernel.
 *
 * Loading prints one block of `key = value` rows to the kernel log and then
 * fails on purpose with -EPERM, so that nothing stays loaded. The rows are in
 * kernelinfo-rows.h; addresses are unsigned decimal numbers of 64 bits,
 * offsets and sizes are bytes.
 */

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/err.h>

#include "kernelinfo-headers.h"
#include "made-up.h"
#include "modules-probe.h"
#include "mount-probe.h"
#include "special-mapping-probe.h"
#include "vmcoreinfo.h"

/* The levels of the page tables that are in force now, not those that were compiled in. */
static int pgtable_levels(void)
{
#if defined(CONFIG_X86_64) && CONFIG_PGTABLE_LEVELS == 5
	/* Five levels are compiled in: Intel SDM vol. 3A 4.1.1, CR4.LA57 says which are used. */
	return (native_read_cr4() & X86_CR4_LA57) ? 5 : 4;
#else
	return CONFIG_PGTABLE_LEVELS;
#endif
}

#define ROW(key, format, ...) \
	printk(KERN_INFO key " = " format "\n", ##__VA_ARGS__);

/* Pointers keep their bits and gain zeros on 32 bit. */
#define AS_U64(value) ((unsigned long long)(unsigned long)(value))

#define TEXT(key, format, ...)		ROW(key, format, __VA_ARGS__)
#define CONSTANT(key, value)		ROW(key, "%llu", (unsigned long long)(value))
#define SIGNED(key, value)		ROW(key, "%lld", (long long)(long)(value))
#define ADDRESS(key, value)		ROW(key, "%llu", AS_U64(value))
#define ADDRESS_COMMENT(key, value)	ROW(key, "0x%llX", AS_U64(value))
#define SIZE(key, type)			ROW(key, "%zu", sizeof(type))
#define OFFSET(key, type, member)	ROW(key, "%zu", offsetof(type, member))
#define COMPUTED_OFFSET(key, value)	ROW(key, "%ld", (long)(value))
#define MEMBER_SIZE(key, type, member)	ROW(key, "%zu", sizeof(((type *)0)->member))

/* What was looked for at load time: found, or the reason why the row is missing. */
#define PROBED(key, probed) \
	if ((probed).failure) \
		ROW("# " key, "missing: %s", (probed).failure) \
	else \
		ROW(key, "%ld", (probed).offset)
#define FOUND_ADDRESS(key, found) \
	if ((found).failure) \
		ROW("# " key, "missing: %s", (found).failure) \
	else \
		ROW(key, "%llu", (found).address)

/* What the kernel's VMCOREINFO note says; what it does not mention is left out, as by rows that do not compile. */
#define NOTED(key, start, base) \
	if (vmcoreinfo.failure) \
		ROW("# " key, "missing: %s", vmcoreinfo.failure) \
	else if (find_noted(&vmcoreinfo, start, base, &noted)) \
		ROW(key, "%llu", noted)
#define NOTED_SYMBOL(key, symbol)	NOTED(key, "SYMBOL(" #symbol ")=", 16)
#define NOTED_SIZE(key, type)		NOTED(key, "SIZE(" #type ")=", 10)
#define NOTED_OFFSET(key, member)	NOTED(key, "OFFSET(" #member ")=", 10)

static int __init kernelinfo_init(void)
{
	const struct vmcoreinfo vmcoreinfo = read_vmcoreinfo();
	const struct mount_offsets mounts = probe_mount_offsets();
	const struct found_address special_mapping_vmops = find_special_mapping_vmops();
	const struct found_address modules = find_modules();
	unsigned long long noted;
	int result = -ENOMEM;

	if (make_up()) {
		printk(KERN_INFO "--KERNELINFO-BEGIN--\n");
#include "kernelinfo-present.h"
		printk(KERN_INFO "---KERNELINFO-END---\n");
		/* All is said: a module that fails its init is not kept. */
		result = -EPERM;
	}
	free_made_up();
	kfree(vmcoreinfo.text);
	return result;
}

module_init(kernelinfo_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Prints the layout of this kernel's structures for osi-linux and PANDA");
