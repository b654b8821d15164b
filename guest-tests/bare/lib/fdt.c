/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/lib/fdt.h"

#define FDT_MAGIC 0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE 2
#define FDT_PROP 3
#define FDT_NOP 4
#define FDT_END 9

struct header {
	u32 magic, size, off_struct, off_strings, off_reserve, version, compatible, boot_cpu;
	u32 size_strings, size_struct;
};

const void *fdt;

static u32 be32(u32 x)
{
	return __builtin_bswap32(x);
}

bool fdt_valid(const void *blob)
{
	const struct header *h = blob;

	return be32(h->magic) == FDT_MAGIC && be32(h->compatible) <= 17 && be32(h->version) >= 17 &&
	       be32(h->off_struct) < be32(h->size) && be32(h->off_strings) < be32(h->size);
}

u32 fdt_size(const void *blob)
{
	return be32(((const struct header *)blob)->size);
}

static const u32 *skip_string(const u32 *p)
{
	const char *s = (const char *)p;

	while (*s)
		s++;
	return (const u32 *)ALIGN_UP((u64)s + 1, 4);
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool base_matches(const char *node, const char *name)
{
	while (*name && *node == *name) {
		node++;
		name++;
	}
	return !*name && (!*node || *node == '@');
}

/* The token after the one at p. */
static const u32 *next_token(const u32 *p)
{
	switch (be32(*p)) {
	case FDT_BEGIN_NODE:
		return skip_string(p + 1);
	case FDT_PROP:
		return p + 3 + (be32(p[1]) + 3) / 4;
	default:
		return p + 1;
	}
}

/* Where one is in a tree: p at a token. */
struct place {
	const u32 *p;
	const char *strings;
	bool (*skip)(const char *name);
};

static struct place start_of(const void *blob, bool (*skip)(const char *name))
{
	const struct header *h = blob;

	return (struct place){(const u32 *)((u64)blob + be32(h->off_struct)),
			      (const char *)blob + be32(h->off_strings), skip};
}

static const char *name_at(const struct place *at)
{
	return be32(*at->p) == FDT_PROP ? at->strings + be32(at->p[2]) : (const char *)(at->p + 1);
}

static const u32 *behind_node(const u32 *p)
{
	u32 depth = 0;

	do {
		if (be32(*p) == FDT_BEGIN_NODE)
			depth++;
		else if (be32(*p) == FDT_END_NODE)
			depth--;
		p = next_token(p);
	} while (depth);
	return p;
}

/* The next token that is to be compared. */
static u32 settle(struct place *at)
{
	for (;;) {
		u32 token = be32(*at->p);

		if (token == FDT_NOP)
			at->p++;
		else if (token == FDT_BEGIN_NODE && at->skip(name_at(at)))
			at->p = behind_node(at->p);
		else if (token == FDT_PROP && at->skip(name_at(at)))
			at->p = next_token(at->p);
		else
			return token;
	}
}

bool fdt_same(const void *blob_a, const void *blob_b, bool (*skip)(const char *name))
{
	struct place a = start_of(blob_a, skip), b = start_of(blob_b, skip);
	u32 token;

	while ((token = settle(&a)) == settle(&b)) {
		if (token == FDT_END)
			return true;
		if ((token == FDT_BEGIN_NODE || token == FDT_PROP) &&
		    !same(name_at(&a), name_at(&b)))
			return false;
		if (token == FDT_PROP &&
		    (a.p[1] != b.p[1] || __builtin_memcmp(a.p + 3, b.p + 3, be32(a.p[1]))))
			return false;
		a.p = next_token(a.p);
		b.p = next_token(b.p);
	}
	return false;
}

struct fdt_node fdt_find(const char *name, u32 nth)
{
	const struct header *h = fdt;
	const u32 *p = (const u32 *)((u64)fdt + be32(h->off_struct));
	const u32 *end = (const u32 *)((u64)p + be32(h->size_struct));

	for (; p < end; p = next_token(p)) {
		if (be32(*p) != FDT_BEGIN_NODE || !base_matches((const char *)(p + 1), name))
			continue;
		if (!nth--)
			return (struct fdt_node){next_token(p), (const char *)(p + 1)};
	}
	return (struct fdt_node){NULL, NULL};
}

const void *fdt_prop(struct fdt_node node, const char *name, u32 *length)
{
	const struct header *h = fdt;
	const char *strings = (const char *)fdt + be32(h->off_strings);

	for (const u32 *p = node.inside; p; p = next_token(p)) {
		u32 token = be32(*p);

		if (token == FDT_NOP)
			continue;
		if (token != FDT_PROP) /* properties come before child nodes */
			return NULL;
		if (same(strings + be32(p[2]), name)) {
			*length = be32(p[1]);
			return p + 3;
		}
	}
	return NULL;
}

u32 fdt_u32(struct fdt_node node, const char *name, u32 index)
{
	u32 length;
	const u32 *value = fdt_prop(node, name, &length);

	return value && (index + 1) * 4 <= length ? be32(value[index]) : 0;
}

u64 fdt_u64(struct fdt_node node, const char *name, u32 index)
{
	return (u64)fdt_u32(node, name, 2 * index) << 32 | fdt_u32(node, name, 2 * index + 1);
}

u64 ram_base(void)
{
	return fdt_u64(fdt_find("memory", 0), "reg", 0);
}

u64 ram_size(void)
{
	return fdt_u64(fdt_find("memory", 0), "reg", 1);
}
