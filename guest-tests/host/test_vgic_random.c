/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual GIC against a model, in the machine of vgic_machine.h: devices act, guests take and end
 * interrupts and write registers, at random.
 *
 * In step, kicks are served at once, and whatever a guest is given, and all state read back, must be what
 * the ghost says. Out of step, kicks are served late: then nothing may be lost, and in the end nothing
 * may be left over. The seed is printed before each run.
 */
#include "guest-tests/host/vgic_machine.h"

#define NR_STEPS 6000

static void write_irq(u32 cpu, u32 intid, u32 offset, u32 value)
{
	bool done = intid < 32 ? vgic_write(&m.g, &m.c[cpu], SGI_FRAME + offset + intid / 32 * 4, 4,
					    (u64)value << intid % 32)
			       : vgic_write(&m.g, NULL, offset + intid / 32 * 4, 4,
					    (u64)value << intid % 32);

	assert_true(done);
}

static void set_group(u32 cpu, u32 intid, bool group1)
{
	u64 word = 0;

	for (u32 i = 0; i < NR_INTIDS; i++)
		if (intids[i] / 32 == intid / 32)
			word |= (u64)(intids[i] == intid ? group1 : ghost(cpu, intids[i])->group1)
				<< intids[i] % 32;
	if (intid < 32)
		vgic_write(&m.g, &m.c[cpu], SGI_FRAME + 0x80, 4, word);
	else
		vgic_write(&m.g, NULL, 0x80 + intid / 32 * 4, 4, word);
	ghost(cpu, intid)->group1 = group1;
}

static void set_priority(u32 cpu, u32 intid, u8 priority)
{
	if (intid < 32)
		vgic_write(&m.g, &m.c[cpu], SGI_FRAME + 0x400 + intid, 1, priority);
	else
		vgic_write(&m.g, NULL, 0x400 + intid, 1, priority);
	ghost(cpu, intid)->priority = priority & 0xf8;
}

static void set_route(u32 intid, u64 irouter)
{
	vgic_write(&m.g, NULL, 0x6000 + 8 * intid, 8, irouter);
	m.spi[intid].irouter = irouter;
	ghost_route();
}

/* Registers that need the vCPUs held; the guest meddles with active state where that is defined. */
static void guest_writes_held(u32 cpu, u32 intid)
{
	struct ghost *o = ghost(cpu, intid);
	bool active_too = m.c[0].nr_lrs >= NR_INTIDS;

	hold_all();
	switch (pick(active_too ? 5 : 3)) {
	case 0:
		write_irq(cpu, intid, 0x180, 1);
		o->enabled = false;
		break;
	case 1:
		write_irq(cpu, intid, 0x200, 1);
		o->latch = o->owed = true;
		break;
	case 2:
		write_irq(cpu, intid, 0x280, 1);
		o->latch = o->owed = false;
		break;
	case 3:
		if (!o->active)
			o->active_on = intid < 32 ? cpu : o->target;
		write_irq(cpu, intid, 0x300, 1);
		o->active = true;
		break;
	case 4:
		write_irq(cpu, intid, 0x380, 1);
		o->active = false;
		break;
	}
	release_all();
}

static void guest_writes(u32 cpu, u32 intid)
{
	static const u64 routes[] = {0, 1, 0x100, BIT(31), 0x5500};
	struct ghost *o = ghost(cpu, intid);

	switch (pick(10)) {
	default:
		write_irq(cpu, intid, 0x100, 1);
		o->enabled = true;
		break;
	case 1:
		/* EOIcount knows only nesting by priority: not while it is active. */
		if (!o->active)
			set_priority(cpu, intid, (u8)pick(256));
		break;
	case 2:
		set_group(cpu, intid, pick(2));
		break;
	case 3:
		if (intid >= 32)
			set_route(intid, routes[pick(ARRAY_SIZE(routes))]);
		break;
	case 4:
		m.group0 = pick(8);
		m.group1 = pick(8);
		vgic_write(&m.g, NULL, 0, 4, m.group0 | m.group1 << 1);
		break;
	case 5:
		vgic_write(&m.g, &m.c[cpu], 0x14, 4, pick(3) ? 0 : 2);
		ghost_route();
		break;
	}
}

static void guest_sends_sgi(u32 cpu)
{
	static const u8 sgis[] = {0, 1, 15};
	u32 intid = sgis[pick(3)], to = pick(NR_CPUS + 1);
	u64 value = to == NR_CPUS ? BIT(40) : to == 2 ? 1 << 16 | 1 : 1ULL << to;

	vgic_send_sgi(&m.c[cpu], value | intid << 24, true);
	for (u32 i = 0; i < NR_CPUS; i++)
		if (to == NR_CPUS ? i != cpu : i == to)
			ghost(i, intid)->latch = ghost(i, intid)->owed = true;
}

static void device_acts(u32 cpu, u32 intid)
{
	struct ghost *o = ghost(cpu, intid);
	struct vgic_cpu *c = intid < 32 ? &m.c[cpu] : NULL;

	if (is_timer(intid)) {
		o->line = pick(3);
		set_timer(cpu, intid, o->line);
	} else if (intid >= 16 && o->edge) {
		vgic_set_line(&m.g, c, intid, true);
		vgic_set_line(&m.g, c, intid, false);
		o->latch = o->owed = true;
	} else if (intid >= 16) {
		o->line = pick(2);
		vgic_set_line(&m.g, c, intid, o->line);
	}
}

static u32 read_bit(u32 cpu, u32 intid, u32 offset)
{
	u64 value = 0;

	if (intid < 32)
		vgic_access(&m.g, &m.c[cpu], SGI_FRAME + offset, 4, false, &value);
	else
		vgic_access(&m.g, NULL, offset + intid / 32 * 4, 4, false, &value);
	return value >> intid % 32 & 1;
}

/* All state, as a guest reads it, is the ghost's; and what is held of the timers is what we say. */
static void compare_all(void)
{
	hold_all();
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		bool deliverable = false;

		for (u32 i = 0; i < NR_INTIDS; i++) {
			u32 intid = intids[i];
			const struct ghost *o = ghost(cpu, intid);

			assert_int_equal(read_bit(cpu, intid, 0x80), o->group1);
			assert_int_equal(read_bit(cpu, intid, 0x100), o->enabled);
			assert_int_equal(read_bit(cpu, intid, 0x300), o->active);
			if (!is_timer(intid) || !o->active)
				assert_int_equal(read_bit(cpu, intid, 0x200), ghost_pending(o));
			deliverable |= ghost_deliverable(cpu, intid);
		}
		for (u32 t = 0; t < 2; t++)
			assert_int_equal(m.c[cpu].irq[t ? 30 : 27].line, m.sim[cpu].phys[t].active);
		assert_int_equal(vgic_has_pending(&m.c[cpu]), deliverable);
	}
	release_all();
}

static void step(void)
{
	u32 cpu = pick(NR_CPUS), intid = intids[pick(NR_INTIDS)], what = pick(100);

	if (what < 25)
		guest_takes(cpu);
	else if (what < 42)
		guest_ends(cpu);
	else if (what < 55)
		guest_ends_dropped(cpu);
	else if (what < 75)
		device_acts(cpu, intid);
	else if (what < 85)
		guest_sends_sgi(cpu);
	else if (what < 92)
		guest_writes(cpu, intid);
	else if (what < 97)
		guest_writes_held(cpu, intid);
	else if (m.in_step)
		compare_all();
}

/* What a guest made active by ISACTIVER, it ends by ICACTIVER; only where it did that at all. */
static void deactivate_all(void)
{
	hold_all();
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		for (u32 i = 0; i < NR_INTIDS; i++) {
			write_irq(cpu, intids[i], 0x380, 1);
			ghost(cpu, intids[i])->active = false;
		}
	}
	release_all();
}

/* Everything enabled and routed, and every handler run to its end. */
static void drain(void)
{
	bool again = true;

	vgic_write(&m.g, NULL, 0, 4, 3);
	m.group0 = m.group1 = true;
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		for (u32 i = 0; i < NR_INTIDS; i++) {
			write_irq(cpu, intids[i], 0x100, 1);
			ghost(cpu, intids[i])->enabled = true;
			if (intids[i] >= 32)
				set_route(intids[i], 0);
		}
	}
	if (m.c[0].nr_lrs >= NR_INTIDS)
		deactivate_all();
	settle(true);
	for (u32 rounds = 0; again; rounds++) {
		assert_true(rounds < 2000);
		again = false;
		for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
			bool took = guest_takes(cpu);

			settle(true);
			again |= took || guest_ends(cpu) || guest_ends_dropped(cpu);
			settle(true);
		}
	}
}

static void expect_quiet(void)
{
	hold_all();
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		for (u32 i = 0; i < NR_INTIDS; i++) {
			assert_false(ghost(cpu, intids[i])->owed);
			assert_int_equal(read_bit(cpu, intids[i], 0x200), 0);
			assert_int_equal(read_bit(cpu, intids[i], 0x300), 0);
		}
		for (u32 t = 0; t < 2; t++)
			assert_false(m.sim[cpu].phys[t].active);
	}
	release_all();
}

static void start(u32 nr_lrs)
{
	memset(&m, 0, sizeof(m));
	vgic_deactivate_phys = deactivate_phys;
	m.g.kick = kick;
	m.g.nr_cpus = NR_CPUS;
	for (u32 i = 0; i < NR_CPUS; i++) {
		m.g.cpu[i] = &m.c[i];
		m.c[i] = (struct vgic_cpu){
			.vgic = &m.g, .index = i, .mpidr = i == 2 ? 0x100 : i, .nr_lrs = nr_lrs};
		for (u32 t = 0; t < 2; t++)
			m.c[i].irq[t ? 30 : 27] =
				(struct vgic_irq){.hw = true, .phys = PHYS(t ? 30 : 27)};
	}
	vgic_reset(&m.g);
	for (u32 i = 0; i < NR_CPUS; i++) {
		vgic_write(&m.g, &m.c[i], SGI_FRAME + 0xc04, 4, 2 << 2 * (21 - 16));
		for (u32 j = 0; j < 16; j++)
			m.private[i][j].edge = true;
		m.private[i][21].edge = true;
	}
	vgic_write(&m.g, NULL, 0xc08, 4, 0xa); /* 32 and 33 */
	m.spi[32].edge = m.spi[33].edge = true;
	vgic_write(&m.g, NULL, 0, 4, 3);
	m.group0 = m.group1 = true;
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		for (u32 i = 0; i < NR_INTIDS; i++) {
			write_irq(cpu, intids[i], 0x100, 1);
			ghost(cpu, intids[i])->enabled = true;
			set_priority(cpu, intids[i], (u8)pick(256));
		}
	}
	release_all();
}

static void run(u32 nr_lrs, unsigned int seed, bool in_step)
{
	srand(seed);
	start(nr_lrs);
	m.in_step = in_step;
	m.split = seed % 2;
	print_message("seed %u, %u list registers, EOImode %u, %s: ", seed, nr_lrs, m.split,
		      in_step ? "in step" : "out of step");
	for (u32 i = 0; i < NR_STEPS; i++) {
		step();
		settle(in_step);
	}
	drain();
	expect_quiet();
	print_message("%u taken, %u overflows\n", m.nr_taken, m.nr_overflows);
	assert_true(m.nr_taken > NR_STEPS / 50);
	assert_true(nr_lrs >= NR_INTIDS ? !m.nr_overflows : m.nr_overflows > 50);
}

static void test_in_step(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		run(1, seed, true);
		run(4, seed, true);
		run(16, seed, true);
	}
}

static void test_out_of_step(void **state)
{
	(void)state;
	for (unsigned int seed = 101; seed <= 120; seed++) {
		run(1, seed, false);
		run(4, seed, false);
		run(16, seed, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_step),
		cmocka_unit_test(test_out_of_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
