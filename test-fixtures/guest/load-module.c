// SPDX-License-Identifier: MIT
/*
 * load-module FILE - loads a module with one system call and says what insmod would say.
 *
 * busybox's own insmod tries a second system call when the first one fails: a
 * module that fails on purpose would print its rows twice.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) != 0) {
		fprintf(stderr, "insmod: ERROR: could not insert module %s: %s\n", argc == 2 ? argv[1] : "",
			strerror(errno));
		return 1;
	}
	return 0;
}
