/* SPDX-License-Identifier: GPL-2.0 */
/* What holds a unit that should go, and what is said of it; part of lendmem.h. */
#ifndef LENDMEM_KEPT_H
#define LENDMEM_KEPT_H

#include <linux/types.h>

struct lendmem;

enum lendmem_reason {
	LENDMEM_UNKNOWN,
	LENDMEM_BUSY,
	LENDMEM_UNMOVABLE,
	LENDMEM_PINNED,
};

/**
 * struct lendmem_holder - the page that holds a block, in words
 * @pfn: 0 if none was found
 * @text: what is said of it: "is pinned (...)"
 */
struct lendmem_holder {
	enum lendmem_reason reason;
	unsigned long pfn;
	char text[96];
};

/* holder.c: looks at the pages of a unit, without a lock: a hint for a person, and an order. */
void lendmem_find_holder(const struct lendmem *lm, u32 unit, struct lendmem_holder *holder);
/* The one among these that is the least work to take out of use; nr_units if there is none. */
u32 lendmem_emptiest(const struct lendmem *lm, const unsigned long *among);

/* kept.c: what does not go, and why: said once until it goes, by the worker only. */
void lendmem_kept(struct lendmem *lm, u32 unit, int err);
void lendmem_say_kept(struct lendmem *lm, u32 unit, int err);
/* Would another attempt be in vain for sure? It would take its full time, and hold up all else. */
bool lendmem_still_kept(struct lendmem *lm, u32 unit);
void lendmem_not_kept(struct lendmem *lm, u32 unit);
/* Tells so, when the unit's Linux blocks are as they are to be. */
void lendmem_given_back(struct lendmem *lm, u32 unit);

#endif
