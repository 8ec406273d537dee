// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "records.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536
#define LONGEST_LINK 8192

static int output;
static char *buffer;
static size_t room;
/* The disk is written in large pieces: most records are small. */
static char pending[1 << 20];
static size_t pending_length;

void fail(const char *what)
{
	fprintf(stderr, "OSI-FAILED collector: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void flush_records(void)
{
	const char *at = pending;

	while (pending_length > 0) {
		ssize_t done = write(output, at, pending_length);

		if (done <= 0)
			fail("write");
		at += done;
		pending_length -= (size_t)done;
	}
}

static void append(const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		size_t part = sizeof(pending) - pending_length;

		if (part > length)
			part = length;
		memcpy(pending + pending_length, at, part);
		pending_length += part;
		at += part;
		length -= part;
		if (pending_length == sizeof(pending))
			flush_records();
	}
}

void open_records(const char *path)
{
	output = open(path, O_WRONLY | O_CLOEXEC);
	if (output < 0)
		fail(path);
}

void write_record(char kind, const char *path, const void *bytes, size_t length)
{
	uint32_t path_length = (uint32_t)strlen(path);
	uint64_t byte_length = length;

	append(&kind, 1);
	append(&path_length, sizeof(path_length));
	append(&byte_length, sizeof(byte_length));
	append(path, path_length);
	append(bytes, length);
}

void close_records(void)
{
	write_record('Z', "", "", 0);
	flush_records();
	if (fsync(output))
		fail("fsync");
}

static void write_error(const char *path)
{
	const char *text = strerror(errno);

	write_record('E', path, text, strlen(text));
}

static void make_room(size_t needed)
{
	if (needed <= room)
		return;
	room = needed * 2;
	buffer = realloc(buffer, room);
	if (!buffer)
		fail("realloc");
}

void collect_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	size_t length = 0;
	ssize_t got;

	if (fd < 0) {
		write_error(path);
		return;
	}
	do {
		make_room(length + CHUNK);
		got = read(fd, buffer + length, CHUNK);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0);
	if (got < 0 && errno != EAGAIN)
		write_error(path);
	else
		write_record('F', path, buffer, length);
	close(fd);
}

const char *collect_link(const char *path)
{
	static char text[LONGEST_LINK];
	ssize_t length = readlink(path, text, sizeof(text) - 1);

	if (length < 0) {
		write_error(path);
		return NULL;
	}
	text[length] = '\0';
	write_record('L', path, text, (size_t)length);
	return text;
}

static int compare_numbers(const void *one, const void *other)
{
	int a = *(const int *)one, b = *(const int *)other;

	return (a > b) - (a < b);
}

size_t collect_numbers(const char *path, int *numbers, size_t most)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	size_t count = 0, length = 0;

	if (!folder) {
		write_error(path);
		return 0;
	}
	while ((entry = readdir(folder)) != NULL && count < most) {
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			numbers[count++] = atoi(entry->d_name);
	}
	closedir(folder);
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	make_room(count * 12 + 1);
	for (size_t i = 0; i < count; i++)
		length += (size_t)sprintf(buffer + length, "%d\n", numbers[i]);
	write_record('D', path, buffer, length);
	return count;
}
