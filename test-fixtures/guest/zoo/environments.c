// SPDX-License-Identifier: MIT
/* Environments: none, empty, long, with any bytes; and on pages that are not like others. */
#define _GNU_SOURCE
#include "zoo.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGE 4096

static void start_with_environment(char *what, char *const environment[])
{
	char *argv[] = { "sleeper", what, NULL };

	start_program(SLEEPER, argv, environment);
}

static void start_executed(void)
{
	static char big[20001] = "BIG=";
	static char numbered[300][24];
	char *many[302], *none[] = { NULL }, *one_empty[] = { "", NULL };
	char *empties[] = { "", "A=1", "", "", "B=2", "", NULL };
	char *odd[] = { "BAD=\xff\xfe\xc3(", "NO_EQUALS_SIGN", "=NO_NAME", "A=1", "A=2", "LINES=a\nb\n", "TAB=\t\x1b[0m",
			"EURO=\xe2\x82\xac", NULL };

	start_with_environment("no environment", none);
	start_with_environment("one empty string", one_empty);
	start_with_environment("empty strings", empties);
	start_with_environment("odd bytes", odd);
	memset(big + 4, 'x', sizeof(big) - 5);
	for (int i = 0; i < 300; i++) {
		snprintf(numbered[i], sizeof(numbered[i]), "NUMBER_%d=%d", i, i * i);
		many[i] = numbered[i];
	}
	many[300] = big;
	many[301] = NULL;
	start_with_environment("huge environment", many);
}

/* The lower end goes first: the kernel wants start <= end all the while. */
static void move_environment(const char *start, const char *end)
{
	if (prctl(PR_SET_MM, PR_SET_MM_ENV_START, start, 0, 0) || prctl(PR_SET_MM, PR_SET_MM_ENV_END, end, 0, 0))
		lack("an environment elsewhere");
}

static void move_arguments(const char *start, const char *end)
{
	if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, start, 0, 0) || prctl(PR_SET_MM, PR_SET_MM_ARG_END, end, 0, 0))
		lack("arguments elsewhere");
}

static char *map_pages(size_t count)
{
	char *pages = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		fail("mmap");
	return pages;
}

static char *append_text(char *at, const char *text)
{
	return stpcpy(at, text) + 1;
}

static void start_without_last_nul(void)
{
	char *pages, *end;

	if (start_child("env-no-nul") > 0)
		return;
	pages = map_pages(1);
	end = append_text(append_text(pages, "A=1"), "B=no NUL at the end");
	move_environment(pages, end - 1);
	be_ready();
}

static void start_empty_range(void)
{
	char *pages;

	if (start_child("env-empty") > 0)
		return;
	pages = map_pages(1);
	move_environment(pages, pages);
	be_ready();
}

/* The pages are there, but nobody may read them: /proc shows nothing. */
static void start_protected(void)
{
	char *pages, *end;

	if (start_child("env-protected") > 0)
		return;
	pages = map_pages(2);
	end = append_text(append_text(pages + PAGE - 6, "A=on two pages"), "B=2");
	move_environment(pages + PAGE - 6, end);
	if (mprotect(pages, 2 * PAGE, PROT_NONE))
		fail("mprotect");
	be_ready();
}

static void start_protected_arguments(void)
{
	char *pages, *end;

	if (start_child("args-protected") > 0)
		return;
	pages = map_pages(1);
	end = append_text(append_text(pages, "protected"), "arguments");
	move_arguments(pages, end);
	if (mprotect(pages, PAGE, PROT_NONE))
		fail("mprotect");
	be_ready();
}

/* The rest is on no page: /proc shows nothing. */
static void start_hole(void)
{
	char *pages;

	if (start_child("env-hole") > 0)
		return;
	pages = map_pages(2);
	append_text(pages + PAGE - 8, "A=1");
	append_text(pages + PAGE - 4, "B=cut");
	move_environment(pages + PAGE - 8, pages + PAGE + 2);
	if (munmap(pages + PAGE, PAGE))
		fail("munmap");
	be_ready();
}

/* The collector sends this page to the swap device when it has read everything. */
static void start_paged_out(void)
{
	FILE *list;
	char *pages, *end;

	if (start_child("env-paged-out") > 0)
		return;
	pages = map_pages(1);
	end = append_text(append_text(pages, "A=in the swap"), "B=2");
	move_environment(pages, end);
	list = fopen("/run/page-out", "w");
	if (!list || fprintf(list, "%d %lx %x\n", getpid(), (unsigned long)pages, PAGE) < 0 || fclose(list))
		fail("/run/page-out");
	be_ready();
}

void start_environments(void)
{
	start_executed();
	start_without_last_nul();
	start_empty_range();
	if (answerable)
		return;
	start_protected();
	start_protected_arguments();
	start_hole();
	start_paged_out();
}
