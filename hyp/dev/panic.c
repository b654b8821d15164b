/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/dev/panic.h"
#include "boot/image.h"
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/percpu.h"
#include "hyp/cpu/psci.h"
#include "hyp/dev/console.h"
#include "hyp/dev/uart.h"
#include "hyp/lib/assert.h"
#include "hyp/lib/print.h"

#define MAX_BACKTRACE 16

const struct ledger *panic_ledger;

void panic_line(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	print_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	uart_claim();
	console_panic_line(text);
}

/* A damaged chain ends the walk, not the panic. */
void panic_backtrace(const u64 *fp)
{
	for (u32 i = 0; i < MAX_BACKTRACE && fp && !((u64)fp & 15); i++) {
		const u64 *up = (const u64 *)fp[0];

		panic_line("  from image + 0x%llx", (unsigned long long)(fp[1] - (u64)_head));
		if (up <= fp)
			return;
		fp = up;
	}
}

static void report_ledger(const struct ledger *l)
{
	panic_line("  ledger%s: %u blocks, %u free", spin_is_locked(&l->lock) ? " (locked)" : "",
		   l->nr_blocks, l->nr_free);
	for (u32 i = 0; i < l->nr_vms; i++) {
		const struct lend_vm *vm = &l->vm[i];
		u32 count[LEND_SLOT_REVOKED + 1] = {0};

		for (u32 slot = 0; slot < vm->nr_slots; slot++)
			count[vm->slots[slot].state % ARRAY_SIZE(count)]++;
		panic_line("  vm%u%s: empty %u standby %u offered %u held %u borrowed %u lent %u",
			   i, vm->running ? "" : " (off)", count[LEND_SLOT_EMPTY],
			   count[LEND_SLOT_STANDBY], count[LEND_SLOT_OFFERED],
			   count[LEND_SLOT_HELD], count[LEND_SLOT_BORROWED], count[LEND_SLOT_LENT]);
	}
}

/*
 * The marker comes first and last: whatever the report runs into, it has been said. A second CPU waits
 * for the first to switch off; a panic within the report ends it.
 */
_Noreturn void panic(const char *fmt, ...)
{
	static const struct cpu *reporter;
	const struct cpu *nobody = NULL;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	print_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	panic_line("PANIC: CPU %u: %s", this_cpu()->index, text);
	if (__atomic_compare_exchange_n(&reporter, &nobody, this_cpu(), false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		panic_backtrace(__builtin_frame_address(0));
		if (panic_ledger)
			report_ledger(panic_ledger);
		panic_line("PANIC: CPU %u: %s", this_cpu()->index, text);
	} else if (reporter != this_cpu()) {
		for (;;)
			wfi();
	}
	psci_system_off();
}
