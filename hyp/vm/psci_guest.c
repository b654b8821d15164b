/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/vm/psci_guest.h"
#include "hyp/cpu/barrier.h"
#include "hyp/cpu/psci.h"
#include "hyp/lib/string.h"
#include "hyp/vm/guest_memory.h"

#define PSCI_1_1 0x10001
#define MIGRATE_NO_TRUSTED_OS 2

/* CPU_SUSPEND, original format: StateType 16, level 25:24; state 0 is the only one we know. */
#define POWER_STATE_TYPE BIT(16)
#define POWER_STATE_LEVEL (3u << 24)

static struct vcpu *find(struct vm *vm, u64 mpidr)
{
	for (u32 i = 0; i < vm->nr_vcpus; i++)
		if (vm->vcpus[i].gic.state.mpidr == mpidr)
			return &vm->vcpus[i];
	return NULL;
}

/* With nothing to save, every state is standby: wait until the vCPU could take an interrupt. */
static s64 cpu_suspend(struct vcpu *v, const u64 arg[3])
{
	if (arg[0] & ~(u64)(POWER_STATE_TYPE | POWER_STATE_LEVEL))
		return PSCI_INVALID_PARAMETERS;
	while (!vgic_hw_has_pending(&v->gic) && !vcpu_must_stop(v)) {
		wfi();
		masked_begin(MASKED_IDLE, 0);
		cpu_serve_interrupts();
	}
	if (vcpu_must_stop(v))
		vcpu_leave(v);
	return PSCI_SUCCESS;
}

static s64 cpu_off(struct vcpu *v, const u64 arg[3])
{
	(void)arg;
	vcpu_leave(v);
}

/* Of several callers one wins; to the others the vCPU is on already, even if it is still on its way. */
static s64 cpu_on(struct vcpu *v, const u64 arg[3])
{
	struct vm *vm = v->vm;
	struct vcpu *target = find(vm, arg[0]);
	u64 thumb = vm_is_arm32(vm) ? arg[1] & 1 : 0; /* of T32 code, at any halfword */
	bool won;

	if (!target)
		return PSCI_INVALID_PARAMETERS;
	if ((!thumb && arg[1] & 3) || guest_walk(vm, IPA(arg[1])).kind != S2_MEMORY)
		return PSCI_INVALID_ADDRESS;
	spin_lock(&vm->lock);
	won = target->state == VCPU_OFF && vm->state == VM_RUNNING;
	if (won) {
		target->state = VCPU_ON_PENDING;
		target->entry = arg[1];
		memset(target->context, 0, sizeof(target->context));
		target->context[0] = arg[2];
	}
	spin_unlock(&vm->lock);
	if (!won)
		return PSCI_ALREADY_ON;
	cpu_kick(target->cpu);
	return PSCI_SUCCESS;
}

static s64 affinity_info(struct vcpu *v, const u64 arg[3])
{
	static const s64 answer[] = {
		[VCPU_OFF] = PSCI_AFFINITY_OFF,
		[VCPU_ON_PENDING] = PSCI_AFFINITY_ON_PENDING,
		[VCPU_ON] = PSCI_AFFINITY_ON,
	};
	struct vcpu *target = find(v->vm, arg[0]);

	if (!target || arg[1] != 0) /* levels above 0 are optional since PSCI 1.0 */
		return PSCI_INVALID_PARAMETERS;
	return answer[__atomic_load_n(&target->state, __ATOMIC_ACQUIRE)];
}

static s64 system_off(struct vcpu *v, const u64 arg[3])
{
	(void)arg;
	vm_stop(v, false);
}

static s64 system_reset(struct vcpu *v, const u64 arg[3])
{
	(void)arg;
	vm_stop(v, true);
}

static const struct function *find_function(u32 fn);

static s64 features(struct vcpu *v, const u64 arg[3])
{
	if (vm_is_arm32(v->vm) && arg[0] & SMCCC_64BIT)
		return PSCI_NOT_SUPPORTED;
	if ((u32)arg[0] == SMCCC_VERSION || find_function((u32)arg[0]))
		return PSCI_SUCCESS;
	return PSCI_NOT_SUPPORTED;
}

struct function {
	u32 fn;
	bool has_smc64;
	s64 (*handler)(struct vcpu *v, const u64 arg[3]);
	s64 answer; /* without a handler */
};

static const struct function functions[] = {
	{PSCI_VERSION, false, NULL, PSCI_1_1},
	{PSCI_CPU_SUSPEND, true, cpu_suspend, 0},
	{PSCI_CPU_OFF, false, cpu_off, 0},
	{PSCI_CPU_ON, true, cpu_on, 0},
	{PSCI_AFFINITY_INFO, true, affinity_info, 0},
	{PSCI_MIGRATE_INFO_TYPE, false, NULL, MIGRATE_NO_TRUSTED_OS},
	{PSCI_SYSTEM_OFF, false, system_off, 0},
	{PSCI_SYSTEM_RESET, false, system_reset, 0},
	{PSCI_FEATURES, false, features, 0},
};

static const struct function *find_function(u32 fn)
{
	for (u32 i = 0; i < ARRAY_SIZE(functions); i++)
		if (fn == functions[i].fn ||
		    (functions[i].has_smc64 && fn == (functions[i].fn | SMCCC_64BIT)))
			return &functions[i];
	return NULL;
}

void psci_guest_call(struct vcpu *v, u64 x[4])
{
	const struct function *f = find_function((u32)x[0]);
	bool smc64 = x[0] & SMCCC_64BIT;
	u64 arg[3];
	s64 result;

	if (!f) {
		x[0] = (u64)(s64)PSCI_NOT_SUPPORTED;
		return;
	}
	for (u32 i = 0; i < 3; i++)
		arg[i] = smc64 ? x[1 + i] : (u32)x[1 + i];
	result = f->handler ? f->handler(v, arg) : f->answer;
	x[0] = smc64 ? (u64)result : (u32)result;
}
