// SPDX-License-Identifier: MIT
/* Arguments: none, empty, many, long, with any bytes, written over. */
#define _GNU_SOURCE
#include "zoo.h"

#include <string.h>

void start_arguments(void)
{
	static char big[20001], title[96] = "SLEEPER_TITLE=";
	char *none[] = { NULL };
	char *one_empty[] = { "", NULL };
	char *empties[] = { "sleeper", "", "a", "", "", NULL };
	char *control[] = { "sleeper", "a b", "\x1b[31m\n", "\xff\xfe\xc3(", NULL };
	char *many[402], *plain[] = { "sleeper", "argument", NULL };

	start_sleeper(none, "A=1");
	start_sleeper(one_empty, "A=1");
	start_sleeper(empties, "A=1");
	start_sleeper(control, "A=1");
	for (size_t i = 0; i < sizeof(big) - 1; i++)
		big[i] = (char)('a' + i % 26);
	for (int i = 0; i < 401; i++)
		many[i] = i == 200 ? big : "number";
	many[401] = NULL;
	start_sleeper(many, "A=1");
	/* A title shorter than the arguments, NUL to their end, as setproctitle() leaves it. */
	start_sleeper(plain, "SLEEPER_TITLE=7469746c65000000000000000000000000");
	/* Longer than the arguments, on into the environment, ended there by a NUL. */
	strcat(title, "61206c6f6e676572207469746c6520696e746f2074686520656e7669726f6e00");
	start_sleeper(plain, title);
	/* Longer, and with NULs inside. */
	start_sleeper(plain, "SLEEPER_TITLE=61006200632d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d00");
}
