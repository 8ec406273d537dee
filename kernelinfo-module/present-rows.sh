#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# present-rows.sh TRIAL OUTPUT COMPILER [FLAGS...]
#
# TRIAL is row-trial.c after the preprocessor. It is compiled once, without
# producing code, and OUTPUT gets a line for each row of kernelinfo-rows.h:
#
#	#define ROW_PRESENT_<line> 1
#
# where the compiler reported no error for the row, else 0. Of several
# rows with one key only the first that compiles is present.
#
# The rows, their keys and their lines come from the preprocessor, so this script
# and main.c see the same rows.

set -eu
LC_ALL=C
export LC_ALL

trial=$1
output=$2
shift 2

errors=$output.err
trap 'rm -f "$errors" "$output.tmp"' EXIT

fail() {
	echo "kernelinfo: $1:" >&2
	cat "$errors" >&2
	exit 1
}

"$@" -w -fsyntax-only -x cpp-output "$trial" 2> "$errors" || :

# Whether the method works with this compiler.
if grep -q '^row-that-compiles:' "$errors" || ! grep -q '^row-that-does-not:' "$errors"; then
	fail "the trial compilation against this kernel's headers does not work"
fi

absent=$(sed -n 's/^.*kernelinfo-rows\.h:\([0-9]*\):.* error: .*$/\1/p' "$errors" | sort -nu | tr '\n' ' ')

# The preprocessor writes a row as: static inline void trial_row_<line>(void) { trial_key("<key>"); ...
sed -n 's/^.*void trial_row_\([0-9]*\)(void) { trial_key("\([^"]*\)").*$/\1 \2/p' "$trial" |
awk -v absent="$absent" '
	BEGIN {
		count = split(absent, lines)
		for (i = 1; i <= count; i++)
			is_absent[lines[i]] = 1
		print "/* Written by present-rows.sh. */"
	}
	{
		present = !($1 in is_absent) && !($2 in seen)
		if (present)
			seen[$2] = 1
		delete is_absent[$1]
		print "#define ROW_PRESENT_" $1, present ? 1 : 0
	}
	END {
		for (line in is_absent)
			exit 1
	}
' > "$output.tmp" || fail "an error in kernelinfo-rows.h is in none of its rows"
mv "$output.tmp" "$output"
