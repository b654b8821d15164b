/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of platform_read(), one kind of node each. All: false with the reason in root->why. */
#ifndef DT_PLATFORM_PRIVATE_H
#define DT_PLATFORM_PRIVATE_H

#include "dt/platform.h"
#include "dt/prop.h"

#define HOST_FDT "host FDT" /* stands for the node where there is none to name */

/* platform_memory.c */
bool platform_read_ram(const struct dt_node *root, struct platform *p);
bool platform_read_reserved(const struct dt_node *root, struct platform *p);
bool platform_read_bundle(const struct dt_node *root, struct platform *p);
void platform_read_seed(const struct dt_node *root, struct platform *p);

/* platform_cpu.c */
bool platform_read_cpus(const struct dt_node *root, struct platform *p);
bool platform_read_psci(const struct dt_node *root, struct platform *p);

/* platform_irq.c; without a GICv3 no interrupt is read: there would be nothing to take it */
bool platform_read_gic(const struct dt_node *root, struct platform *p);
bool platform_read_interrupts(const struct dt_node *root, struct platform *p);

/* platform.c */

/* The first enabled node that is compatible with one of the names, given in order of preference. */
int platform_find(const void *fdt, const char *const *compatible, u32 nr);

/* The console's node, or negative: the PL011 of stdout-path, else the first one. */
int platform_find_uart(const void *fdt);

#endif
