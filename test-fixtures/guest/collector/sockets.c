// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "records.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static char *lines;
static size_t lines_length;
static FILE *lines_file;

static int socket_option(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) ? -1 : value;
}

static void print_address(const struct sockaddr_storage *address, socklen_t length)
{
	const unsigned char *bytes = (const unsigned char *)address;

	fputc(' ', lines_file);
	if (length > sizeof(*address) || length == 0)
		fputc('-', lines_file);
	else
		for (socklen_t i = 0; i < length; i++)
			fprintf(lines_file, "%02x", bytes[i]);
}

static void describe_socket(int fd)
{
	struct sockaddr_storage local, remote;
	socklen_t local_length = sizeof(local), remote_length = sizeof(remote);

	if (getsockname(fd, (struct sockaddr *)&local, &local_length))
		local_length = 0;
	if (getpeername(fd, (struct sockaddr *)&remote, &remote_length))
		remote_length = 0;
	fprintf(lines_file, " %d %d %d %d", socket_option(fd, SO_DOMAIN), socket_option(fd, SO_TYPE),
		socket_option(fd, SO_PROTOCOL), socket_option(fd, SO_ACCEPTCONN));
	print_address(&local, local_length);
	print_address(&remote, remote_length);
	fputc('\n', lines_file);
}

void collect_socket(int pid, int fd)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int copy = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);

	if (!lines_file)
		lines_file = open_memstream(&lines, &lines_length);
	if (!lines_file)
		fail("open_memstream");
	if (copy >= 0) {
		fprintf(lines_file, "%d %d", pid, fd);
		describe_socket(copy);
		close(copy);
	}
	if (process >= 0)
		close(process);
}

void write_sockets(void)
{
	if (!lines_file)
		return;
	fflush(lines_file);
	write_record('F', "/run/sockets", lines, lines_length);
}
