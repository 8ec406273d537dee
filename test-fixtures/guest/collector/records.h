/* SPDX-License-Identifier: MIT */
/*
 * The stream that the collector writes.
 *
 * A record is a kind, two lengths and then path and bytes:
 *     "F" regular file, "L" symbolic link, "D" names in a folder (a line each), "E" errno text, "Z" the end
 *     u8 kind, u32 length of path, u64 length of bytes (little-endian), path, bytes
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>

/* Says what failed, and ends the collector. */
_Noreturn void fail(const char *what);

void open_records(const char *path);
void write_record(char kind, const char *path, const void *bytes, size_t length);
/* Writes the end and waits until all is on the disk. */
void close_records(void);

/* A file of /proc has no size: it is read to its end. One such as /dev/kmsg ends at EAGAIN. */
void collect_file(const char *path);
/* The text of a symbolic link. Returns it until the next call, or NULL. */
const char *collect_link(const char *path);
/* The names in a folder that are numbers, ascending. Returns how many there are, `most` at the most. */
size_t collect_numbers(const char *path, int *numbers, size_t most);

#endif
