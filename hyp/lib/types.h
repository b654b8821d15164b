/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words everything else is written in: fixed-size integers, and addresses whose type says which
 * address space they belong to, so that an IPA cannot be handed where a PA is wanted.
 */
#ifndef HYP_LIB_TYPES_H
#define HYP_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

/* A physical address. EL2 maps RAM and devices at their physical address, so it is a pointer too. */
typedef struct {
	u64 pa;
} paddr_t;

/* An intermediate physical address: what a guest believes to be physical. Never dereferenced. */
typedef struct {
	u64 ipa;
} ipa_t;

#define PADDR(x) ((paddr_t){(x)})
#define IPA(x) ((ipa_t){(x)})

/* The identity map of EL2 is what makes these two right; the host tests use real pointers as PAs. */
static inline void *pa_to_ptr(paddr_t p)
{
	return (void *)(uintptr_t)p.pa;
}

static inline paddr_t ptr_to_pa(const void *p)
{
	return PADDR((u64)(uintptr_t)p);
}

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)

#define PAGE_SIZE KIB(4)

#define BIT(n) (1ULL << (n))
#define FIELD(value, high, low) (((value) >> (low)) & (BIT((high) - (low) + 1) - 1))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Both for powers of two only. */
#define ALIGN_DOWN(x, a) ((x) & ~((u64)(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + (u64)(a)-1, a)
#define IS_ALIGNED(x, a) (((x) & ((u64)(a)-1)) == 0)

static inline u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

static inline u64 max_u64(u64 a, u64 b)
{
	return a > b ? a : b;
}

static inline bool is_power_of_two(u64 x)
{
	return x && !(x & (x - 1));
}

/* Do [a, a + a_size) and [b, b + b_size) share a byte? No overflow for ranges that fit in 64 bits. */
static inline bool ranges_overlap(u64 a, u64 a_size, u64 b, u64 b_size)
{
	return a_size && b_size && (a <= b ? b - a < a_size : a - b < b_size);
}

#endif
