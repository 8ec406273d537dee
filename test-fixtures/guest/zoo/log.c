// SPDX-License-Identifier: MIT
/* Records of the kernel log as programs write them; the module task_truth writes those that only the kernel can. */
#define _GNU_SOURCE
#include "zoo.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void write_record(int log, const char *text, size_t length)
{
	if (write(log, text, length) != (ssize_t)length)
		lack("a record of the log");
}

static void write_levels(int log)
{
	char record[64];

	/* Facility 1 is the user's; 23 is the last that has a name, 127 one that has none. */
	for (int level = 0; level < 8; level++)
		write_record(log, record, (size_t)sprintf(record, "<%d>zoo: level %d", 8 + level, level));
	write_record(log, record, (size_t)sprintf(record, "<%d>zoo: facility 23", 23 * 8 + 6));
	write_record(log, record, (size_t)sprintf(record, "<%d>zoo: facility 127", 127 * 8 + 6));
}

/* Up to the longest that /dev/kmsg takes. */
static void write_lengths(int log)
{
	static const size_t lengths[] = { 1, 100, 960, 976, 990, 991, 992 };
	char record[1024];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		memset(record, '=', lengths[i]);
		memcpy(record, "<14>", lengths[i] < 4 ? 0 : 4);
		write_record(log, record, lengths[i]);
	}
}

#define RECORD(text) text, sizeof(text) - 1

void write_log(void)
{
	int log = must_open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	write_levels(log);
	write_lengths(log);
	write_record(log, RECORD("zoo: without a level"));
	write_record(log, RECORD("<14>zoo: first line\nsecond line\n\nfourth line\n"));
	write_record(log, RECORD("<14>zoo: bytes \x01\x1b[31m\t\\ \x7f\x80\xff\xfe and \xc3\xa4\xe2\x82\xac\n"));
	write_record(log, RECORD("<14>zoo: NUL \0 inside"));
	write_record(log, RECORD("<14>"));
	write_record(log, RECORD("<14>\n"));
	write_record(log, RECORD("<14>   blanks before and after   "));
	write_record(log, RECORD("<14>[   12.345678] zoo: looks like a time"));
	write_record(log, RECORD("<14>zoo: \\x0a is not a newline"));
	write_record(log, RECORD("<14c>zoo: a flag"));
	close(log);
}
