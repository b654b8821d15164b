/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of the records that a VM costs, as lines `#size NAME BYTES` of the assembly that this becomes. */
#include "hyp/lend/ledger.h"
#include "hyp/vm/load.h"
#include "hyp/vm/vm.h"

#define SIZE(name, type) __asm__ volatile("\n#size " name " %0" : : "i"(sizeof(type)))

void sizes(void);

void sizes(void)
{
	SIZE("vm", struct vm);
	SIZE("vcpu", struct vcpu);
	SIZE("fdt", *((struct vm *)0)->fdt);
	SIZE("slot", struct slot);
	SIZE("block", struct block);
	SIZE("loan", struct loan);
}
