/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the records of trace.h as the fake TLB and the locks report them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "guest-tests/host/trace/trace.h"
#include "guest-tests/host/trace/trace_locks.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/error.h"
#include "stage2/stage2.h"
#include "guest-tests/host/tlb_fake.h"

#define LIMIT 400000
#define KEPT_WITHOUT_TLBI 8
#define PA_RANGE 5

int __real_s2_init(struct s2 *s, u16 vmid, u32 ipa_bits, void *pool, size_t nr_pages);
int __wrap_s2_init(struct s2 *s, u16 vmid, u32 ipa_bits, void *pool, size_t nr_pages);

bool trace_deliberate;

static FILE *file, *segment;
static char *text;
static size_t text_size;
static u64 nr_records, nr_written, nr_resets, limit, every;
static u32 nr_kept_without;
static bool invalidates, unwanted;
static const spinlock_t *locks[S2_FAKE_VMS];
static u32 nr_locks;

/* Records are (word (id n) (tid 0) ...): rest is what follows, or NULL. */
__attribute__((format(printf, 2, 3))) static void emit(const char *word, const char *rest, ...)
{
	va_list ap;

	if (s2_fake.tolerant && !trace_deliberate)
		unwanted = true;
	if (!segment || unwanted)
		return;
	fprintf(segment, "(%s (id %" PRIu64 ") (tid 0) ", word, nr_records++);
	va_start(ap, rest);
	vfprintf(segment, rest, ap);
	va_end(ap);
	fputs(")\n", segment);
}

static u64 address(const void *p)
{
	return (u64)(uintptr_t)p;
}

static void on_op(const struct s2_fake_op *op)
{
	switch (op->kind) {
	case S2_FAKE_WRITE:
		emit("mem-write", "(mem-order plain) (address 0x%" PRIx64 ") (value 0x%" PRIx64 ")",
		     address(op->entry), op->value);
		break;
	case S2_FAKE_PUBLISH:
	case S2_FAKE_DSB:
		emit("barrier", "dsb (kind %s)", op->what);
		break;
	case S2_FAKE_ISB:
		emit("barrier", "isb");
		break;
	case S2_FAKE_VTTBR:
		emit("sysreg-write", "(sysreg vttbr_el2) (value 0x%" PRIx64 ")", op->value);
		break;
	default:
		invalidates = true;
		if (strstr(op->what, "ipas2"))
			emit("tlbi", "%s (value 0x%" PRIx64 ")", op->what, op->value);
		else
			emit("tlbi", "%s", op->what);
	}
}

static void end_segment(void)
{
	if (!segment)
		return;
	fclose(segment);
	if (!unwanted && nr_written < limit && nr_records &&
	    (invalidates || nr_kept_without++ < KEPT_WITHOUT_TLBI)) {
		assert(fwrite(text, 1, text_size, file) == text_size);
		nr_written += nr_records;
	}
	free(text);
	segment = NULL;
}

static void on_reset(void)
{
	end_segment();
	if (nr_resets++ % every || nr_written >= limit)
		return;
	segment = open_memstream(&text, &text_size);
	assert(segment);
	nr_records = 0;
	nr_locks = 0;
	invalidates = false;
	unwanted = false;
}

static void at_exit(void)
{
	end_segment();
	/* A trace cut short would pass for a good one. */
	if (fclose(file)) {
		perror("S2_TRACE");
		_Exit(1);
	}
}

static u64 from_environment(const char *name, u64 otherwise)
{
	const char *given = getenv(name);

	return given ? strtoull(given, NULL, 0) : otherwise;
}

__attribute__((constructor)) static void begin_trace(void)
{
	const char *name = getenv("S2_TRACE");

	if (!name)
		return;
	file = fopen(name, "w");
	if (!file) {
		perror(name);
		exit(1);
	}
	limit = from_environment("S2_TRACE_LIMIT", LIMIT);
	every = from_environment("S2_TRACE_EVERY", 1);
	s2_fake_machine.has_range = from_environment("S2_TRACE_RANGE", 0);
	s2_fake_observer.op = on_op;
	s2_fake_observer.reset = on_reset;
	atexit(at_exit);
}

static bool is_traced(const spinlock_t *lock)
{
	for (u32 i = 0; i < nr_locks; i++)
		if (locks[i] == lock)
			return true;
	return false;
}

void trace_lock(const spinlock_t *lock, const char *src, int line)
{
	if (is_traced(lock))
		emit("lock", "(address 0x%" PRIx64 ") (src \"%s:%d\")", address(lock), src, line);
}

void trace_unlock(const spinlock_t *lock, const char *src, int line)
{
	if (is_traced(lock))
		emit("unlock", "(address 0x%" PRIx64 ") (src \"%s:%d\")", address(lock), src, line);
}

static void init_pages(const u8 *pages, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (pages[i])
			return;
	emit("mem-init", "(address 0x%" PRIx64 ") (size 0x%zx)", address(pages), size);
}

static void hint(const char *kind, const void *location, const void *value)
{
	emit("hint", "(kind %s) (location 0x%" PRIx64 ") (value 0x%" PRIx64 ")", kind,
	     address(location), address(value));
}

void trace_page_init(const void *page, const u64 *root)
{
	init_pages(page, PAGE_SIZE);
	hint("set_owner_root", page, root);
}

void trace_page_free(const void *page)
{
	hint("set_owner_root", page, NULL);
}

/* A vCPU is loaded once and put: the trace has the VMID that goes with the root. */
static void show_vmid(u64 vttbr)
{
	s2_fake_write_vttbr_el2(vttbr);
	s2_fake_isb();
	s2_fake_write_vttbr_el2(0);
	s2_fake_isb();
}

int __wrap_s2_init(struct s2 *s, u16 vmid, u32 ipa_bits, void *pool, size_t nr_pages)
{
	const u8 *page = pool;
	u64 first = nr_records;
	long start;
	int err;

	if (!segment)
		return __real_s2_init(s, vmid, ipa_bits, pool, nr_pages);
	start = ftell(segment);
	/* The root is the first of the pool, whatever its size. */
	init_pages(pool, nr_pages * PAGE_SIZE);
	emit("sysreg-write", "(sysreg vtcr_el2) (value 0x%" PRIx64 ")",
	     s2_vtcr(ipa_bits, PA_RANGE));
	hint("set_root_lock", pool, &s->lock);
	for (size_t i = 1; i < nr_pages; i++)
		hint("set_owner_root", page + i * PAGE_SIZE, pool);
	err = __real_s2_init(s, vmid, ipa_bits, pool, nr_pages);
	if (err) {
		/* What is refused never was. */
		fseek(segment, start, SEEK_SET);
		nr_records = first;
		return err;
	}
	assert((void *)s->root == pool && nr_locks < S2_FAKE_VMS);
	locks[nr_locks++] = &s->lock;
	show_vmid(s->vttbr);
	return OK;
}
