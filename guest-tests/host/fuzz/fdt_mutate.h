/* SPDX-License-Identifier: BSD-2-Clause */
/* For fuzz targets whose input is a device tree. */
#ifndef HOST_FDT_MUTATE_H
#define HOST_FDT_MUTATE_H

#include "dt/platform.h"

/* A reason for a refusal is one line of printable characters that ends in its room. */
void fuzz_check_why(const char why[DT_WHY_SIZE]);

#endif
