/* SPDX-License-Identifier: BSD-2-Clause */
/* What the bundle's bootargs tell a guest: words `name=number`, decimal or 0x hexadecimal. */
#ifndef BARE_ARGS_H
#define BARE_ARGS_H

#include "hyp/lib/types.h"

u64 boot_arg(const char *name, u64 otherwise);

#endif
