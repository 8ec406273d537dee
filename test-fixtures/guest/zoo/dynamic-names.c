// SPDX-License-Identifier: MIT
/* Descriptors of what has no name in any folder, and of what lives in special file systems. */
#define _GNU_SOURCE
#include "zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/udmabuf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER ZOO "/dynamic"

/* Numbers that are the same on every x86 since they exist, for C libraries that are older. */
#define NR_PIDFD_OPEN 434
#define NR_OPEN_TREE 428
#define NR_FSOPEN 430
#define NR_IO_URING_SETUP 425
#define NR_LANDLOCK_CREATE_RULESET 444
#define NR_MEMFD_SECRET 447

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4U
#endif

static int must_have(const char *what, long fd)
{
	if (fd < 0)
		lack(what);
	return (int)fd;
}

static void open_events(void)
{
	sigset_t signals;
	int epoll, inotify, pipes[2], watched;
	struct epoll_event event = { .events = EPOLLIN };

	if (pipe2(pipes, O_NONBLOCK) || pipe2(pipes, O_CLOEXEC))
		fail("pipe");
	watched = must_have("eventfd", eventfd(7, EFD_SEMAPHORE));
	epoll = must_have("epoll", epoll_create1(EPOLL_CLOEXEC));
	event.data.fd = watched;
	epoll_ctl(epoll, EPOLL_CTL_ADD, watched, &event);
	must_have("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	must_have("signalfd", signalfd(-1, &signals, 0));
	inotify = must_have("inotify", inotify_init1(0));
	inotify_add_watch(inotify, FOLDER, IN_CREATE);
	must_have("fanotify", fanotify_init(FAN_CLASS_NOTIF, O_RDONLY));
}

/* A buffer of devices, made of a memfd that cannot shrink. */
static void open_device_buffer(int memory)
{
	struct udmabuf_create part = { .memfd = (uint32_t)memory, .flags = UDMABUF_FLAGS_CLOEXEC, .size = 4096 };
	int device = try_open("/dev/udmabuf", O_RDWR);
	int fd = device < 0 ? -1 : must_have("a buffer of devices", ioctl(device, UDMABUF_CREATE, &part));

	if (fd >= 0)
		map_page(fd);
}

static void open_memory_files(void)
{
	int fd = must_have("memfd", memfd_create("a name", MFD_ALLOW_SEALING));

	if (ftruncate(fd, 8192) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		lack("seals");
	map_page(fd);
	open_device_buffer(fd);
	must_have("memfd", memfd_create("", 0));
	must_have("memfd", memfd_create("new\nline \\ \xff (deleted)", 0));
	must_have("memfd of huge pages", memfd_create("huge", MFD_HUGETLB));
	must_have("memfd_secret", syscall(NR_MEMFD_SECRET, 0));
}

static void open_kernel_objects(void)
{
	struct perf_event_attr counter = { .type = PERF_TYPE_SOFTWARE,
					   .size = sizeof(counter),
					   .config = PERF_COUNT_SW_CPU_CLOCK,
					   .disabled = 1 };
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 2 };
	struct io_uring_params ring;
	uint64_t landlock[1] = { 1 };

	memset(&ring, 0, sizeof(ring));
	must_have("perf_event", syscall(SYS_perf_event_open, &counter, 0, -1, -1, 0));
	must_have("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)));
	must_have("io_uring", syscall(NR_IO_URING_SETUP, 4, &ring));
	must_have("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
	must_have("pidfd", syscall(NR_PIDFD_OPEN, getppid(), 0));
	must_have("landlock", syscall(NR_LANDLOCK_CREATE_RULESET, landlock, sizeof(landlock), 0));
	must_have("mount context", syscall(NR_FSOPEN, "tmpfs", 0));
	/* A mount of its own, in no namespace. */
	must_have("mount tree", syscall(NR_OPEN_TREE, AT_FDCWD, FOLDER, 1 | O_CLOEXEC));
	must_have("mqueue", syscall(SYS_mq_open, "a queue", O_CREAT | O_RDWR, 0600, NULL));
}

static void open_namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc",  "mnt",  "net", "pid", "pid_for_children",
					     "time",   "user", "uts" };
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		try_open(path, O_RDONLY);
	}
}

/* Files of a process that is no more. */
static void open_dead_process(void)
{
	char path[64];
	pid_t pid = fork();

	if (pid == 0)
		sleep_for_ever();
	snprintf(path, sizeof(path), "/proc/%d", pid);
	must_open(path, O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	must_open(path, O_RDONLY);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void open_special_files(void)
{
	static const char *const names[] = { "/dev/null", "/dev/zero",	 "/dev/urandom",	  "/dev/kmsg",
					     "/dev/mem",  "/dev/ptmx",	 "/proc/self/maps",	  "/proc/version",
					     "/proc",	  "/proc/self/fd", "/proc/self/task",	  "/proc/sys/kernel/ostype",
					     "/sys",	  "/sys/kernel", "/sys/kernel/uevent_seqnum" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		try_open(names[i], O_RDONLY | O_NOCTTY | O_NONBLOCK);
	if (mkfifo(FOLDER "/fifo", 0600))
		fail("mkfifo");
	must_open(FOLDER "/fifo", O_RDONLY | O_NONBLOCK);
	must_open(FOLDER "/fifo", O_WRONLY | O_NONBLOCK);
}

static void start_memory_program(void)
{
	char *argv[] = { "program in memory", NULL }, *environment[] = { NULL }, path[64];
	int program, memory;

	if (start_child("memory-program") > 0)
		return;
	program = must_open(SLEEPER, O_RDONLY);
	memory = memfd_create("program", MFD_CLOEXEC);
	if (memory < 0 || sendfile(memory, program, NULL, 16 << 20) < 4096)
		fail("memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	execve(path, argv, environment);
	fail("a program in memory");
}

static void start_kinds(const char *name, void (*open_all)(void))
{
	if (start_child(name) > 0)
		return;
	open_all();
	be_ready();
}

void start_dynamic_names(void)
{
	make_folder(FOLDER);
	start_kinds("fds-events", open_events);
	start_kinds("fds-memory", open_memory_files);
	start_kinds("fds-kernel", open_kernel_objects);
	start_kinds("fds-namespaces", open_namespaces);
	start_kinds("fds-dead-process", open_dead_process);
	start_kinds("fds-special", open_special_files);
	start_memory_program();
}
