/* SPDX-License-Identifier: MIT */
/*
 * What the files of the zoo share.
 *
 * Each animal says "ready" by one byte on a pipe. What it is called and what it
 * has is read back from /proc by the collector, so nothing is repeated in the tests.
 * A kernel without some state says so on the console, and the zoo goes on.
 */
#ifndef ZOO_H
#define ZOO_H

#include <stddef.h>
#include <sys/types.h>

#include "ready-fd.h"

#define SLEEPER "/bin/sleeper"
#define ZOO "/zoo"

/* The guest cannot be used: ends its boot. */
_Noreturn void fail(const char *what);
/* This kernel does not have it. */
void lack(const char *what);

void set_name(const char *name);
/* A child of the zoo, which waits for its "ready"; the parent returns its pid, the child 0. */
pid_t start_child(const char *name);
/* Waits for that many more. */
void expect_ready(int more);
/* Until all that were started are ready. */
void wait_for_all(void);
void say_ready(void);
_Noreturn void sleep_for_ever(void);
_Noreturn void be_ready(void);
/* A child that executes `path`; `environment` may be NULL for none. */
void start_program(const char *path, char *const argv[], char *const environment[]);
void start_sleeper(char *const argv[], char *variable);
/* Threads with these names (up to a NULL), which sleep. */
void start_threads(char *const names[]);
/* Runs when all animals are ready: what takes away what they stand on. */
void do_later(void (*action)(const char *argument), const char *argument);

/* Files and folders, made where they do not exist. */
void make_folder(const char *path);
void make_file(const char *path, const char *text);
/* open(), or fail(). */
int must_open(const char *path, int flags);
/* open(), or lack(). */
int try_open(const char *path, int flags);
/* A shared, readable mapping of one page, or lack(). */
void *map_page(int fd);
void unlink_file(const char *path);
void detach_mount(const char *path);
/* The network of a new namespace is down. */
void bring_loopback_up(void);

/* Each file of the zoo starts its animals. */
void start_tasks(void);
void start_arguments(void);
void start_environments(void);
void start_files(void);
void start_file_names(void);
void start_dynamic_names(void);
void start_mounts(void);
void start_detached(void);
void start_namespaces(void);
void start_mappings(void);
void start_one_mapping(void);
/* What the zoo becomes when it is started as `zoo one-mapping`. */
_Noreturn void be_one_mapping(void);
void start_sockets(void);
/* The sockets of one network namespace; the caller sleeps afterwards. */
void open_internet_sockets(void);
void write_log(void);

/* Whether what /proc itself cannot tell is left out: strings on pages that nobody may read or that are gone, paths beyond PATH_MAX. */
extern int answerable;

#endif
