// SPDX-License-Identifier: MIT
/*
 * collector OUTPUT CONSOLE [FILE...] - writes what /proc says to OUTPUT as records.
 *
 * A record is a kind, two lengths and then path and bytes:
 *     "F" regular file, "L" symbolic link, "D" names in a folder (a line each), "E" errno text, "Z" the end
 *     u8 kind, u32 length of path, u64 length of bytes (little-endian), path, bytes
 *
 * The list of tasks is taken before and after ("D" of /proc and of each
 * /proc/PID/task, twice), so that what came or went meanwhile can be told.
 * At the end it writes "OSI-CHECKPOINT" to CONSOLE and sleeps for ever:
 * everything that it wrote is true until something else wakes up.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TASKS 65536

/* What is read of each process and of each of its tasks; more files are one more name. */
static const char *const process_files[] = { "stat", "status", "comm", "cmdline", NULL };
static const char *const task_files[] = { "stat", "status", "comm", NULL };

static int output;
static char *buffer;
static size_t room;

static void fail(const char *what)
{
	fprintf(stderr, "collector: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void write_all(const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t done = write(output, at, length);

		if (done <= 0)
			fail("write");
		at += done;
		length -= (size_t)done;
	}
}

static void write_record(char kind, const char *path, const void *bytes, size_t length)
{
	uint32_t path_length = (uint32_t)strlen(path);
	uint64_t byte_length = length;

	write_all(&kind, 1);
	write_all(&path_length, sizeof(path_length));
	write_all(&byte_length, sizeof(byte_length));
	write_all(path, path_length);
	write_all(bytes, length);
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

/* Files of /proc have no size: read to the end. A pipe-like file such as /dev/kmsg ends at EAGAIN. */
static void collect_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	size_t length = 0;
	ssize_t got;

	if (fd < 0) {
		write_error(path);
		return;
	}
	do {
		make_room(length + 65536);
		got = read(fd, buffer + length, 65536);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0);
	if (got < 0 && errno != EAGAIN)
		write_error(path);
	else
		write_record('F', path, buffer, length);
	close(fd);
}

static int compare_numbers(const void *one, const void *other)
{
	int a = *(const int *)one, b = *(const int *)other;

	return (a > b) - (a < b);
}

/* The names in a folder that are numbers, in order; also written as a record. */
static size_t list_numbers(const char *path, int *numbers)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	size_t count = 0, length = 0;

	if (!folder) {
		write_error(path);
		return 0;
	}
	while ((entry = readdir(folder)) != NULL && count < MAX_TASKS) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
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

static void collect_files(const char *folder, const char *const names[])
{
	char path[PATH_MAX];

	for (int i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		collect_file(path);
	}
}

/* The second time only the lists are taken. */
static void collect_processes(int with_files)
{
	static int pids[MAX_TASKS], tids[MAX_TASKS];
	size_t processes = list_numbers("/proc", pids);
	char path[64];

	for (size_t i = 0; i < processes; i++) {
		size_t tasks;

		if (with_files) {
			snprintf(path, sizeof(path), "/proc/%d", pids[i]);
			collect_files(path, process_files);
		}
		snprintf(path, sizeof(path), "/proc/%d/task", pids[i]);
		tasks = list_numbers(path, tids);
		for (size_t k = 0; with_files && k < tasks; k++) {
			snprintf(path, sizeof(path), "/proc/%d/task/%d", pids[i], tids[k]);
			collect_files(path, task_files);
		}
	}
}

int main(int argc, char **argv)
{
	static const char checkpoint[] = "OSI-CHECKPOINT\n";
	int console;

	if (argc < 3)
		return 2;
	output = open(argv[1], O_WRONLY);
	console = open(argv[2], O_WRONLY | O_NOCTTY);
	if (output < 0 || console < 0)
		fail("open");
	for (int i = 3; i < argc; i++)
		collect_file(argv[i]);
	collect_processes(1);
	collect_processes(0);
	write_record('Z', "", "", 0);
	if (fsync(output))
		fail("fsync");
	if (write(console, checkpoint, sizeof(checkpoint) - 1) < 0)
		fail("console");
	for (;;)
		pause();
}
