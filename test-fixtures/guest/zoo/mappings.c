// SPDX-License-Identifier: MIT
/* Mappings: of every kind, place and permission; many of them; and heaps that are not in one piece. */
#define _GNU_SOURCE
#include "zoo.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER ZOO "/mappings"
#define PAGE 4096
#define MANY 1800

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static char *map(const char *what, void *at, size_t length, int protection, int flags, int fd, int64_t offset)
{
	char *address = mmap(at, length, protection, flags, fd, (off_t)offset);

	if (address == MAP_FAILED) {
		lack(what);
		return NULL;
	}
	return address;
}

static char *map_anonymous(size_t length, int flags)
{
	return map("anonymous memory", NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* All eight permissions, of private, shared and anonymous memory; neighbours differ, so that none are merged. */
static void map_permissions(void)
{
	int fd = must_open(FOLDER "/file", O_RDWR);
	int read_only = must_open(FOLDER "/file", O_RDONLY);

	for (int protection = 0; protection < 8; protection++) {
		map("permissions", NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		map("permissions", NULL, PAGE, protection, MAP_SHARED, fd, 0);
		map("permissions", NULL, PAGE, protection, MAP_PRIVATE, fd, PAGE);
	}
	/* Shared, but of a file that cannot be written: the kernel keeps no VM_SHARED for it. */
	map("permissions", NULL, PAGE, PROT_READ, MAP_SHARED, read_only, 0);
}

static void map_files(void)
{
	int zero = must_open("/dev/zero", O_RDWR), sparse = must_open(FOLDER "/sparse", O_RDWR | O_CREAT), fd;
	int segment = shmget(IPC_PRIVATE, 2 * PAGE, IPC_CREAT | 0600), keyed = shmget(0x1234abcd, PAGE, IPC_CREAT | 0600);

	map("shared zeros", NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
	map("private zeros", NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
	map("shared memory", NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (segment < 0 || keyed < 0 || shmat(segment, NULL, 0) == (void *)-1 ||
	    shmat(keyed, NULL, SHM_RDONLY) == (void *)-1 || shmctl(segment, IPC_RMID, NULL))
		lack("System V memory");
	/* Offsets above 4 GiB, also of pages beyond the end. */
	if (ftruncate(sparse, (off_t)0x150000000))
		lack("a sparse file");
	map("far offset", NULL, 2 * PAGE, PROT_READ, MAP_SHARED, sparse, 0x140003000);
	map("beyond the end", NULL, PAGE, PROT_READ, MAP_PRIVATE, sparse, (int64_t)1 << 43);
	fd = must_open(FOLDER "/gone", O_RDWR | O_CREAT);
	map("deleted file", NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	unlink_file(FOLDER "/gone");
	close(fd);
	fd = must_open(FOLDER "/[stack]", O_RDWR | O_CREAT);
	map("a file like the stack", NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
}

static void name_memory(const char *name)
{
	char *pages = map_anonymous(2 * PAGE, 0);

	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, pages, PAGE, name))
		lack("a name for memory");
}

static void map_special(void)
{
	char *pages = map_anonymous(4 << 20, 0);

	/* One huge page at least is whole in it. */
	if (pages && madvise(pages, 4 << 20, MADV_HUGEPAGE) == 0)
		memset(pages, 1, 4 << 20);
	pages = map_anonymous(4 << 20, MAP_HUGETLB);
	if (pages)
		pages[0] = 1;
	map_anonymous(16 * PAGE, MAP_GROWSDOWN | MAP_STACK);
	map_anonymous(PAGE, MAP_LOCKED | MAP_POPULATE);
	map_anonymous(1 << 20, MAP_NORESERVE);
	name_memory("a name");
	name_memory("bytes ~ !\"#%&'()*+,-./:;<=>?@^_{|}");
	pages = map("shared memory", NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, pages, PAGE, "shared name"))
		lack("a name for shared memory");
	/* The lowest that is allowed, and high up. */
	map("low memory", (void *)0x10000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	map("high memory", (void *)(~0ul >> 8), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pages = map_anonymous(4 * PAGE, 0);
	if (pages && (madvise(pages, PAGE, MADV_DONTFORK) || madvise(pages + PAGE, PAGE, MADV_DONTDUMP)))
		lack("advice");
}

static void start_kind(const char *name, void (*map_all)(void))
{
	if (start_child(name) > 0)
		return;
	map_all();
	be_ready();
}

/* The tree of this one has several levels: every second page may be read, the others not. */
static void map_many(void)
{
	char *pages = map("many mappings", NULL, MANY * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = must_open(FOLDER "/file", O_RDONLY);

	for (int i = 0; pages && i < MANY; i += 2) {
		if (mprotect(pages + i * PAGE, PAGE, PROT_READ))
			fail("mprotect");
	}
	/* Some files and some gaps between them. */
	for (int i = 1; pages && i < MANY; i += 100) {
		map("a file", pages + i * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
		munmap(pages + (i + 10) * PAGE, 3 * PAGE);
	}
}

/* All of its pieces are still the heap. */
static void split_heap(void)
{
	char *start = sbrk(16 * PAGE);

	start = (char *)(((uintptr_t)start + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
	memset(start, 1, 8 * PAGE);
	if (mprotect(start + 2 * PAGE, PAGE, PROT_NONE) || mprotect(start + 4 * PAGE, PAGE, PROT_READ) ||
	    munmap(start + 6 * PAGE, PAGE))
		fail("mprotect");
}

/* The heap elsewhere: one mapping begins below it and ends in it. */
static void move_heap(void)
{
	char *pages = map_anonymous(4 * PAGE, 0);

	/* Its end goes first: it may not lie below the start. */
	if (!pages || prctl(PR_SET_MM, PR_SET_MM_BRK, pages + 2 * PAGE, 0, 0) ||
	    prctl(PR_SET_MM, PR_SET_MM_START_BRK, pages + PAGE, 0, 0))
		lack("a heap elsewhere");
}

static void shrink_heap(void)
{
	char *start = sbrk(0);

	if (brk(start + 8 * PAGE) || brk(start + PAGE / 2))
		lack("a short heap");
}

static void use_stack(void)
{
	volatile char deep[1 << 20];

	for (size_t i = 0; i < sizeof(deep); i += PAGE)
		deep[sizeof(deep) - 1 - i] = 1;
}

/* What the kernel calls the stack is where the arguments began; this one has two pieces. */
static void split_stack(void)
{
	char here;
	char *page = (char *)((uintptr_t)&here & ~(uintptr_t)(PAGE - 1)) - 4 * PAGE;

	use_stack();
	if (mprotect(page, PAGE, PROT_READ))
		lack("a stack in pieces");
}

/* Without randomization the heap begins where the program's data ends, and one mapping is both. */
static void start_joined_heap(void)
{
	char *argv[] = { "joined heap", NULL }, *environment[] = { NULL };

	if (start_child("heap-joined") > 0)
		return;
	if (personality(ADDR_NO_RANDOMIZE) == -1)
		lack("addresses that are not random");
	execve(SLEEPER, argv, environment);
	fail(SLEEPER);
}

/* Buffers that the kernel shares with a process: the names of their mappings are those of descriptors. */
static void map_rings(void)
{
	int uring[30] = { 0 };
	int fd = (int)syscall(425 /* io_uring_setup */, 4, uring);

	if (fd >= 0)
		map("a ring of io_uring", NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	else
		lack("io_uring");
	fd = try_open("/dev/mem", O_RDONLY);
	if (fd >= 0)
		map("/dev/mem", NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0xf0000);
}

void start_mappings(void)
{
	make_folder(FOLDER);
	make_file(FOLDER "/file", "mapped");
	if (truncate(FOLDER "/file", 4 * PAGE))
		fail("truncate");
	start_kind("map-permissions", map_permissions);
	start_kind("map-files", map_files);
	start_kind("map-special", map_special);
	start_kind("map-many", map_many);
	start_kind("map-rings", map_rings);
	start_kind("heap-split", split_heap);
	start_kind("heap-moved", move_heap);
	start_kind("heap-short", shrink_heap);
	start_joined_heap();
	start_kind("stack-grown", use_stack);
	start_kind("stack-split", split_stack);
}
