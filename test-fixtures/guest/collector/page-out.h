/* SPDX-License-Identifier: MIT */
#ifndef PAGE_OUT_H
#define PAGE_OUT_H

/*
 * Puts pages of other processes into swap, after everything was read.
 *
 * /run/page-out has a line `pid address length` (decimal, hex, hex) a range.
 */
void page_out(void);

#endif
