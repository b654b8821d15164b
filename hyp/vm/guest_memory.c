/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/guest_memory.h"
#include "hyp/cpu/cache.h"
#include "hyp/lib/string.h"

struct s2_entry guest_walk(struct vm *vm, ipa_t ipa)
{
	struct s2_entry entry;

	spin_lock(&vm->s2.lock);
	entry = s2_walk(&vm->s2, ipa);
	spin_unlock(&vm->s2.lock);
	return entry;
}

/* Exactly one of out (copied to) and in (copied from) is given; with neither, zeroes. */
static bool touch_page(struct vm *vm, u64 ipa, u64 size, u8 *out, const u8 *in)
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
	if (out) {
		cache_clean_invalidate(guest, size);
		memcpy(out, guest, size);
	} else {
		if (in)
			memcpy(guest, in, size);
		else
			memset(guest, 0, size);
		cache_clean_invalidate(guest, size);
	}
	spin_unlock(&vm->s2.lock);
	return true;
}

static bool touch(struct vm *vm, u64 ipa, u64 size, u8 *out, const u8 *in)
{
	for (u64 done = 0, n; done < size; done += n) {
		n = min_u64(size - done, PAGE_SIZE - (ipa + done) % PAGE_SIZE);
		if (!touch_page(vm, ipa + done, n, out ? out + done : NULL, in ? in + done : NULL))
			return false;
	}
	return true;
}

bool guest_write(struct vm *vm, ipa_t ipa, const void *src, u64 size)
{
	return touch(vm, ipa.ipa, size, NULL, src);
}

bool guest_read(struct vm *vm, void *dst, ipa_t ipa, u64 size)
{
	return touch(vm, ipa.ipa, size, dst, NULL);
}

bool guest_zero(struct vm *vm, ipa_t ipa, u64 size)
{
	return touch(vm, ipa.ipa, size, NULL, NULL);
}

/* A descriptor covers 4 KiB at level 3, and 512 times as much for each level above. */
static u64 to_next_descriptor(u64 ipa, u32 level)
{
	u64 size = PAGE_SIZE << 9 * (3 - level);

	return size - ipa % size;
}

bool guest_writable(struct vm *vm, ipa_t ipa, u64 size, void (*serve)(void))
{
	/* No overflow: a walk fails long before. */
	for (u64 done = 0; done < size;) {
		struct s2_entry entry = guest_walk(vm, IPA(ipa.ipa + done));

		if (entry.kind != S2_MEMORY)
			return false;
		done += to_next_descriptor(ipa.ipa + done, entry.level);
		serve();
	}
	return true;
}
