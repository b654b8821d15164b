/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/guest_memory.h"
#include "hyp/cpu/cache.h"
#include "hyp/lib/string.h"

enum copy {
	TO_GUEST,
	FROM_GUEST,
	ZERO_GUEST,
};

static bool copy_page(struct vm *vm, enum copy how, u64 ipa, u8 *buffer, u64 size)
{
	struct s2_entry entry;
	u8 *guest;

	spin_lock(&vm->s2.lock);
	entry = s2_walk(&vm->s2, IPA(ipa));
	if (entry.kind != S2_MEMORY) {
		spin_unlock(&vm->s2.lock);
		return false;
	}
	guest = pa_to_ptr(entry.pa);
	if (how == FROM_GUEST) {
		cache_clean_invalidate(guest, size);
		memcpy(buffer, guest, size);
	} else {
		if (how == TO_GUEST)
			memcpy(guest, buffer, size);
		else
			memset(guest, 0, size);
		cache_clean_invalidate(guest, size);
	}
	spin_unlock(&vm->s2.lock);
	return true;
}

static bool copy(struct vm *vm, enum copy how, u64 ipa, u8 *buffer, u64 size)
{
	while (size) {
		u64 n = min_u64(size, PAGE_SIZE - ipa % PAGE_SIZE);

		if (!copy_page(vm, how, ipa, buffer, n))
			return false;
		ipa += n;
		size -= n;
		if (buffer)
			buffer += n;
	}
	return true;
}

bool guest_write(struct vm *vm, ipa_t ipa, const void *src, u64 size)
{
	return copy(vm, TO_GUEST, ipa.ipa, (u8 *)src, size);
}

bool guest_read(struct vm *vm, void *dst, ipa_t ipa, u64 size)
{
	return copy(vm, FROM_GUEST, ipa.ipa, dst, size);
}

bool guest_zero(struct vm *vm, ipa_t ipa, u64 size)
{
	return copy(vm, ZERO_GUEST, ipa.ipa, NULL, size);
}
