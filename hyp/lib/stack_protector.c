/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Debian's libfdt.a wants, which is built with -fstack-protector-strong. Our own code is not: its
 * stacks end in guard pages and hold no buffers that guests fill.
 */
#include <stdint.h>
#include "hyp/lib/assert.h"

extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

/* A zero byte first, so that no string function can copy past it; fixed, as no attacker reaches it. */
uintptr_t __stack_chk_guard = 0x7a3c95e1d806b400;

_Noreturn void __stack_chk_fail(void)
{
	panic("stack of a libfdt function overrun");
}
