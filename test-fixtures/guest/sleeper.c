// SPDX-License-Identifier: MIT
/*
 * sleeper - does nothing for ever; what it looks like is told by its environment.
 *
 * SLEEPER_COMM   name to set with prctl(PR_SET_NAME), as hex digits
 * SLEEPER_TITLE  what to write over its arguments, as hex digits, running on into its environment
 *
 * It writes one byte to READY_FD when all is done. Its arguments are not looked at, so that it can be started with
 * any, or none, and with no environment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "zoo/ready-fd.h"

static size_t decode_hex(const char *hex, char *bytes, size_t room)
{
	size_t length = strlen(hex) / 2;
	unsigned int byte;

	if (length > room)
		length = room;
	for (size_t i = 0; i < length; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			exit(3);
		bytes[i] = (char)byte;
	}
	return length;
}

int main(int argc, char **argv)
{
	const char *comm = getenv("SLEEPER_COMM");
	const char *title = getenv("SLEEPER_TITLE");
	char name[16] = "", text[4096];
	size_t length;

	if (comm) {
		decode_hex(comm, name, sizeof(name) - 1);
		prctl(PR_SET_NAME, name, 0, 0, 0);
	}
	if (title && argc > 0) {
		length = decode_hex(title, text, sizeof(text));
		memcpy(argv[0], text, length);
	}
	if (write(READY_FD, "r", 1) != 1 || close(READY_FD) != 0)
		return 4;
	for (;;)
		pause();
}
