/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-tests/bare/bare.h"

#define STACK_SIZE 0x4000

u32 nr_cpus;
static struct cpu cpus[MAX_CPUS];
static char stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));
static u32 come;

extern char vectors[];

struct cpu *cpu_of(u32 index)
{
	return &cpus[index];
}

void smp_init(void)
{
	struct fdt_node node;

	while (nr_cpus < MAX_CPUS && (node = fdt_find("cpu", nr_cpus)).inside) {
		struct cpu *c = &cpus[nr_cpus];
		u32 length = 0;

		fdt_prop(node, "reg", &length);
		c->mpidr = length == 8 ? fdt_u64(node, "reg", 0) : fdt_u32(node, "reg", 0);
		c->index = nr_cpus;
		c->stack = (u64)stacks[nr_cpus] + STACK_SIZE;
		nr_cpus++;
	}
	write_reg(tpidr_el1, &cpus[0]);
	write_reg(vbar_el1, vectors);
}

void secondary_main(struct cpu *cpu)
{
	write_reg(tpidr_el1, cpu);
	write_reg(vbar_el1, vectors);
	mmu_on();
	if (!cpu->keeps_redist)
		gic_init_redist(cpu->index);
	gic_init_interface();
	cpu->fn();
	cpu_end();
}

void cpu_end(void)
{
	irq_disable();
	__atomic_store_n(&this_cpu()->finished, 1, __ATOMIC_SEQ_CST);
	psci(PSCI_CPU_OFF, 0, 0, 0);
	bail_out("CPU_OFF returned");
}

static s32 start(u32 index, void (*entry_point)(void), void (*fn)(void), bool keeps_redist)
{
	struct cpu *c = &cpus[index];

	c->fn = fn;
	c->keeps_redist = keeps_redist;
	c->other_entry = 0;
	c->finished = 0;
	c->probe = NULL;
	/* It reads this with its MMU off. */
	cache_clean(c, sizeof(*c));
	return psci(PSCI_CPU_ON, c->mpidr, (u64)entry_point, (u64)c);
}

s32 cpu_start_at(u32 index, void (*entry_point)(void), void (*fn)(void))
{
	return start(index, entry_point, fn, false);
}

s32 cpu_start(u32 index, void (*fn)(void))
{
	return start(index, secondary_start, fn, false);
}

s32 cpu_start_keeping_redist(u32 index, void (*fn)(void))
{
	return start(index, secondary_start, fn, true);
}

bool cpu_wait_off(u32 index)
{
	/* QEMU's own PSCI says "off" for a while after CPU_ON, so that alone does not do. */
	return WAIT_FOR(__atomic_load_n(&cpus[index].finished, __ATOMIC_SEQ_CST)) &&
	       WAIT_FOR(psci(PSCI_AFFINITY_INFO, cpus[index].mpidr, 0, 0) == PSCI_AFFINITY_OFF);
}

bool on_all_cpus(void (*fn)(void))
{
	bool good = true;

	__atomic_store_n(&come, 0, __ATOMIC_SEQ_CST);
	for (u32 i = 1; i < nr_cpus; i++)
		good &= cpu_start(i, fn) == PSCI_SUCCESS;
	fn();
	for (u32 i = 1; i < nr_cpus; i++)
		good &= cpu_wait_off(i);
	return good;
}

bool meet(void)
{
	u32 ticket = __atomic_fetch_add(&come, 1, __ATOMIC_SEQ_CST);
	u32 full = (ticket / nr_cpus + 1) * nr_cpus;

	return WAIT_FOR(__atomic_load_n(&come, __ATOMIC_SEQ_CST) >= full);
}
