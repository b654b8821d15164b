/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only way EL2 touches guest memory: page by page, each page translated and copied under the VM's
 * stage2->lock, and cleaned or invalidated to the point of coherency, since the guest may look at it with
 * caches off. No pointer into guest memory leaves these functions.
 */
#ifndef HYP_VM_GUEST_MEMORY_H
#define HYP_VM_GUEST_MEMORY_H

#include "hyp/vm/vm.h"

/* False when part of [ipa, ipa + size) is not memory of the VM; what lies before it was copied. */
bool guest_write(struct vm *vm, ipa_t ipa, const void *src, u64 size);
bool guest_read(struct vm *vm, void *dst, ipa_t ipa, u64 size);
bool guest_zero(struct vm *vm, ipa_t ipa, u64 size);

/* What is at ipa, by a walk under the lock; it may be so no longer on return. */
struct s2_entry guest_walk(struct vm *vm, ipa_t ipa);

/* Is all of [ipa, ipa + size) memory of the VM now? Calls serve() between any two descriptors. */
bool guest_writable(struct vm *vm, ipa_t ipa, u64 size, void (*serve)(void));

#endif
