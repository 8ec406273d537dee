// SPDX-License-Identifier: MIT
/*
 * zoo - starts the processes whose state the tests know, and prints "ready" when all of them sleep.
 */
#define _GNU_SOURCE
#include "zoo.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LATER 32
#define READY_TIMEOUT_MS 30000

static int ready_pipe[2];
static int expected;
static struct {
	void (*action)(const char *argument);
	const char *argument;
} later[MAX_LATER];
static int later_count;

void fail(const char *what)
{
	fprintf(stderr, "OSI-FAILED zoo: %s: %s\n", what, strerror(errno));
	_exit(1);
}

void lack(const char *what)
{
	fprintf(stderr, "zoo: without %s: %s\n", what, strerror(errno));
}

void set_name(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

void expect_ready(int more)
{
	expected += more;
}

void say_ready(void)
{
	if (write(READY_FD, "r", 1) != 1)
		fail("ready");
}

void sleep_for_ever(void)
{
	for (;;)
		pause();
}

void be_ready(void)
{
	say_ready();
	sleep_for_ever();
}

pid_t start_child(const char *name)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid > 0)
		expected++;
	else
		set_name(name);
	return pid;
}

void start_program(const char *path, char *const argv[], char *const environment[])
{
	if (start_child("program") > 0)
		return;
	execve(path, argv, environment);
	fail(path);
}

void start_sleeper(char *const argv[], char *variable)
{
	char *environment[] = { "ANIMAL=sleeper", variable, NULL };

	start_program(SLEEPER, argv, environment);
}

static void *sleep_named(void *name)
{
	pthread_setname_np(pthread_self(), name);
	be_ready();
}

void start_threads(char *const names[])
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

void do_later(void (*action)(const char *argument), const char *argument)
{
	if (later_count == MAX_LATER)
		fail("do_later");
	later[later_count].action = action;
	later[later_count++].argument = argument;
}

void make_folder(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		fail(path);
}

void make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail(path);
	close(fd);
}

int must_open(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0)
		fail(path);
	return fd;
}

int try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0644);

	if (fd < 0)
		lack(path);
	return fd;
}

void *map_page(int fd)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		lack("a mapping");
	return page;
}

void unlink_file(const char *path)
{
	if (unlink(path))
		fail(path);
}

void detach_mount(const char *path)
{
	if (umount2(path, MNT_DETACH))
		fail(path);
}

void bring_loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		lack("a loopback device");
	close(fd);
}

/* An animal that died is what the zoo would wait for in vain. */
static _Noreturn void give_up(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		fprintf(stderr, "zoo: pid %d ended with status 0x%x\n", pid, status);
	fprintf(stderr, "OSI-FAILED zoo: %d animals are not ready\n", expected);
	exit(1);
}

void wait_for_all(void)
{
	struct pollfd ready = { .fd = ready_pipe[0], .events = POLLIN };
	char byte;

	while (expected > 0) {
		if (poll(&ready, 1, READY_TIMEOUT_MS) != 1 || read(ready_pipe[0], &byte, 1) != 1)
			give_up();
		expected--;
	}
}

int answerable;

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "one-mapping") == 0)
		be_one_mapping();
	answerable = argc == 2 && strcmp(argv[1], "answerable") == 0;
	if (pipe2(ready_pipe, O_CLOEXEC) || dup2(ready_pipe[1], READY_FD) != READY_FD)
		fail("pipe");
	close(ready_pipe[1]);
	make_folder(ZOO);
	start_tasks();
	start_arguments();
	start_environments();
	start_files();
	start_file_names();
	start_dynamic_names();
	start_mappings();
	if (!answerable)
		start_one_mapping();
	start_sockets();
	start_mounts();
	start_detached();
	start_namespaces();
	wait_for_all();
	for (int i = 0; i < later_count; i++)
		later[i].action(later[i].argument);
	write_log();
	printf("ready\n");
	fflush(stdout);
	sleep_for_ever();
}
