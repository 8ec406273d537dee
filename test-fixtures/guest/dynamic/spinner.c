// SPDX-License-Identifier: MIT
/*
 * spinner CPUS - takes each CPU through all modes, one after the other: its own
 * text, a shared object, a system call, and nothing at all. CPU 0 belongs to the
 * main thread of one process, the others to secondary threads of another, so that
 * pid and tid differ.
 *
 * Time is cut into slots, told by the clock that all CPUs share. In slot 0 of four
 * every CPU is in the program; in the others each is in another mode than its
 * neighbours, and has been in all of them after slot 3.
 *
 * Prints `CPU PID TID NAME` per CPU. EBX tells who spins and
 * where: 0x5350494e ("SPIN", the program), 0x53484f42 (the shared object) or
 * 0x4b45524e (the kernel), + CPU.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libspin.h"

#define SLOT_NS 200000000LL
#define SLOTS 4
#define KERNEL_SPIN "/sys/module/task_truth/parameters/spin"

static void say(int cpu, const char *name)
{
	char line[80];
	int length = snprintf(line, sizeof(line), "%d %d %ld %s\n", cpu, getpid(), syscall(SYS_gettid), name);

	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		exit(1);
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void sleep_until(long long end)
{
	struct timespec time = { .tv_sec = (time_t)(end / 1000000000LL), .tv_nsec = (long)(end % 1000000000LL) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

/* Writing makes the module spin with this number in EBX. */
static void spin_in_kernel(int fd, unsigned int marker)
{
	char number[16];
	int length = snprintf(number, sizeof(number), "%u", marker);

	if (pwrite(fd, number, (size_t)length, 0) != length)
		exit(5);
}

static void take_turn(unsigned int cpu, int fd)
{
	long long slot = now() / SLOT_NS;
	unsigned int place = (unsigned int)(slot % SLOTS);

	if (place == 0)
		spin_turn(0x5350494eu + cpu);
	else if ((cpu + place) % 3 == 1)
		spin_in_library(0x53484f42u + cpu);
	else if ((cpu + place) % 3 == 2)
		spin_in_kernel(fd, 0x4b45524eu + cpu);
	else
		sleep_until((slot + 1) * SLOT_NS);
}

static void spin(long cpu)
{
	int fd = open(KERNEL_SPIN, O_WRONLY);
	cpu_set_t set;
	char name[16];

	if (fd < 0)
		exit(6);
	CPU_ZERO(&set);
	CPU_SET((int)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		exit(2);
	snprintf(name, sizeof(name), cpu ? "spin thread %ld" : "spin main %ld", cpu);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	/* Everything else goes first. */
	if (nice(19) == -1)
		exit(3);
	say((int)cpu, name);
	for (;;)
		take_turn((unsigned int)cpu, fd);
}

static void *spin_thread(void *cpu)
{
	spin((long)cpu);
	return NULL;
}

int main(int argc, char **argv)
{
	long cpus = argc > 1 ? atol(argv[1]) : 1;

	if (fork() == 0)
		spin(0);
	if (cpus > 1 && fork() == 0) {
		prctl(PR_SET_NAME, "spin-leader", 0, 0, 0);
		for (long cpu = 1; cpu < cpus; cpu++) {
			pthread_t thread;

			if (pthread_create(&thread, NULL, spin_thread, (void *)cpu))
				exit(4);
		}
		for (;;)
			pause();
	}
	return 0;
}
