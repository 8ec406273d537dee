// SPDX-License-Identifier: MIT
/*
 * log-flood RECORDS - writes so many records into the kernel log that its oldest are written over.
 *
 * Most are short, so that there are more of them than the log has descriptors; some are long.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	int records = argc > 1 ? atoi(argv[1]) : 0;

	for (int i = 0; i < records; i++) {
		char record[900];
		int length = sprintf(record, "<15>%d", i);

		if (i % 100 == 0) {
			memset(record + length, 'l', sizeof(record) - (size_t)length);
			length = sizeof(record) - i / 100 % 8;
		}
		if (write(log, record, (size_t)length) != length)
			return 1;
	}
	return log < 0;
}
