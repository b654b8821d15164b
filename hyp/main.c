/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot story: boot/head.S -> main() -> host FDT -> final map -> bundle -> physical memory split into
 * hypervisor, boot memory and blocks -> VMs and ledger -> CPUs on -> run. Whatever is not as it must be is
 * refused with one line and the machine goes off.
 */
#include "boot/image.h"
#include "boot/mmu.h"
#include "boot/physmem.h"
#include "dt/bundle.h"
#include "dt/platform.h"
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/cache.h"
#include "hyp/cpu/psci.h"
#include "hyp/cpu/timer.h"
#include "hyp/dev/console.h"
#include "hyp/dev/uart.h"
#include "hyp/gic/gic.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"
#include "hyp/monitor.h"
#include "hyp/vm/create.h"
#include "hyp/vm/life.h"

_Noreturn void main(const void *fdt);
_Noreturn void secondary_main(struct cpu *cpu);
_Noreturn void boot_refuse_el(const void *fdt);

struct platform platform;
struct cpu cpus[PLATFORM_MAX_CPUS];
u32 nr_cpus;

/* Generous: QEMU may run 64 CPUs on two cores. */
#define CPU_START_NS 30000000000ULL

static struct physmem physmem;
static struct bundle bundle;

static _Noreturn void refuse(const char *why)
{
	log_line("refused: %s", why);
	psci_system_off();
}

/* With the MMU off and at a level where nothing of ours works: the plainest way to say so. */
_Noreturn void boot_refuse_el(const void *fdt)
{
	static const char text[] = "[lendvisor] refused: not entered at EL2 "
				   "(QEMU: -M virt,virtualization=on)\r\n";

	platform_read_early(fdt, &platform);
	uart_set_base(platform.uart_base);
	psci_init(platform.psci);
	uart_put(text, sizeof(text) - 1);
	psci_system_off();
}

static void early_console(const void *fdt)
{
	static const struct console_ops ops = {uart_put};

	platform_read_early(fdt, &platform);
	psci_init(platform.psci);
	if (platform.uart_base) {
		mmu_map(ALIGN_DOWN(platform.uart_base, PAGE_SIZE), PAGE_SIZE, MMU_DEVICE);
		dsb(ishst); /* the new entry, in the live map, is there for the walk */
		isb();
		uart_set_base(platform.uart_base);
	}
	console_init(&ops);
	log_sink = console_log_line;
}

static void read_host_fdt(const void *fdt)
{
	char why[DT_WHY_SIZE];

	/* The early map holds at least 2 MiB from fdt on. */
	if (!platform_read(fdt, MIB(2), &platform, why))
		refuse(why);
	if (!platform.has_gicv3)
		refuse("no GICv3 (QEMU: -M virt,gic-version=3)");
	if (platform.psci == PSCI_NONE)
		refuse("no PSCI in the host FDT");
	if (!platform.bundle.size)
		refuse("no VM bundle: give one as the initial ramdisk (QEMU: -initrd vms.itb)");
}

static void map_device(u64 base, u64 size)
{
	u64 start = ALIGN_DOWN(base, PAGE_SIZE);

	mmu_map(start, ALIGN_UP(base + size, PAGE_SIZE) - start, MMU_DEVICE);
}

/* A stack per CPU between guard pages, and above it the one for panics. */
static void map_stacks(void)
{
	u64 each = PAGE_SIZE + 2 * CPU_STACK_SIZE;
	u64 base = physmem_alloc(&physmem, nr_cpus * each, PAGE_SIZE);

	if (!base)
		refuse("no memory for CPU stacks");
	for (u32 i = 0; i < nr_cpus; i++, base += each) {
		mmu_map(base, PAGE_SIZE, MMU_NONE);
		cpus[i].stack_top = base + PAGE_SIZE + CPU_STACK_SIZE;
		cpus[i].panic_stack_top = base + each;
	}
}

static void final_map(const void *fdt)
{
	const struct platform *p = &platform;
	u64 ttbr;

	physmem_init(&physmem, p);
	physmem_reserve(&physmem, (u64)_head, (u64)_end - (u64)_head);
	physmem_reserve(&physmem, (u64)fdt, MIB(2));
	mmu_begin(p);
	map_stacks();
	map_device(p->uart_base, p->uart_size);
	map_device(p->gicd.base, p->gicd.size);
	for (u32 i = 0; i < p->nr_gicr; i++)
		map_device(p->gicr[i].base, p->gicr[i].size);
	ttbr = mmu_finish();
	for (u32 i = 0; i < nr_cpus; i++)
		cpus[i].ttbr = ttbr;
	mmu_enable(ttbr);
}

/* The CPU we run on is the first; the others follow in the FDT's order. */
static void list_cpus(void)
{
	u64 own = read_sysreg(mpidr_el1) & MPIDR_AFFINITY;

	nr_cpus = 1;
	cpus[0].mpidr = own;
	cpus[0].online = true;
	for (u32 i = 0; i < platform.nr_cpus; i++) {
		if (platform.cpu_mpidr[i] == own)
			continue;
		cpus[nr_cpus].index = nr_cpus;
		cpus[nr_cpus++].mpidr = platform.cpu_mpidr[i];
	}
}

/* No VM runs and no interrupt is on yet, so there is nobody to serve in between. */
static bool check_hashes(char why[DT_WHY_SIZE])
{
	enum bundle_hash_result result = BUNDLE_HASH_MORE;
	struct bundle_hash_job job;

	bundle_hash_begin(&job, (const void *)platform.bundle.base, &bundle);
	while (result == BUNDLE_HASH_MORE)
		result = bundle_hash_step(&job, MIB(1), why);
	return result == BUNDLE_HASH_MATCH;
}

static void read_bundle(void)
{
	u32 ipa_bits = s2_ipa_bits((u32)FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0));
	char why[DT_WHY_SIZE];

	if (!bundle_read((const void *)platform.bundle.base, platform.bundle.size, nr_cpus,
			 ipa_bits, &bundle, why) ||
	    !check_hashes(why) || !vms_create(&bundle, &physmem, why))
		refuse(why);
}

static void start_cpus(void)
{
	/* They read their records with the MMU off. */
	cache_clean(cpus, sizeof(cpus));
	for (u32 i = 1; i < nr_cpus; i++) {
		u64 since = time_ns();

		if (psci_cpu_on(cpus[i].mpidr, PADDR((u64)secondary_entry), (u64)&cpus[i]))
			refuse("the firmware's PSCI does not turn a CPU on");
		while (!__atomic_load_n(&cpus[i].online, __ATOMIC_ACQUIRE))
			if (time_ns() - since > CPU_START_NS)
				refuse("a CPU that PSCI turned on does not come up");
	}
}

static void init_this_cpu(void)
{
	if (!gic_init_cpu())
		refuse("a CPU has no GIC redistributor in the host FDT");
}

_Noreturn void secondary_main(struct cpu *cpu)
{
	init_this_cpu();
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	cpu_send_event();
	vcpu_run(cpu);
}

_Noreturn void main(const void *fdt)
{
	cpus[0].panic_stack_top = (u64)panic_stack_top;
	early_console(fdt);
	read_host_fdt(fdt);
	cache_init();
	list_cpus();
	final_map(fdt);
	gic_init(&platform);
	init_this_cpu();
	log_line("lendvisor on %u CPUs", nr_cpus);
	read_bundle();
	monitor_init();
	uart_init();
	gic_enable_spi(platform.uart_intid);
	start_cpus();
	vm_start_all();
	vcpu_run(&cpus[0]);
}
