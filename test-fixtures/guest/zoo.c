// SPDX-License-Identifier: MIT
/*
 * zoo - starts the processes whose state the tests know, and prints "ready" when all of them sleep.
 *
 * Each animal says "ready" by one byte on a pipe. What it is called and how it
 * was started is read back from /proc by the collector, so nothing is repeated
 * here or in the tests.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLEEPER "/bin/sleeper"

static int ready_pipe[2];
static char ready_variable[32];
static int expected;

static void fail(const char *what)
{
	fprintf(stderr, "zoo: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say_ready(void)
{
	if (write(ready_pipe[1], "r", 1) != 1)
		fail("ready");
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void set_name(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* A child of the zoo; the parent returns its pid, the child 0. */
static pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid > 0)
		expected++;
	return pid;
}

/* A child that becomes the sleeper, with these arguments and one more environment variable. */
static void start_sleeper(char *const argv[], char *variable)
{
	char *environment[] = { ready_variable, variable, NULL };

	if (start_child() > 0)
		return;
	execve(SLEEPER, argv, environment);
	fail("execve");
}

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
	if (start_child() > 0)
		return;
	set_name("ids");
	if (setresgid(gid, egid, 7) || setresuid(uid, euid, 5))
		fail("setresuid");
	say_ready();
	sleep_for_ever();
}

static void start_argument_oddities(void)
{
	static char big[20001], title[96] = "SLEEPER_TITLE=";
	char *none[] = { NULL };
	char *one_empty[] = { "", NULL };
	char *empties[] = { "sleeper", "", "a", "", "", NULL };
	char *control[] = { "sleeper", "a b", "\x1b[31m\n", "\xff\xfe\xc3(", NULL };
	char *many[402], *plain[] = { "sleeper", "argument", NULL };

	start_sleeper(none, "A=1");
	start_sleeper(one_empty, "A=1");
	start_sleeper(empties, "A=1");
	start_sleeper(control, "A=1");
	for (size_t i = 0; i < sizeof(big) - 1; i++)
		big[i] = (char)('a' + i % 26);
	for (int i = 0; i < 401; i++)
		many[i] = i == 200 ? big : "number";
	many[401] = NULL;
	start_sleeper(many, "A=1");
	/* A title shorter than the arguments, NUL to their end, as setproctitle() leaves it. */
	start_sleeper(plain, "SLEEPER_TITLE=7469746c65000000000000000000000000");
	/* Longer than the arguments, on into the environment, ended there by a NUL. */
	strcat(title, "61206c6f6e676572207469746c6520696e746f2074686520656e7669726f6e00");
	start_sleeper(plain, title);
	/* Longer, and with NULs inside. */
	start_sleeper(plain, "SLEEPER_TITLE=61006200632d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d00");
}

static void *sleep_named(void *name)
{
	pthread_setname_np(pthread_self(), name);
	say_ready();
	sleep_for_ever();
	return NULL;
}

static void start_threads(char *const names[])
{
	for (int i = 0; names[i]; i++) {
		pthread_t thread;
		pthread_attr_t attributes;

		pthread_attr_init(&attributes);
		pthread_attr_setstacksize(&attributes, 65536);
		if (pthread_create(&thread, &attributes, sleep_named, names[i]))
			fail("pthread_create");
	}
}

static void start_threaded(void)
{
	static char *names[] = { "worker one", "worker-2", "\xff\x1b]0;", NULL };

	if (start_child() > 0) {
		expected += 3;
		return;
	}
	set_name("threaded");
	start_threads(names);
	say_ready();
	sleep_for_ever();
}

/* The leader exits, a thread lives: /proc shows a zombie with a living task. */
static void start_dead_leader(void)
{
	static char *names[] = { "survivor", NULL };

	if (start_child() > 0) {
		expected++;
		return;
	}
	set_name("dead-leader");
	start_threads(names);
	say_ready();
	syscall(SYS_exit, 0);
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
	pid_t pid = start_child();

	if (pid > 0) {
		waitpid(pid, NULL, 0);
		return;
	}
	if (fork() > 0)
		_exit(0);
	while (getppid() != 1)
		usleep(1000);
	set_name("orphan");
	say_ready();
	sleep_for_ever();
}

static void start_nest(int depth)
{
	static const char *const names[] = { "", "nest-1", "nest-2", "nest-3" };

	if (depth == 0 || start_child() > 0)
		return;
	set_name(names[depth]);
	start_nest(depth - 1);
	say_ready();
	sleep_for_ever();
}

/* The parent waits in vfork(), so that both share one address space. */
static void start_vfork(void)
{
	if (start_child() > 0) {
		return;
	}
	set_name("vfork-parent");
	if (vfork() == 0) {
		set_name("vfork-child");
		say_ready();
		sleep_for_ever();
	}
	_exit(0);
}

static int sleep_in_namespace(void *unused)
{
	set_name("pid-namespace");
	say_ready();
	sleep_for_ever();
	return (int)(long)unused;
}

static void start_pid_namespace(void)
{
	static char stack[65536] __attribute__((aligned(16)));

	if (clone(sleep_in_namespace, stack + sizeof(stack), CLONE_NEWPID | SIGCHLD, NULL) < 0)
		fail("clone");
	expected++;
}

static void wait_for_all(void)
{
	char byte;

	while (expected > 0) {
		if (read(ready_pipe[0], &byte, 1) != 1)
			fail("read");
		expected--;
	}
}

int main(void)
{
	if (pipe(ready_pipe))
		fail("pipe");
	snprintf(ready_variable, sizeof(ready_variable), "SLEEPER_READY=%d", ready_pipe[1]);
	start_names();
	start_with_ids(1000, 1000, 1000, 1000);
	start_with_ids(1001, 2002, 3003, 4004);
	start_with_ids(4294967294u, 3000000001u, 2147483648u, 4000000002u);
	start_argument_oddities();
	start_threaded();
	start_dead_leader();
	start_zombie();
	start_orphan();
	start_nest(3);
	expected += 2;
	start_vfork();
	start_pid_namespace();
	wait_for_all();
	printf("ready\n");
	fflush(stdout);
	sleep_for_ever();
}
