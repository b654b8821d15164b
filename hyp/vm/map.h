/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LEND_MAP: the FDT for the kernel that a VM is going to kexec (lending.md §8). The hypervisor is not told
 * of a kexec; it writes what it wrote at the first boot, into the guest's own memory, when it is asked.
 *
 * Which blocks an adopt map lists and which of them are ADOPTED is the same at the moment the call
 * returns, unless a block was taken by force meanwhile: slots are marked first, some at a time, and
 * what was marked is listed; what a call marked that then fails is unmarked again.
 */
#ifndef HYP_VM_MAP_H
#define HYP_VM_MAP_H

#include "hyp/lib/types.h"

/*
 * Writes an FDT to [ipa, ipa + size), memory of VM id, and its length in bytes to *written. A vCPU of that
 * VM makes the call; no lock held, interrupts served inside.
 *
 * adopt: own blocks held now and borrowed ones under an ADOPTABLE loan are listed as memory and marked;
 * else boot memory is all, and every mark goes. Returns a LEND_* status, and has changed something only
 * when that is SUCCESS: INVALID (ipa not a multiple of 8, or not all is memory), BUSY (another vCPU is
 * in this call), NO_MEMORY (size is too small, or the blocks lie in more than GUEST_FDT_MAX_RANGES
 * pieces). If another vCPU, or a lender by force, takes target memory away during the call, it is INVALID
 * too, and part of the rest may be written.
 */
int vm_write_map(u8 id, ipa_t ipa, u64 size, bool adopt, u64 *written);

#endif
