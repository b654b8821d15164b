/* SPDX-License-Identifier: BSD-2-Clause */
/* vgic_access() for what is written as a value. */
#ifndef VGIC_WRITE_H
#define VGIC_WRITE_H

#include "hyp/gic/vgic.h"

static inline bool vgic_write(struct vgic *g, struct vgic_cpu *c, u32 offset, u32 size, u64 value)
{
	return vgic_access(g, c, offset, size, true, &value);
}

#endif
