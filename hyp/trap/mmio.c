/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices a VM has, and where: the address map of QEMU's virt. A row each. */
#include "dt/guest_fdt.h"
#include "hyp/trap/trap.h"

/* c: whose redistributor; NULL: the distributor. */
static bool gic(struct vcpu *v, struct vgic_cpu *c, u64 reg, bool write, u32 size, u64 *value)
{
	bool live = vgic_needs_hold(c, (u32)reg), hold = live && c != &v->gic.state, ok;

	/* Only these are not to be read while a list register may have them. */
	if (!live && !write)
		spin_lock(&v->vm->gic.g.lock);
	else
		vgic_hw_begin(&v->gic, hold);
	ok = vgic_access(&v->vm->gic.g, c, (u32)reg, size, write, value);
	if (!live && !write)
		spin_unlock(&v->vm->gic.g.lock);
	else
		vgic_hw_end(&v->gic, hold);
	return ok;
}

static bool gicd(struct vcpu *v, u64 offset, bool write, u32 size, u64 *value)
{
	return gic(v, NULL, offset, write, size, value);
}

static bool gicr(struct vcpu *v, u64 offset, bool write, u32 size, u64 *value)
{
	struct vgic_cpu *c = &v->vm->vcpus[offset / GUEST_GICR_STRIDE].gic.state;

	return gic(v, c, offset % GUEST_GICR_STRIDE, write, size, value);
}

static bool uart(struct vcpu *v, u64 offset, bool write, u32 size, u64 *value)
{
	struct vm *vm = v->vm;
	bool ok;

	spin_lock(&vm->uart_lock);
	ok = write ? pl011_write(&vm->uart, (u32)offset, size, *value)
		   : pl011_read(&vm->uart, (u32)offset, size, value);
	spin_unlock(&vm->uart_lock);
	return ok;
}

static const struct {
	u64 base;
	u64 size; /* of one */
	bool per_vcpu;
	bool (*access)(struct vcpu *v, u64 offset, bool write, u32 size, u64 *value);
} devices[] = {
	{GUEST_GICD_BASE, GUEST_GICD_SIZE, false, gicd},
	{GUEST_GICR_BASE, GUEST_GICR_STRIDE, true, gicr},
	{GUEST_UART_BASE, GUEST_UART_SIZE, false, uart},
};

/* The device at ipa, or none: ARRAY_SIZE(devices). */
static u32 find(const struct vcpu *v, u64 ipa)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		u64 whole = devices[i].size * (devices[i].per_vcpu ? v->vm->nr_vcpus : 1);

		if (ipa - devices[i].base < whole)
			break;
	}
	return i;
}

bool mmio_is_device(const struct vcpu *v, u64 ipa)
{
	return find(v, ipa) < ARRAY_SIZE(devices);
}

bool mmio_access(struct vcpu *v, u64 ipa, bool write, u32 size, u64 *value)
{
	u32 i = find(v, ipa);

	return devices[i].access(v, ipa - devices[i].base, write, size, value);
}
