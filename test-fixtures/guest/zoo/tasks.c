// SPDX-License-Identifier: MIT
/* Names, ids, threads, families, and what tasks share with each other. */
#define _GNU_SOURCE
#include "zoo.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK 65536

static void start_named(char *comm_hex)
{
	char *argv[] = { "sleeper", "named", NULL };
	char variable[64];

	snprintf(variable, sizeof(variable), "SLEEPER_COMM=%s", comm_hex);
	start_sleeper(argv, variable);
}

static void start_names(void)
{
	start_named("6e616d6520776974682062");	       /* "name with b" */
	start_named("1b5b33316d7265640a097822275c");   /* escape sequence, newline, tab, quotes, backslash */
	start_named("626164fffec328e2820a");	       /* invalid UTF-8 */
	start_named("3132333435363738396162636465662929"); /* longer than 15 bytes */
	start_named("2920522031203220332028");	       /* ") R 1 2 3 (": what breaks naive readers of stat */
	start_named("");			       /* empty */
	start_named("c3a4e282acf09f9088");	       /* UTF-8 of two, three and four bytes */
}

static void start_with_ids(uid_t uid, uid_t euid, gid_t gid, gid_t egid)
{
	if (start_child("ids") > 0)
		return;
	if (setresgid(gid, egid, 7) || setresuid(uid, euid, 5))
		fail("setresuid");
	be_ready();
}

static void start_threaded(void)
{
	static char *names[] = { "worker one", "worker-2", "\xff\x1b]0;", NULL };

	if (start_child("threaded") > 0) {
		expect_ready(3);
		return;
	}
	start_threads(names);
	be_ready();
}

/* The leader exits, a thread lives: /proc shows a zombie with a living task. */
static void start_dead_leader(void)
{
	static char *names[] = { "survivor", NULL };

	if (start_child("dead-leader") > 0) {
		expect_ready(1);
		return;
	}
	must_open("/etc/guest.conf", O_RDONLY);
	if (chdir("/bin"))
		fail("/bin");
	start_threads(names);
	say_ready();
	syscall(SYS_exit, 0);
}

static void *leave_files(void *unused)
{
	(void)unused;
	set_name("own-files");
	if (unshare(CLONE_FILES))
		fail("CLONE_FILES");
	must_open("/etc/guest.conf", O_RDONLY | O_CLOEXEC);
	close(0);
	be_ready();
}

static void *leave_folder(void *unused)
{
	(void)unused;
	set_name("own-folder");
	if (unshare(CLONE_FS) || chdir("/modules"))
		fail("CLONE_FS");
	be_ready();
}

/* Threads of one process that do not share its file table, or its working folder. */
static void start_parted_threads(void)
{
	pthread_t thread;

	if (start_child("parted") > 0) {
		expect_ready(2);
		return;
	}
	if (pthread_create(&thread, NULL, leave_files, NULL) || pthread_create(&thread, NULL, leave_folder, NULL))
		fail("pthread_create");
	be_ready();
}

static int be_clone(void *name)
{
	set_name(name);
	if (must_open("/etc/guest.conf", O_RDONLY) < 0)
		fail("open");
	be_ready();
	return 0;
}

/* Processes of their own that share one thing with their parent. */
static void start_sharing(char *parent, char *child, int flags)
{
	static char stack[STACK] __attribute__((aligned(16)));

	if (start_child(parent) > 0) {
		expect_ready(1);
		return;
	}
	if (clone(be_clone, stack + sizeof(stack), flags | SIGCHLD, child) < 0)
		fail("clone");
	be_ready();
}

static void start_zombie(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		set_name("zombie");
		_exit(0);
	}
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
		fail("waitid");
}

/* Its parent dies, and it is given to init. */
static void start_orphan(void)
{
	pid_t pid = start_child("orphan's parent");

	if (pid > 0) {
		waitpid(pid, NULL, 0);
		return;
	}
	if (fork() > 0)
		_exit(0);
	while (getppid() != 1)
		usleep(1000);
	set_name("orphan");
	be_ready();
}

static void start_nest(int depth)
{
	static const char *const names[] = { "", "nest-1", "nest-2", "nest-3" };

	if (depth == 0 || start_child(names[depth]) > 0)
		return;
	start_nest(depth - 1);
	be_ready();
}

/* The parent waits in vfork(), so that both share one address space. */
static void start_vfork(void)
{
	if (start_child("vfork-parent") > 0)
		return;
	if (vfork() == 0) {
		set_name("vfork-child");
		be_ready();
	}
	_exit(0);
}

void start_tasks(void)
{
	start_names();
	start_with_ids(1000, 1000, 1000, 1000);
	start_with_ids(1001, 2002, 3003, 4004);
	start_with_ids(4294967294u, 3000000001u, 2147483648u, 4000000002u);
	start_threaded();
	start_dead_leader();
	start_parted_threads();
	start_sharing("files-parent", "files-child", CLONE_FILES);
	start_sharing("vm-parent", "vm-child", CLONE_VM);
	start_sharing("fs-parent", "fs-child", CLONE_FS);
	start_zombie();
	start_orphan();
	start_nest(3);
	expect_ready(2);
	start_vfork();
}
