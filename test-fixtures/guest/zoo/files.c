// SPDX-License-Identifier: MIT
/* Open files: numbers, flags, positions, and what became of the file since. */
#define _GNU_SOURCE
#include "zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER ZOO "/files"
#define PLAIN FOLDER "/plain"

static void start_many(void)
{
	static const int far[] = { 300, 511, 512, 1023, 1024, 1025, 2047, 4000, 4095 };
	struct rlimit limit = { 4096, 4096 };

	if (start_child("files-many") > 0)
		return;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("setrlimit");
	for (int i = 0; i < 290; i++)
		lseek(must_open(PLAIN, O_RDONLY), i % 7, SEEK_SET);
	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
		if (dup2(3, far[i]) != far[i])
			fail("dup2");
	}
	/* Gaps: all of one word of the bitmap of open files, and some of others. */
	for (int i = 63; i < 130; i++)
		close(i);
	for (int i = 200; i < 220; i += 2)
		close(i);
	be_ready();
}

static void start_no_files(void)
{
	if (start_child("files-none") > 0)
		return;
	say_ready();
	for (int fd = 0; fd <= READY_FD; fd++)
		close(fd);
	sleep_for_ever();
}

/* Waits in open() for a writer: the number is taken, and no file is there yet. */
static void start_reserved(void)
{
	if (start_child("files-reserved") > 0)
		return;
	if (mkfifo(FOLDER "/nobody writes", 0600))
		fail("mkfifo");
	say_ready();
	must_open(FOLDER "/nobody writes", O_RDONLY);
}

static void start_flags(void)
{
	static const int flags[] = { O_RDONLY, O_WRONLY,	  O_RDWR,  O_CLOEXEC, O_WRONLY | O_APPEND,
				     O_PATH,   O_PATH | O_CLOEXEC, O_SYNC,  O_DSYNC,   O_NONBLOCK,
				     O_NOATIME, 3 /* ioctl only */ };

	if (start_child("files-flags") > 0)
		return;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		must_open(PLAIN, flags[i]);
	/* Of tmpfs since v6.6. */
	try_open(PLAIN, O_RDONLY | O_DIRECT);
	must_open(FOLDER, O_RDONLY | O_DIRECTORY);
	must_open(FOLDER "/link", O_PATH | O_NOFOLLOW);
	try_open("/dev/null", O_RDWR | O_ASYNC);
	be_ready();
}

static void seek(int fd, int64_t position)
{
	if (fd >= 0 && lseek(fd, (off_t)position, SEEK_SET) != (off_t)position)
		lack("a position");
}

static void start_positions(void)
{
	char bytes[5];
	int fd;

	if (start_child("files-positions") > 0)
		return;
	if (read(must_open(PLAIN, O_RDONLY), bytes, sizeof(bytes)) != sizeof(bytes))
		fail("read");
	fd = must_open(FOLDER "/written", O_RDWR | O_CREAT);
	if (write(fd, "1234567", 7) != 7)
		fail("write");
	fd = must_open(FOLDER "/sparse", O_RDWR | O_CREAT);
	if (ftruncate(fd, (off_t)6 << 30))
		lack("a sparse file");
	seek(fd, 0x140000123);
	/* More than a JSON number holds; the biggest of all; below zero, as offsets into a kernel's half look. */
	seek(must_open(FOLDER "/sparse", O_RDONLY), ((int64_t)1 << 53) + 1);
	seek(must_open(FOLDER "/sparse", O_RDONLY), INT64_MAX);
	fd = must_open("/proc/self/mem", O_RDONLY);
	if (lseek(fd, (off_t)-4096, SEEK_SET) == -1 && errno != 0)
		lack("a negative position");
	seek(must_open("/proc/self/mem", O_RDONLY), 0x12345678);
	be_ready();
}

static int make_and_open(const char *path)
{
	make_file(path, path);
	return must_open(path, O_RDONLY);
}

static void start_deleted(void)
{
	char temporary[64];
	int fd;

	if (start_child("files-deleted") > 0)
		return;
	make_and_open(FOLDER "/deleted");
	unlink_file(FOLDER "/deleted");
	/* Still there by its other name. */
	make_and_open(FOLDER "/linked");
	if (link(FOLDER "/linked", FOLDER "/linked-2") || unlink(FOLDER "/linked"))
		fail("link");
	/* A name that lies, and the same deleted. */
	make_and_open(FOLDER "/there (deleted)");
	make_and_open(FOLDER "/gone (deleted)");
	unlink_file(FOLDER "/gone (deleted)");
	/* Moved, and moved over. */
	make_and_open(FOLDER "/old-name");
	make_and_open(FOLDER "/moved-over");
	make_file(FOLDER "/other", "other");
	if (rename(FOLDER "/old-name", FOLDER "/new-name") || rename(FOLDER "/other", FOLDER "/moved-over"))
		fail("rename");
	/* A file whose folders are gone, too, and the folder itself. */
	make_folder(FOLDER "/a");
	make_folder(FOLDER "/a/b");
	make_and_open(FOLDER "/a/b/file");
	must_open(FOLDER "/a/b", O_RDONLY | O_DIRECTORY);
	if (unlink(FOLDER "/a/b/file") || rmdir(FOLDER "/a/b") || rmdir(FOLDER "/a"))
		fail("rmdir");
	/* Never had a name; got one later. */
	try_open(FOLDER, O_TMPFILE | O_RDWR);
	fd = try_open(FOLDER, O_TMPFILE | O_RDWR);
	snprintf(temporary, sizeof(temporary), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, temporary, AT_FDCWD, FOLDER "/named-later", AT_SYMLINK_FOLLOW))
		lack("O_TMPFILE with a name");
	be_ready();
}

static void start_deleted_folder(void)
{
	if (start_child("cwd-deleted") > 0)
		return;
	make_folder(FOLDER "/cwd");
	make_folder(FOLDER "/cwd/inner");
	if (chdir(FOLDER "/cwd/inner") || rmdir(FOLDER "/cwd/inner") || rmdir(FOLDER "/cwd"))
		fail("cwd");
	be_ready();
}

static void start_linked_program(char *path, void (*afterwards)(const char *path))
{
	char *argv[] = { path, NULL }, *environment[] = { NULL };

	if (link(SLEEPER, path))
		fail(path);
	start_program(path, argv, environment);
	if (afterwards)
		do_later(afterwards, path);
}

static void replace(const char *path)
{
	make_file(FOLDER "/replacement", "another program");
	if (rename(FOLDER "/replacement", path))
		fail(path);
}

void start_files(void)
{
	make_folder(FOLDER);
	make_file(PLAIN, "plain contents\n");
	if (symlink("plain", FOLDER "/link"))
		fail("symlink");
	start_many();
	start_no_files();
	start_reserved();
	start_flags();
	start_positions();
	start_deleted();
	start_deleted_folder();
	start_linked_program(FOLDER "/deleted-program", unlink_file);
	start_linked_program(FOLDER "/replaced-program", replace);
	start_linked_program(FOLDER "/program (deleted)", NULL);
}
