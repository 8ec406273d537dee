// SPDX-License-Identifier: GPL-2.0
/*
 * Every row of kernelinfo-rows.h as a function of its own, since a compiler
 * reports an undeclared name only once in a function. present-rows.sh looks at
 * which of them this kernel's headers can compile, and at the symbols that those
 * name; nothing of it is linked.
 *
 * What is looked for when the module is loaded compiles with any headers.
 */

#include "kernelinfo-headers.h"
#include "kernelinfo.h"
#include "made-up.h"

static inline void trial_key(const char *key) { }

/* The compiler has to compute the value, and so to name the symbols in it. */
#define USE(value)	__asm__ __volatile__("" : : "r" ((unsigned long)(value)))

static __attribute__((__noinline__)) void trial_text(const char *format, ...) { USE(format); }

#define PASTE(one, other)	one##other
#define TRIAL_ROW(line)		PASTE(trial_row_, line)

/* The preprocessor makes one line of it, which present-rows.sh reads. */
#define TRIAL_FUNCTION(name, key, ...) \
	static __attribute__((__used__)) void name(void) { trial_key(key); { __VA_ARGS__; } }
#define TRIAL(key, ...)	TRIAL_FUNCTION(TRIAL_ROW(__LINE__), key, __VA_ARGS__)

#define TEXT(key, format, ...)		TRIAL(key, trial_text(format, __VA_ARGS__))
#define CONSTANT(key, value)		TRIAL(key, USE(value))
#define SIGNED(key, value)		TRIAL(key, USE(value))
#define ADDRESS(key, value)		TRIAL(key, USE(value))
#define ADDRESS_COMMENT(key, value)	TRIAL(key, USE(value))
#define SIZE(key, type)			TRIAL(key, USE(sizeof(type)))
#define OFFSET(key, type, member)	TRIAL(key, USE(offsetof(type, member)))
#define COMPUTED_OFFSET(key, value)	TRIAL(key, USE(value))
#define MEMBER_SIZE(key, type, member)	TRIAL(key, USE(sizeof(((type *)0)->member)))
#define PROBED(key, probed)		TRIAL(key)
#define FOUND_ADDRESS(key, found)	TRIAL(key)
#define FOUND_CONSTANT(key, function, found)	TRIAL(key, USE(sizeof(&(function))))
#define NOTED_SYMBOL(key, symbol)	TRIAL(key)
#define NOTED_SIZE(key, type)		TRIAL(key)
#define NOTED_OFFSET(key, member)	TRIAL(key)
#define NOTED_RENAMED_SIZE(key, type, old)	TRIAL(key)
#define NOTED_RENAMED_OFFSET(key, member, old)	TRIAL(key)

#include "kernelinfo-rows.h"

/* Two rows that show whether the method works with this compiler. */
#line 1 "row-that-compiles"
static __attribute__((__used__)) size_t trial_good(void) { return offsetof(struct task_struct, pid); }
#line 1 "row-that-does-not"
static __attribute__((__used__)) size_t trial_bad(void) { return offsetof(struct task_struct, no_such_member); }
