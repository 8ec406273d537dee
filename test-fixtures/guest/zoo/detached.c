// SPDX-License-Identifier: MIT
/* Roots and places that are not everybody's: chroot, mount namespaces, pivot_root, what was unmounted under the feet. */
#define _GNU_SOURCE
#include "zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER ZOO "/roots"

static void mount_tmpfs(const char *source, const char *path)
{
	make_folder(path);
	if (mount(source, path, "tmpfs", 0, "size=256k"))
		fail(path);
}

static void private_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fail("CLONE_NEWNS");
}

/* In a folder; and in the root of a mount. One keeps a way out. */
static void start_jailed(void)
{
	make_folder(FOLDER "/jail");
	make_folder(FOLDER "/jail/inside");
	make_file(FOLDER "/jail/file", "in the jail");
	mount_tmpfs("jail mount", FOLDER "/jail/mount");
	if (start_child("chroot") == 0) {
		must_open("/bin", O_RDONLY | O_DIRECTORY);
		if (chroot(FOLDER "/jail") || chdir("/inside"))
			fail("chroot");
		map_page(must_open("/file", O_RDONLY));
		be_ready();
	}
	if (start_child("chroot-mount") == 0) {
		if (chroot(FOLDER "/jail/mount"))
			fail("chroot");
		/* Its working folder stays outside. */
		be_ready();
	}
}

/* A root that is deleted. */
static void start_in_deleted_root(void)
{
	make_folder(FOLDER "/deleted");
	if (start_child("chroot-deleted") > 0)
		return;
	if (chroot(FOLDER "/deleted") || chdir("/"))
		fail("chroot");
	be_ready();
}

static void start_in_namespace(void)
{
	if (start_child("mount-namespace") > 0)
		return;
	must_open(FOLDER "/jail/mount", O_RDONLY | O_DIRECTORY);
	private_mounts();
	mount_tmpfs("private", FOLDER "/private");
	mount_tmpfs("over proc", "/proc");
	make_file(FOLDER "/private/file", "private");
	map_page(must_open(FOLDER "/private/file", O_RDONLY));
	if (chdir(FOLDER "/private"))
		fail("chdir");
	be_ready();
}

/* The initramfs cannot be left by pivot_root(): first a file system is moved over it. */
static void start_pivoted(void)
{
	if (start_child("pivot-root") > 0)
		return;
	private_mounts();
	mount_tmpfs("first root", FOLDER "/first");
	if (chdir(FOLDER "/first") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		fail("a moved root");
	mount_tmpfs("new root", "/new");
	make_folder("/new/old");
	if (chdir("/new") || syscall(SYS_pivot_root, ".", "old") || chroot(".") || chdir("/"))
		fail("pivot_root");
	make_file("/file", "in the new root");
	map_page(must_open("/file", O_RDONLY));
	must_open("/old", O_RDONLY | O_DIRECTORY);
	be_ready();
}

/* As containers do it: the old root is gone afterwards. */
static void start_container(void)
{
	if (start_child("container") > 0)
		return;
	if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fail("unshare");
	mount_tmpfs("first root", FOLDER "/container");
	if (chdir(FOLDER "/container") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		fail("a moved root");
	mount_tmpfs("container root", "/new");
	if (chdir("/new") || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
		lack("pivot_root over itself");
	make_folder("/proc");
	if (mount("proc", "/proc", "proc", 0, NULL))
		lack("a proc of its own");
	must_open("/file", O_RDWR | O_CREAT);
	be_ready();
}

/* Folders, files and mappings on a mount that is then taken out of the tree, with one below it. */
static void start_on_detached(void)
{
	mount_tmpfs("lazy", FOLDER "/lazy");
	make_folder(FOLDER "/lazy/folder");
	make_file(FOLDER "/lazy/folder/file", "detached");
	mount_tmpfs("lazy below", FOLDER "/lazy/below");
	make_file(FOLDER "/lazy/below/file", "detached");
	do_later(detach_mount, FOLDER "/lazy");
	if (start_child("detached") == 0) {
		map_page(must_open(FOLDER "/lazy/folder/file", O_RDONLY));
		must_open(FOLDER "/lazy", O_RDONLY | O_DIRECTORY);
		map_page(must_open(FOLDER "/lazy/below/file", O_RDONLY));
		if (chdir(FOLDER "/lazy/folder"))
			fail("chdir");
		be_ready();
	}
	if (start_child("detached-root") == 0) {
		if (chroot(FOLDER "/lazy/folder") || chdir("/"))
			fail("chroot");
		must_open("/file", O_RDONLY);
		be_ready();
	}
}

static void remove_folder(const char *path)
{
	if (rmdir(path))
		fail(path);
}

void start_detached(void)
{
	make_folder(FOLDER);
	start_jailed();
	start_in_deleted_root();
	do_later(remove_folder, FOLDER "/deleted");
	start_in_namespace();
	start_pivoted();
	start_container();
	start_on_detached();
}
