// SPDX-License-Identifier: MIT
/*
 * collector OUTPUT CONSOLE [FILE...] - writes what /proc says to OUTPUT as records (records.h).
 *
 * The list of tasks is taken before and after ("D" of /proc and of each
 * /proc/PID/task, twice), so that what came or went meanwhile can be told.
 * At the end it writes "OSI-CHECKPOINT" to CONSOLE and sleeps for ever:
 * everything that it wrote is true until something else wakes up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page-out.h"
#include "records.h"
#include "sockets.h"

#define MAX_TASKS 65536
#define MAX_NAMESPACES 64

/* What is read of each process and of each of its tasks; more files are one more name. */
static const char *const process_files[] = { "stat", "status", "comm", "cmdline", "environ", "mountinfo", NULL };
static const char *const process_links[] = { "ns/mnt", "ns/net", "ns/pid", "ns/user", NULL };
static const char *const task_files[] = { "stat", "status", "comm", NULL };
/* What threads of one process may have apart, read of leaders and of every thread besides. */
static const char *const shared_files[] = { "maps", NULL };
static const char *const shared_links[] = { "cwd", "root", "exe", NULL };
/* What is read once in each network namespace. */
static const char *const network_files[] = { "tcp", "tcp6", "udp",     "udp6",   "udplite", "udplite6", "unix",
					     "raw", "raw6", "icmp",    "icmp6",  "packet",  "netlink",  NULL };

static void collect_files(const char *folder, const char *const names[])
{
	char path[PATH_MAX];

	for (int i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		collect_file(path);
	}
}

static void collect_links(const char *folder, const char *const names[])
{
	char path[PATH_MAX];

	for (int i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		collect_link(path);
	}
}

/* `pid` is 0 for a thread: its sockets are not asked for. */
static void collect_open_files(const char *folder, int pid)
{
	static int fds[MAX_TASKS];
	char path[128];
	size_t count;

	snprintf(path, sizeof(path), "%s/fd", folder);
	count = collect_numbers(path, fds, MAX_TASKS);
	for (size_t i = 0; i < count; i++) {
		const char *text;

		snprintf(path, sizeof(path), "%s/fd/%d", folder, fds[i]);
		text = collect_link(path);
		if (text && pid != 0 && strncmp(text, "socket:", 7) == 0)
			collect_socket(pid, fds[i]);
		snprintf(path, sizeof(path), "%s/fdinfo/%d", folder, fds[i]);
		collect_file(path);
	}
}

static void collect_shared(const char *folder, int pid)
{
	collect_files(folder, shared_files);
	collect_links(folder, shared_links);
	collect_open_files(folder, pid);
}

static int is_new_namespace(const char *text)
{
	static char seen[MAX_NAMESPACES][32];
	static int count;

	for (int i = 0; i < count; i++) {
		if (strcmp(seen[i], text) == 0)
			return 0;
	}
	if (count == MAX_NAMESPACES)
		return 0;
	snprintf(seen[count++], sizeof(seen[0]), "%s", text);
	return 1;
}

/* A namespace is described by its first process; that of pid 1 as /proc/net, too. */
static void collect_network(int pid)
{
	char path[64], text[32];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	length = readlink(path, text, sizeof(text) - 1);
	if (length <= 0)
		return;
	text[length] = '\0';
	if (!is_new_namespace(text))
		return;
	snprintf(path, sizeof(path), "/proc/%d/net", pid);
	collect_files(path, network_files);
	if (pid == 1)
		collect_files("/proc/net", network_files);
}

static void collect_process(int pid)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/proc/%d", pid);
	collect_files(folder, process_files);
	collect_links(folder, process_links);
	collect_shared(folder, pid);
	collect_network(pid);
}

static void collect_task(int pid, int tid)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/proc/%d/task/%d", pid, tid);
	collect_files(folder, task_files);
	if (tid != pid)
		collect_shared(folder, 0);
}

/* The second time only the lists are taken. */
static void collect_processes(int with_files)
{
	static int pids[MAX_TASKS], tids[MAX_TASKS];
	size_t processes = collect_numbers("/proc", pids, MAX_TASKS);
	char path[64];

	for (size_t i = 0; i < processes; i++) {
		size_t tasks;

		if (with_files)
			collect_process(pids[i]);
		snprintf(path, sizeof(path), "/proc/%d/task", pids[i]);
		tasks = collect_numbers(path, tids, MAX_TASKS);
		for (size_t k = 0; with_files && k < tasks; k++)
			collect_task(pids[i], tids[k]);
	}
}

int main(int argc, char **argv)
{
	static const char checkpoint[] = "OSI-CHECKPOINT\n";
	int console;

	if (argc < 3)
		return 2;
	open_records(argv[1]);
	console = open(argv[2], O_WRONLY | O_NOCTTY);
	if (console < 0)
		fail("open");
	collect_processes(1);
	write_sockets();
	for (int i = 3; i < argc; i++)
		collect_file(argv[i]);
	collect_processes(0);
	close_records();
	page_out();
	if (write(console, checkpoint, sizeof(checkpoint) - 1) < 0)
		fail("console");
	for (;;)
		pause();
}
