// SPDX-License-Identifier: MIT
/* Mounts: file systems of all kinds, mounts over mounts, of files and of folders, with odd names and sources. */
#define _GNU_SOURCE
#include "zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER ZOO "/mnt"

/* Makes the folder and mounts on it. Returns whether it did. */
static int mount_on(const char *source, const char *path, const char *type, unsigned long flags, const char *data)
{
	make_folder(path);
	if (mount(source, path, type, flags, data) == 0)
		return 1;
	lack(path);
	return 0;
}

static void change_mount(const char *path, unsigned long flags)
{
	if (mount(NULL, path, NULL, flags, NULL))
		lack(path);
}

static void mount_kinds(void)
{
	static const char *const types[] = { "ramfs",	  "cgroup2", "configfs", "debugfs", "tracefs",	 "securityfs",
					     "bpf",	  "mqueue",  "devpts",	 "pstore",  "hugetlbfs", "proc",
					     "sysfs",	  "tmpfs",   "devtmpfs" };
	char path[64];

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		snprintf(path, sizeof(path), FOLDER "/%s", types[i]);
		mount_on(types[i], path, types[i], 0, NULL);
	}
	mount_on("none", FOLDER "/cgroup", "cgroup", 0, "none,name=zoo");
}

/* A file system whose type has a second half; its server never answers, and nobody asks. */
static void mount_subtype(void)
{
	int fd = try_open("/dev/fuse", O_RDWR);
	char options[80];

	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd >= 0)
		mount_on("a source", FOLDER "/fuse", "fuse.zoo", MS_NOSUID | MS_NODEV, options);
}

static void mount_names(void)
{
	static const char *const names[] = { "b l a n k", "new\nline", "tab\t", "back\\slash", "hash#", "bad\xff\xfe(" };
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), FOLDER "/%s", names[i]);
		mount_on(names[i], path, "tmpfs", 0, "size=64k");
	}
	mount_on("", FOLDER "/empty source", "tmpfs", 0, "size=64k");
}

/* Nested, and one over another: the lower one is only seen by who was there before. */
static void mount_stacks(void)
{
	mount_on("outer", FOLDER "/outer", "tmpfs", 0, "size=256k");
	mount_on("inner", FOLDER "/outer/inner", "tmpfs", MS_RDONLY | MS_NOEXEC, "size=64k");
	mount_on("lower", FOLDER "/stack", "tmpfs", 0, "size=256k");
	make_file(FOLDER "/stack/file", "in the lower one");
	mount_on("below", FOLDER "/stack/below", "tmpfs", 0, "size=64k");
	if (start_child("under-a-mount") == 0) {
		map_page(must_open(FOLDER "/stack/file", O_RDONLY));
		if (chdir(FOLDER "/stack"))
			fail("chdir");
		be_ready();
	}
	/* The others come after that one is in the lower mount. */
	wait_for_all();
	mount_on("middle", FOLDER "/stack", "tmpfs", 0, "size=64k");
	mount_on("upper", FOLDER "/stack", "tmpfs", 0, "size=64k");
	make_file(FOLDER "/stack/file", "in the upper one");
}

static void mount_binds(void)
{
	make_folder(FOLDER "/source");
	make_folder(FOLDER "/source/sub");
	make_folder(FOLDER "/source/gone");
	make_file(FOLDER "/source/file", "bound");
	make_file(FOLDER "/source/file gone", "bound");
	make_file(FOLDER "/bound file", "hidden");
	make_file(FOLDER "/bound file gone", "hidden");
	mount_on(FOLDER "/source/sub", FOLDER "/bound", NULL, MS_BIND, NULL);
	if (mount(FOLDER "/source/file", FOLDER "/bound file", NULL, MS_BIND, NULL) ||
	    mount(FOLDER "/source/file gone", FOLDER "/bound file gone", NULL, MS_BIND, NULL))
		lack("a bound file");
	mount_on(FOLDER "/source/gone", FOLDER "/bound gone", NULL, MS_BIND, NULL);
	if (rmdir(FOLDER "/source/gone") || unlink(FOLDER "/source/file gone"))
		fail("gone");
	/* Of another file system's inside, and with all that is mounted below. */
	make_folder(FOLDER "/outer/sub");
	mount_on(FOLDER "/outer/sub", FOLDER "/bound sub", NULL, MS_BIND, NULL);
	mount_on(FOLDER "/outer", FOLDER "/bound tree", NULL, MS_BIND | MS_REC, NULL);
	mount_on("/proc/sys", FOLDER "/bound proc", NULL, MS_BIND, NULL);
	change_mount(FOLDER "/bound proc", MS_BIND | MS_REMOUNT | MS_RDONLY);
	change_mount(FOLDER "/outer", MS_SHARED);
	change_mount(FOLDER "/bound", MS_UNBINDABLE);
	/* A mount of a namespace keeps it alive. */
	make_file(FOLDER "/namespace", "");
	if (mount("/proc/self/ns/uts", FOLDER "/namespace", NULL, MS_BIND, NULL))
		lack("a mounted namespace");
}

static void copy_program(const char *path)
{
	int from = must_open(SLEEPER, O_RDONLY), to = must_open(path, O_WRONLY | O_CREAT);

	if (sendfile(to, from, NULL, 16 << 20) < 4096 || fchmod(to, 0755))
		fail(path);
	close(from);
	close(to);
}

#define OVERLAY ZOO "/overlay"

static void open_overlay(void)
{
	int lower = must_open(OVERLAY "/merged/lower", O_RDONLY);

	map_page(lower);
	map_page(must_open(OVERLAY "/merged/upper", O_RDWR));
	/* Copied up when it is opened for writing; the first descriptor stays below. */
	must_open(OVERLAY "/merged/copied", O_RDONLY);
	if (write(must_open(OVERLAY "/merged/copied", O_RDWR), "up", 2) != 2)
		fail("overlay");
	map_page(must_open(OVERLAY "/merged/folder/file", O_RDONLY));
	map_page(must_open(OVERLAY "/merged/deleted", O_RDONLY));
	unlink_file(OVERLAY "/merged/deleted");
	must_open(OVERLAY "/merged/folder", O_RDONLY | O_DIRECTORY);
	if (chdir(OVERLAY "/merged/folder"))
		fail("overlay");
}

static void start_overlay(void)
{
	char *argv[] = { "on the overlay", NULL }, *environment[] = { NULL };

	make_folder(OVERLAY);
	make_folder(OVERLAY "/lower");
	make_folder(OVERLAY "/lower/folder");
	make_file(OVERLAY "/lower/lower", "lower");
	make_file(OVERLAY "/lower/copied", "lower");
	make_file(OVERLAY "/lower/deleted", "lower");
	make_file(OVERLAY "/lower/folder/file", "lower");
	if (link(SLEEPER, OVERLAY "/lower/program"))
		fail("link");
	mount_on("layers", OVERLAY "/layers", "tmpfs", 0, NULL);
	make_folder(OVERLAY "/layers/upper");
	make_folder(OVERLAY "/layers/work");
	make_file(OVERLAY "/layers/upper/upper", "upper");
	copy_program(OVERLAY "/layers/upper/program-2");
	if (!mount_on("overlay", OVERLAY "/merged", "overlay", 0,
		      "lowerdir=" OVERLAY "/lower,upperdir=" OVERLAY "/layers/upper,workdir=" OVERLAY "/layers/work"))
		return;
	start_program(OVERLAY "/merged/program", argv, environment);
	start_program(OVERLAY "/merged/program-2", argv, environment);
	if (start_child("overlay") > 0)
		return;
	open_overlay();
	be_ready();
}

static void start_on_huge_pages(void)
{
	char *pages;

	if (start_child("hugetlbfs") > 0)
		return;
	pages = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED,
		     try_open(FOLDER "/hugetlbfs/file", O_RDWR | O_CREAT), 0);
	if (pages == MAP_FAILED)
		lack("a mapping of hugetlbfs");
	else
		pages[0] = 1;
	be_ready();
}

/* A file system on a block device; init-state.sh mounted it. */
static void start_on_disk(void)
{
	if (start_child("on-disk") > 0)
		return;
	if (chdir("/disk"))
		lack("/disk");
	must_open("A long name on disk.txt", O_RDWR | O_CREAT);
	if (write(must_open("short", O_RDWR | O_CREAT), "contents", 8) == 8)
		map_page(must_open("short", O_RDONLY));
	be_ready();
}

void start_mounts(void)
{
	make_folder(FOLDER);
	mount_kinds();
	mount_subtype();
	mount_names();
	mount_stacks();
	mount_binds();
	start_overlay();
	start_on_huge_pages();
	start_on_disk();
}
