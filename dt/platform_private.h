/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of platform_read() in files of their own. All: false with the reason in root->why. */
#ifndef DT_PLATFORM_PRIVATE_H
#define DT_PLATFORM_PRIVATE_H

#include "dt/platform.h"
#include "dt/prop.h"

/* platform_memory.c */
bool platform_read_ram(const struct dt_node *root, struct platform *p);
bool platform_read_reserved(const struct dt_node *root, struct platform *p);

/* platform_irq.c; without a GICv3 no interrupt is read: there would be nothing to take it */
bool platform_read_gic(const struct dt_node *root, struct platform *p);

/* platform.c: the console, which is the PL011 of stdout-path, else the first one. */
bool platform_find_uart(const struct dt_node *root, struct dt_node *uart);

#endif
