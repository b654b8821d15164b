/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading stage-2 tables: the way to an entry, and what an address finds. */
#include "stage2/pte.h"
#include "stage2/walk.h"

u64 s2_zero_entry(const struct s2 *s, u32 level)
{
	switch (level) {
	case 1:
		return s2_pte_table(ptr_to_pa(s->zero_l2));
	case 2:
		return s2_pte_table(ptr_to_pa(s->zero_l3));
	default:
		return s2_pte_zero_page(ptr_to_pa(s->zero_page));
	}
}

struct s2_slot s2_find(const struct s2 *s, u64 ipa)
{
	/* Concatenated roots are contiguous: one table of up to 8 x 512 entries. */
	struct s2_slot at = {&s->root[ipa / s2_level_size(1)], 1};

	while (s2_pte_is_table(*at.entry, at.level) && *at.entry != s2_zero_entry(s, at.level)) {
		u64 *table = pa_to_ptr(s2_pte_addr(*at.entry));

		at.level++;
		at.entry = &table[ipa / s2_level_size(at.level) % ENTRIES_PER_TABLE];
	}
	return at;
}

static struct s2_entry decode(const struct s2 *s, struct s2_slot at)
{
	u64 pte = *at.entry;

	if (!s2_pte_is_valid(pte))
		return (struct s2_entry){S2_INVALID, s2_pte_why(pte), PADDR(0), at.level};
	if (pte == s2_zero_entry(s, at.level))
		return (struct s2_entry){S2_ZERO, S2_ABSENT_NONE, ptr_to_pa(s->zero_page),
					 at.level};
	return (struct s2_entry){S2_MEMORY, S2_ABSENT_NONE, s2_pte_addr(pte), at.level};
}

struct s2_entry s2_walk(const struct s2 *s, ipa_t ipa)
{
	struct s2_entry e = {S2_INVALID, S2_ABSENT_NONE, PADDR(0), 1};

	if (ipa.ipa >> s->ipa_bits)
		return e;
	e = decode(s, s2_find(s, ipa.ipa));
	if (e.kind == S2_MEMORY)
		e.pa.pa += ipa.ipa & (s2_level_size(e.level) - 1);
	else if (e.kind == S2_ZERO)
		e.pa.pa += ipa.ipa & (PAGE_SIZE - 1);
	return e;
}
