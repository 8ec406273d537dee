#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# present-rows.sh SOURCE_FOLDER OUTPUT COMPILER [FLAGS...]
#
# Compiles every row of kernelinfo-rows.h once, without producing code, and
# writes those lines to OUTPUT on which the compiler reported no error.

set -eu
LC_ALL=C
export LC_ALL

folder=$1
output=$2
shift 2

trial=$output.trial
trap 'rm -f "$trial.c" "$trial.i" "$trial.err" "$output.tmp"' EXIT

# Each row becomes a function of its own, because compilers report a name that
# is not declared only once in a function. Two rows of the trial's own say
# whether the method works with this compiler.
cat > "$trial.c" <<EOF
#include "$folder/kernelinfo-headers.h"
#include "$folder/made-up.h"
#define PASTE(one, other) one##other
#define NAME(number) PASTE(trial_, number)
#define TRIAL(...) static inline void NAME(__COUNTER__)(void) { __VA_ARGS__ }
#define TEXT(key, format, ...) TRIAL(const void *text[] = { __VA_ARGS__ }; (void)text;)
#define CONSTANT(key, value) TRIAL((void)(unsigned long)(value);)
#define SIGNED(key, value) TRIAL((void)(long)(value);)
#define ADDRESS(key, value) TRIAL((void)(unsigned long)(value);)
#define ADDRESS_COMMENT(key, value) TRIAL((void)(unsigned long)(value);)
#define SIZE(key, type) TRIAL((void)sizeof(type);)
#define OFFSET(key, type, member) TRIAL((void)offsetof(type, member);)
#define COMPUTED_OFFSET(key, value) TRIAL((void)(long)(value);)
#define MEMBER_SIZE(key, type, member) TRIAL((void)sizeof(((type *)0)->member);)
#define PROBED(key, value)
#define FOUND_ADDRESS(key, value)
#define NOTED_SYMBOL(key, symbol)
#define NOTED_SIZE(key, type)
#define NOTED_OFFSET(key, member)
static inline int pgtable_levels(void) { return 0; }
#include "$folder/kernelinfo-rows.h"
# 1 "row-that-compiles"
OFFSET("", struct task_struct, pid)
# 1 "row-that-does-not"
OFFSET("", struct task_struct, a_member_that_no_kernel_has)
EOF

# Preprocessed first, so that an error inside of a macro is reported on the
# line of the row, whichever compiler it is.
"$@" -w -E -o "$trial.i" "$trial.c"
"$@" -w -fsyntax-only -x cpp-output "$trial.i" 2> "$trial.err" || :

if grep -q '^row-that-compiles:' "$trial.err" || ! grep -q '^row-that-does-not:' "$trial.err"; then
	echo "kernelinfo: the trial compilation against this kernel's headers does not work:" >&2
	cat "$trial.err" >&2
	exit 1
fi

# Absent rows are dropped, and of one key the first row is taken.
missing=$(sed -n 's/^.*kernelinfo-rows\.h:\([0-9]*\):.* error: .*$/\1/p' "$trial.err" | tr '\n' ' ')
awk -v missing="$missing" '
	BEGIN { split(missing, lines, " "); for (i in lines) absent[lines[i]] = 1 }
	/^[A-Z_]+\("/ {
		split($0, parts, "\"")
		if (NR in absent || parts[2] in seen) next
		seen[parts[2]] = 1
	}
	{ print }
' "$folder/kernelinfo-rows.h" > "$output.tmp"
mv "$output.tmp" "$output"
