// SPDX-License-Identifier: MIT
/* A shared object for a processor to be stopped in. */
#include "libspin.h"

void spin_in_library(unsigned int marker)
{
	spin_turn(marker);
}
