// SPDX-License-Identifier: MIT
/* Namespaces: of pids (two levels), networks, names of the host, users, time, cgroups. */
#define _GNU_SOURCE
#include "zoo.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#define STACK 65536

static char stacks[3][STACK] __attribute__((aligned(16)));

static int be_inner(void *unused)
{
	(void)unused;
	set_name("pid-inner");
	be_ready();
	return 0;
}

static int be_outer(void *unused)
{
	(void)unused;
	set_name("pid-outer");
	if (clone(be_inner, stacks[1] + STACK, CLONE_NEWPID | SIGCHLD, NULL) < 0)
		fail("clone");
	be_ready();
	return 0;
}

static int be_in_namespace(void *unused)
{
	(void)unused;
	set_name("pid-namespace");
	be_ready();
	return 0;
}

static void start_pid_namespaces(void)
{
	if (clone(be_in_namespace, stacks[0] + STACK, CLONE_NEWPID | SIGCHLD, NULL) < 0 ||
	    clone(be_outer, stacks[2] + STACK, CLONE_NEWPID | SIGCHLD, NULL) < 0)
		fail("clone");
	expect_ready(3);
}

static void start_network_namespace(void)
{
	if (start_child("net-namespace") > 0)
		return;
	if (unshare(CLONE_NEWNET))
		fail("CLONE_NEWNET");
	bring_loopback_up();
	open_internet_sockets();
	be_ready();
}

static void write_text(const char *path, const char *text)
{
	int fd = must_open(path, O_WRONLY);

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		lack(path);
	close(fd);
}

/* Only a process outside of the namespace may map many ids into it. */
static void map_ids(pid_t inside, int unshared)
{
	char path[64], byte;

	if (read(unshared, &byte, 1) != 1)
		_exit(1);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", inside);
	write_text(path, "0 100000 65536\n");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", inside);
	write_text(path, "0 200000 65536\n");
	_exit(0);
}

/* Its root is somebody else outside. */
static void start_user_namespace(void)
{
	int unshared[2];

	if (start_child("user-namespace") > 0)
		return;
	if (pipe2(unshared, O_CLOEXEC))
		fail("pipe");
	if (fork() == 0)
		map_ids(getppid(), unshared[0]);
	if (unshare(CLONE_NEWUSER)) {
		lack("CLONE_NEWUSER");
		be_ready();
	}
	if (write(unshared[1], "u", 1) != 1 || wait(NULL) < 0)
		fail("user namespace");
	close(unshared[0]);
	close(unshared[1]);
	if (setresgid(0, 5, 6) || setresuid(0, 7, 8))
		lack("ids in a user namespace");
	be_ready();
}

static void start_others(void)
{
	static const struct {
		const char *name;
		int flag;
	} others[] = { { "uts-namespace", CLONE_NEWUTS },
		       { "ipc-namespace", CLONE_NEWIPC },
		       { "cgrp-namespace", CLONE_NEWCGROUP },
		       { "time-namespace", CLONE_NEWTIME } };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (start_child(others[i].name) > 0)
			continue;
		if (unshare(others[i].flag))
			lack(others[i].name);
		/* Clocks are another's for children only: their [vvar] is, too. */
		if (others[i].flag == CLONE_NEWTIME && fork() > 0)
			_exit(0);
		be_ready();
	}
}

void start_namespaces(void)
{
	start_pid_namespaces();
	start_network_namespace();
	start_user_namespace();
	start_others();
}
