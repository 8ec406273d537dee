/* SPDX-License-Identifier: MIT */
#ifndef LIBSPIN_H
#define LIBSPIN_H

/* How long one turn of spinning takes: some milliseconds under software emulation. */
#define SPIN_TURN 4000

/* Spins for a turn with `marker` in EBX, and only then; inlined, so that the caller's own text is what runs. */
static inline __attribute__((always_inline)) void spin_turn(unsigned int marker)
{
	unsigned int turns = SPIN_TURN;

	__asm__ volatile("1:\tpause\n\tdecl %0\n\tjnz 1b\n\txorl %1, %1" : "+r"(turns), "+b"(marker) : : "cc");
}

/* The same inside of the shared object. */
void spin_in_library(unsigned int marker);

#endif
