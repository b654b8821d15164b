/* SPDX-License-Identifier: BSD-2-Clause */
/* What is added to a guest's bootargs, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "dt/bootargs.h"

static void defaults(void **state)
{
	static const struct {
		enum vm_mode mode;
		const char *given, *becomes;
	} rows[] = {
		{VM_MODE_STANDBY, "", "memhp_default_state=offline movable_node"},
		{VM_MODE_STANDBY, "quiet  ", "quiet memhp_default_state=offline movable_node"},
		{VM_MODE_STANDBY, "memhp_default_state=online a",
		 "memhp_default_state=online a movable_node"},
		{VM_MODE_STANDBY, "a movable_node", "a movable_node memhp_default_state=offline"},
		{VM_MODE_STANDBY, "memory_hotplug.online_policy=auto-movable",
		 "memory_hotplug.online_policy=auto-movable memhp_default_state=offline"},
		{VM_MODE_STANDBY, "movable_node memhp_default_state=x",
		 "movable_node memhp_default_state=x"},
		{VM_MODE_STANDBY, "movable_nodes xmemhp_default_state=1 memhp_default_state",
		 "movable_nodes xmemhp_default_state=1 memhp_default_state "
		 "memhp_default_state=offline movable_node"},
		{VM_MODE_STANDBY, "a -- movable_node --b",
		 "a memhp_default_state=offline movable_node -- movable_node --b"},
		{VM_MODE_STANDBY, "--", "memhp_default_state=offline movable_node --"},
		{VM_MODE_DYNAMIC, "a", "a memhp_default_state=online_movable"},
		{VM_MODE_DYNAMIC, "memhp_default_state=offline", "memhp_default_state=offline"},
		{VM_MODE_VIRTIO_MEM, " a", " a memhp_default_state=online_movable"},
	};
	struct bundle_vm vm = {.has_window = true};
	char bootargs[BOOTARGS_MAX_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		vm.mode = rows[i].mode;
		strcpy(vm.bootargs, rows[i].given);
		bootargs_complete(bootargs, &vm);
		assert_string_equal(bootargs, rows[i].becomes);
	}
	vm.has_window = false;
	bootargs_complete(bootargs, &vm);
	assert_string_equal(bootargs, " a");
}

static void the_longest_bootargs(void **state)
{
	static const char added[] = " memhp_default_state=offline movable_node";
	struct bundle_vm vm = {.has_window = true};
	char bootargs[BOOTARGS_MAX_SIZE];

	(void)state;
	memset(vm.bootargs, 'x', sizeof(vm.bootargs) - 1);
	bootargs_complete(bootargs, &vm);
	assert_memory_equal(bootargs, vm.bootargs, sizeof(vm.bootargs) - 1);
	assert_string_equal(bootargs + sizeof(vm.bootargs) - 1, added);
	memcpy(vm.bootargs + sizeof(vm.bootargs) - 4, " --", 3);
	bootargs_complete(bootargs, &vm);
	assert_string_equal(bootargs + sizeof(vm.bootargs) - 4,
			    " memhp_default_state=offline movable_node --");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(the_longest_bootargs),
	};

	return cmocka_run_group_tests_name("bootargs", tests, NULL, NULL);
}
