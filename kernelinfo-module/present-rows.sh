#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# present-rows.sh TRIAL OUTPUT SYMVERS OBJDUMP COMPILER [FLAGS...]
#
# TRIAL is row-trial.c after the preprocessor. OUTPUT gets a line for each row
# of kernelinfo-rows.h:
#
#	#define ROW_PRESENT_<line> 1
#
# where the compiler reported no error for the row, else 0. Of several
# rows with one key only the first that compiles is present.
#
# SYMVERS is the kernel's Module.symvers, or "". With it, what compiles is
# compiled once more to an object, and the row that names a symbol that is not
# exported gets 2 instead of 1, and its symbol:
#
#	#define ROW_SYMBOL_<line> "phys_base"
#
# The rows, their keys and their lines come from the preprocessor, so this script
# and main.c see the same rows.

set -eu
LC_ALL=C
export LC_ALL

trial=$1
output=$2
symvers=$3
objdump=$4
shift 4

errors=$output.err
object=$output.o
trap 'rm -f "$errors" "$object" "$object".[it] "$output.tmp"' EXIT

fail() {
	echo "kernelinfo: $1:" >&2
	cat "$errors" >&2
	exit 1
}

# clang stops at 20 errors.
case $("$@" --version 2> /dev/null) in
*clang*) limit=-ferror-limit=0 ;;
*) limit= ;;
esac

"$@" $limit -w -fsyntax-only -x cpp-output "$trial" 2> "$errors" || :

# Whether the method works with this compiler.
if grep -q '^row-that-compiles:' "$errors" || ! grep -q '^row-that-does-not:' "$errors"; then
	fail "the trial compilation against this kernel's headers does not work"
fi

absent=$(sed -n 's/^.*kernelinfo-rows\.h:\([0-9]*\):.* error: .*$/\1/p' "$errors" | sort -nu | tr '\n' ' ')

# Prints "<line> <symbol>" for each symbol that a row names and no object exports.
# Each row has a section of its own, and ends where the next one begins. What begins with ki_ or made_up_ is the
# module's own. A Module.symvers without the kernel itself is of no use.
unexported() {
	if [ -z "$symvers" ] || ! grep -q '[[:space:]]vmlinux[[:space:]]' "$symvers"; then
		return
	fi
	awk -v absent="$absent" '
		BEGIN {
			count = split(absent, lines)
			for (i = 1; i <= count; i++)
				is_absent[lines[i]] = 1
		}
		/void trial_row_[0-9]+\(void\) \{ trial_key/ {
			line = $0
			sub(/\(void\) \{ trial_key.*/, "", line)
			sub(/.*trial_row_/, "", line)
			skipped = line in is_absent
		}
		/ trial_good\(void\)/ { skipped = 0 }
		/ trial_bad\(void\)/ { skipped = 1 }
		!skipped { print }
	' "$trial" > "$object.i"
	"$@" -w -ffunction-sections -c -x cpp-output -o "$object" "$object.i" 2> "$errors" ||
		fail "the rows that compile alone do not compile together"
	"$objdump" -t -r "$object" > "$object.t" 2> "$errors" || fail "the compiled rows cannot be read"
	awk '
		FILENAME == ARGV[1] { is_exported[$2] = 1; next }
		$2 == "*UND*" { is_undefined[$NF] = 1; next }
		/^RELOCATION RECORDS FOR / {
			row = ""
			if (match($0, /trial_row_[0-9]+\]/))
				row = substr($0, RSTART + 10, RLENGTH - 11)
			next
		}
		row != "" && NF >= 3 {
			symbol = $3
			sub(/[-+]0x[0-9a-f]+$/, "", symbol)
			if (!(symbol in is_undefined) || symbol in is_exported)
				next
			if (symbol !~ /^(ki_|made_up_)/)
				print row, symbol
		}
	' "$symvers" "$object.t"
}

unexported "$@" > "$output.tmp"
symbols=$(tr '\n' ' ' < "$output.tmp")

# The preprocessor writes a row as: static ... void trial_row_<line>(void) { trial_key("<key>"); ...
sed -n 's/^.*void trial_row_\([0-9]*\)(void) { trial_key("\([^"]*\)").*$/\1 \2/p' "$trial" |
awk -v absent="$absent" -v symbols="$symbols" '
	BEGIN {
		count = split(absent, lines)
		for (i = 1; i <= count; i++)
			is_absent[lines[i]] = 1
		count = split(symbols, words)
		for (i = 1; i < count; i += 2)
			symbol_of[words[i]] = words[i + 1]
		print "/* Written by present-rows.sh. */"
	}
	{
		present = !($1 in is_absent) && !($2 in seen)
		if (present)
			seen[$2] = 1
		delete is_absent[$1]
		if (present && $1 in symbol_of) {
			present = 2
			print "#define ROW_SYMBOL_" $1, "\"" symbol_of[$1] "\""
		}
		print "#define ROW_PRESENT_" $1, present + 0
	}
	END {
		for (line in is_absent)
			exit 1
	}
' > "$output.tmp" || fail "an error in kernelinfo-rows.h is in none of its rows"
mv "$output.tmp" "$output"
