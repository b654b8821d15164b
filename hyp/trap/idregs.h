/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ID registers that a guest sees: this CPU's, with everything taken out that is not virtualised.
 * By allowlist: a field without a row reads as zero, so what a later CPU adds is hidden until looked at.
 */
#ifndef HYP_TRAP_IDREGS_H
#define HYP_TRAP_IDREGS_H

#include "hyp/lib/types.h"

/* Of S3_0_C0_C<crm>_<op2>, crm 1 to 7. Those without a name read as zero, as the architecture has it. */
u64 idreg_read(u32 crm, u32 op2, u32 ipa_bits);

#endif
