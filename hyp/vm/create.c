/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/create.h"
#include "dt/guest_fdt.h"
#include "hyp/cpu/cache.h"
#include "hyp/cpu/timer.h"
#include "hyp/dev/panic.h"
#include "hyp/lend/events.h"
#include "hyp/lend/life.h"
#include "hyp/lib/error.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"
#include "hyp/vm/background.h"
#include "hyp/vm/life.h"
#include "hyp/vm/load.h"
#include "hyp/vm/map.h"

struct vm vms[BUNDLE_MAX_VMS];
u32 nr_vms;
struct ledger ledger;

static u32 next_cpu;

static void zero(paddr_t pa, size_t size)
{
	cache_zero(pa_to_ptr(pa), size);
}

static void clean(paddr_t pa, size_t size)
{
	cache_clean_invalidate(pa_to_ptr(pa), size);
}

/* Read under the vgic's lock: whoever comes last sees what was noted last. */
void lend_raise(u8 id)
{
	struct vm *vm = &vms[id];

	spin_lock(&vm->gic.g.lock);
	vgic_set_line(&vm->gic.g, NULL, GUEST_LEND_INTID, lend_events_pending(vm->lend));
	spin_unlock(&vm->gic.g.lock);
}

static const struct lend_host lend_host = {
	.now = time_ns,
	.interrupt_pending = cpu_interrupt_pending,
	.zero = zero,
	.clean = clean,
	.raise = lend_raise,
	.scrub_later = background_scrub,
	.expire_at = background_expire,
	.write_map = vm_write_map,
};

void *hyp_alloc(struct physmem *m, u64 size, u64 align)
{
	u64 pa = physmem_alloc(m, size, max_u64(align, PAGE_SIZE));

	if (pa)
		memset((void *)pa, 0, size);
	return (void *)pa;
}

static bool create_vcpus(struct vm *vm, struct physmem *m)
{
	struct vgic_hw_cpu *gic[PLATFORM_MAX_CPUS];

	vm->nr_vcpus = vm->config->cpus;
	vm->vcpus = hyp_alloc(m, vm->nr_vcpus * sizeof(struct vcpu), PAGE_SIZE);
	if (!vm->vcpus)
		return false;
	for (u32 i = 0; i < vm->nr_vcpus; i++) {
		struct vcpu *v = &vm->vcpus[i];

		v->vm = vm;
		v->index = i;
		v->cpu = &cpus[next_cpu++];
		v->cpu->vcpu = v;
		v->gic.cpu = v->cpu;
		v->gic.state.index = i;
		v->gic.state.mpidr = guest_mpidr(i);
		gic[i] = &v->gic;
	}
	vgic_hw_init(&vm->gic, gic, vm->nr_vcpus, &platform);
	return true;
}

/* Whether boot memory of whole GiB starts at a GiB, for the largest descriptors. */
static bool gib_aligned;

static u64 boot_granule(const struct bundle_vm *config)
{
	return gib_aligned && IS_ALIGNED(config->boot_memory, GIB(1)) ? GIB(1) : MIB(2);
}

/* Not at the price of a VM that would find no room. */
static bool all_fit(const struct bundle *bundle, const struct physmem *m)
{
	static struct physmem copy;

	copy = *m;
	for (const struct bundle_vm *vm = bundle->vm; vm < &bundle->vm[bundle->nr_vms]; vm++)
		if (!physmem_alloc(&copy, vm->boot_memory, boot_granule(vm)))
			return false;
	return true;
}

/* Tables for all that the VM can ever map, and its boot memory mapped; the window still empty. */
static bool create_stage2(struct vm *vm, const struct bundle *bundle, struct physmem *m)
{
	const struct bundle_vm *config = vm->config;
	u32 ipa_bits = s2_ipa_bits((u32)FIELD(read_sysreg(id_aa64mmfr0_el1), 3, 0));
	size_t pages = s2_pages_root(ipa_bits) + s2_pages_range(config->boot_memory) +
		       s2_pages_range(config->window_size);
	void *pool = hyp_alloc(m, pages * PAGE_SIZE, KIB(32));
	u64 granule = boot_granule(config);

	vm->boot_memory = PADDR(physmem_alloc(m, config->boot_memory, granule));
	if (!pool || !vm->boot_memory.pa ||
	    s2_init(&vm->s2, (u16)(vm->id + 1), ipa_bits, pool, pages) ||
	    s2_prepare(&vm->s2, IPA(GUEST_RAM_BASE), config->boot_memory, granule))
		return false;
	/* A guest with its MMU off reads it from memory. */
	cache_clean_invalidate(vm->s2.zero_page, PAGE_SIZE);
	if (config->has_window &&
	    s2_prepare(&vm->s2, IPA(config->window_base), config->window_size, bundle->block_size))
		return false;
	spin_lock(&vm->s2.lock);
	s2_map(&vm->s2, IPA(GUEST_RAM_BASE), vm->boot_memory, config->boot_memory);
	if (config->has_window && config->absent_abort)
		s2_unmap(&vm->s2, IPA(config->window_base), config->window_size, S2_ABSENT_EMPTY);
	else if (config->has_window)
		s2_zero(&vm->s2, IPA(config->window_base), config->window_size);
	spin_unlock(&vm->s2.lock);
	return true;
}

static bool create_lend(struct vm *vm, const struct bundle *bundle, struct physmem *m)
{
	const struct bundle_vm *config = vm->config;
	struct lend_vm *lend = ledger_add_vm(&ledger);
	u64 nr_words;

	vm->lend = lend;
	vm->fdt = hyp_alloc(m, sizeof(*vm->fdt), PAGE_SIZE);
	if (!vm->fdt)
		return false;
	lend->s2 = &vm->s2;
	lend->absent_abort = config->absent_abort;
	lend->lend_to = config->lend_to;
	lend->min_recall_ns = config->min_recall_ns;
	lend->quota = config->quota;
	lend->manager = config->manager;
	if (!config->has_window)
		return true;
	lend->window = IPA(config->window_base);
	lend->nr_slots = (u32)(config->window_size / bundle->block_size);
	lend->nr_own = (u32)(config->owned_memory / bundle->block_size);
	lend->nr_promised = config->pool_slots;
	lend->slots = hyp_alloc(m, lend->nr_slots * sizeof(struct slot), PAGE_SIZE);
	nr_words = ALIGN_UP(lend->nr_slots, 64) / 64 + 2;
	lend->empty =
		hyp_alloc(m, (nr_words + ALIGN_UP(nr_words, 64) / 64) * sizeof(u64), PAGE_SIZE);
	if (!lend->slots || !lend->empty)
		return false;
	lend->some_empty = lend->empty + nr_words;
	return true;
}

#define EL1_AND_AARCH32 2

static bool can_run_kernel(const struct bundle_vm *config, char why[DT_WHY_SIZE])
{
	if (!config->kernel.arm32 || FIELD(read_sysreg(id_aa64pfr0_el1), 7, 4) == EL1_AND_AARCH32)
		return true;
	print_format(why, DT_WHY_SIZE,
		     "/configurations/%s: kernel: arch \"arm\": this CPU has no AArch32 at EL1",
		     config->name);
	return false;
}

static bool create_vm(u32 id, const struct bundle *bundle, struct physmem *m, char why[DT_WHY_SIZE])
{
	struct vm *vm = &vms[id];
	struct vm_layout layout;
	char size[24];

	vm->id = id;
	vm->config = &bundle->vm[id];
	if (vm->config->mode == VM_MODE_VIRTIO_MEM) {
		print_format(why, DT_WHY_SIZE,
			     "/configurations/%s: mode virtio-mem is not supported yet",
			     vm->config->name);
		return false;
	}
	if (!can_run_kernel(vm->config, why) || !vm_layout(vm->config, &layout, why))
		return false;
	if (create_vcpus(vm, m) && create_stage2(vm, bundle, m) && create_lend(vm, bundle, m)) {
		serial_init(vm);
		return true;
	}
	print_format(why, DT_WHY_SIZE,
		     "/configurations/%s: lendvisor,boot-memory: the machine has no room for %s",
		     vm->config->name, print_size(size, vm->config->boot_memory));
	return false;
}

static bool create_ledger(const struct bundle *bundle, struct physmem *m)
{
	u64 nr = physmem_count(m, bundle->block_size) / bundle->block_size;
	struct block *blocks = hyp_alloc(m, (nr + 1) * sizeof(struct block), PAGE_SIZE);
	struct loan *loans = hyp_alloc(m, (nr + 1) * sizeof(struct loan), PAGE_SIZE);

	ledger_init(&ledger, &lend_host, bundle->block_size, blocks, loans);
	return blocks && loans;
}

/* All that is left, the highest first onto the free list, so that the lowest is taken first. */
static void fill_pool(const struct bundle *bundle, const struct physmem *m)
{
	u64 size = bundle->block_size;

	for (u32 i = m->nr; i-- > 0;) {
		u64 base = ALIGN_UP(m->free[i].base, size);
		u64 end = ALIGN_DOWN(m->free[i].base + m->free[i].size, size);

		for (u64 pa = end; pa > base; pa -= size)
			ledger_add_block(&ledger, PADDR(pa - size));
	}
}

bool vms_create(const struct bundle *bundle, struct physmem *m, char why[DT_WHY_SIZE])
{
	char size[24];

	if (!create_ledger(bundle, m)) {
		print_format(why, DT_WHY_SIZE, "the machine has no room for the ledger");
		return false;
	}
	gib_aligned = true;
	gib_aligned = all_fit(bundle, m);
	for (u32 i = 0; i < bundle->nr_vms; i++)
		if (!create_vm(i, bundle, m, why))
			return false;
	nr_vms = bundle->nr_vms;
	panic_ledger = &ledger;
	fill_pool(bundle, m);
	for (u32 i = 0; i < nr_vms; i++)
		if (!lend_vm_start(&ledger, vms[i].lend, cpu_serve_interrupts)) {
			print_format(
				why, DT_WHY_SIZE,
				"/configurations/%s: lendvisor,owned-memory: the machine has no "
				"room for %s",
				bundle->vm[i].name, print_size(size, bundle->vm[i].owned_memory));
			return false;
		}
	return true;
}
