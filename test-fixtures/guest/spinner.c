// SPDX-License-Identifier: MIT
/*
 * spinner CPUS - keeps each CPU in user mode: CPU 0 by the main thread of one
 * process, the others by secondary threads of another, so that pid and tid differ.
 *
 * Prints `CPU PID TID NAME` per CPU, then closes its output. While it spins,
 * each thread holds 0x5350494e + CPU in EBX: QEMU's registers show who it is.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void say(int cpu, const char *name)
{
	char line[80];
	int length = snprintf(line, sizeof(line), "%d %d %ld %s\n", cpu, getpid(), syscall(SYS_gettid), name);

	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		exit(1);
}

static void spin(long cpu)
{
	cpu_set_t set;
	char name[16];

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
	__asm__ volatile("1: pause\n\tjmp 1b" : : "b"(0x5350494e + (int)cpu));
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
