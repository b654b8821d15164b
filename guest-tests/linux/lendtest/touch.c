// SPDX-License-Identifier: GPL-2.0
/* Accesses through the linear map, whatever lies behind it, and calls behind the driver's back. */
#include <linux/align.h>
#include <linux/arm-smccc.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/pfn.h>

#include <asm/word-at-a-time.h>

#include "lendtest.h"

/* The section is there, so the address is mapped at stage 1; of stage 2 this tells nothing. */
static u64 *linear(u64 address)
{
	return pfn_valid(PHYS_PFN(address)) ? phys_to_virt(address) : NULL;
}

int lendtest_peek(u64 address, u64 *value)
{
	u64 *at = linear(address);

	if (!IS_ALIGNED(address, sizeof(*at)))
		return -EINVAL;
	if (!at)
		return -ENXIO;
	*value = READ_ONCE(*at);
	return 0;
}

int lendtest_poke(u64 address, u64 *value)
{
	u64 *at = linear(address);

	if (!IS_ALIGNED(address, sizeof(*at)))
		return -EINVAL;
	if (!at)
		return -ENXIO;
	WRITE_ONCE(*at, *value);
	*value = READ_ONCE(*at);
	return 0;
}

/* Only the first byte has to be mapped: what follows is what the kernel's own macro is made for. */
int lendtest_zeropad(u64 address, u64 *value)
{
	const u64 *at = linear(address);

	if (!at)
		return -ENXIO;
	*value = load_unaligned_zeropad(at);
	return 0;
}

s64 lendtest_call(u64 function, u64 x1, u64 x2, u64 x3, u64 *result)
{
	struct arm_smccc_1_2_regs args = {.a0 = function, .a1 = x1, .a2 = x2, .a3 = x3};
	struct arm_smccc_1_2_regs regs = {};

	arm_smccc_1_2_hvc(&args, &regs);
	*result = regs.a1;
	return regs.a0;
}
