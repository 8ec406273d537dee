/* SPDX-License-Identifier: MIT */
#ifndef READY_FD_H
#define READY_FD_H

/* The descriptor of every animal on which it writes one byte when it is in its state. */
#define READY_FD 9

#endif
