// SPDX-License-Identifier: MIT
/* Names of files and folders: any bytes, of any length. */
#define _GNU_SOURCE
#include "zoo.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER ZOO "/names"

/* A name of 255 bytes is the longest; of 31, 32, 39 and 40 those around what fits into a dentry on any kernel. */
static void fill_name(char *name, size_t length, char letter)
{
	memset(name, letter, length);
	name[length] = '\0';
}

/* A folder with a file of the same name in it, which is open, and a program, which is executed. */
static void start_in_folder(const char *name)
{
	static char file[PATH_MAX], program[PATH_MAX];
	char folder[PATH_MAX];
	char *argv[] = { "sleeper", NULL }, *environment[] = { NULL };

	snprintf(folder, sizeof(folder), FOLDER "/%s", name);
	snprintf(file, sizeof(file), "%.2000s/%.2000s", folder, name);
	snprintf(program, sizeof(program), "%.2000s/program%.2000s", folder, strlen(name) < 200 ? name : "");
	make_folder(folder);
	make_file(file, "some contents\n");
	if (link(SLEEPER, program))
		fail(program);
	if (start_child("names") > 0)
		return;
	must_open(file, O_RDONLY);
	if (chdir(folder))
		fail(folder);
	execve(program, argv, environment);
	fail(program);
}

static void start_odd_names(void)
{
	static const char *const names[] = { "new\nline",	  "b l a n k",	       "back\\slash",
					     "tab\tand\x1b[31m", "bad\xff\xfe\xc3(",   "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x88",
					     "\\012",		  "[heap]",	       "ends (deleted)",
					     "pipe:[1]",	  "#hash",	       "..." };
	static const size_t lengths[] = { 31, 32, 39, 40, 255 };
	char name[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		start_in_folder(names[i]);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		fill_name(name, lengths[i], (char)('A' + i));
		start_in_folder(name);
	}
}

/* One folder deeper and into it. */
static void descend(size_t length)
{
	char name[256];

	fill_name(name, length, 'd');
	if (mkdir(name, 0755) || chdir(name))
		fail("a deep folder");
}

/* Paths of just what a link of /proc can show, and of more. */
static void start_deep(void)
{
	const size_t start = strlen(FOLDER "/deep");
	size_t length = start;

	if (start_child("names-deep") > 0)
		return;
	make_folder(FOLDER "/deep");
	if (chdir(FOLDER "/deep"))
		fail("deep");
	/* PATH_MAX counts the final NUL; the last folder leaves room for a file of one letter. */
	while (PATH_MAX - 1 - 3 - length > 255) {
		descend(200);
		length += 201;
	}
	must_open("f", O_RDWR | O_CREAT);
	map_page(must_open("m", O_RDWR | O_CREAT));
	descend(PATH_MAX - 1 - 3 - length);
	must_open("f", O_RDWR | O_CREAT);
	be_ready();
}

static void start_too_deep(void)
{
	if (start_child("names-too-deep") > 0)
		return;
	make_folder(FOLDER "/deeper");
	if (chdir(FOLDER "/deeper"))
		fail("deeper");
	for (int i = 0; i < 25; i++)
		descend(200);
	map_page(must_open("file", O_RDWR | O_CREAT));
	be_ready();
}

void start_file_names(void)
{
	make_folder(FOLDER);
	start_odd_names();
	start_deep();
	if (!answerable)
		start_too_deep();
}
