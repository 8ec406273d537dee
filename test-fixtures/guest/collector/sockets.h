/* SPDX-License-Identifier: MIT */
/*
 * What the files of /proc/net do not say of a socket, asked of the socket itself.
 *
 * They list no socket that is neither bound nor connected, and no peers of unix sockets.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

/* Takes a copy of another process's descriptor and asks it. */
void collect_socket(int pid, int fd);

/*
 * Writes the record "/run/sockets", a line a socket:
 *     pid fd domain type protocol accepting local remote
 * in decimal; the last two are the bytes of struct sockaddr as hex digits, `-` where there is none.
 */
void write_sockets(void);

#endif
