/* SPDX-License-Identifier: BSD-2-Clause */
/* Device trees as text, for the host tests to compare whole. */
#ifndef HOST_FDT_TEXT_H
#define HOST_FDT_TEXT_H

/*
 * The tree from its root on: a line for each node and property, indented by depth; strings in quotes,
 * all else as cells in hex. Valid until the next call of the same which (0 or 1).
 */
const char *fdt_text(const void *fdt, int which);

#endif
