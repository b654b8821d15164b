/* SPDX-License-Identifier: BSD-2-Clause */
#include "dt/bootargs.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

#define DEFAULT_STATE "memhp_default_state="

/* What is added for a mode, unless one of two words is there already. */
static const struct {
	enum vm_mode mode;
	const char *added;
	const char *unless[2];
} defaults[] = {
	{VM_MODE_STANDBY, DEFAULT_STATE "offline", {DEFAULT_STATE, DEFAULT_STATE}},
	{VM_MODE_STANDBY, "movable_node", {"movable_node", "memory_hotplug.online_policy="}},
	{VM_MODE_DYNAMIC, DEFAULT_STATE "online_movable", {DEFAULT_STATE, DEFAULT_STATE}},
	{VM_MODE_VIRTIO_MEM, DEFAULT_STATE "online_movable", {DEFAULT_STATE, DEFAULT_STATE}},
};

/* Where the word stands, or the end of the line. */
static const char *find(const char *s, const char *word)
{
	size_t size = strlen(word), len;

	for (; *s; s += s[len] ? len + 1 : len) {
		for (len = 0; s[len] && s[len] != ' '; len++)
			;
		if (len >= size && !strncmp(s, word, size) &&
		    (len == size || word[size - 1] == '='))
			break;
		if (len == 2 && !strncmp(s, "--", 2))
			return s + strlen(s);
	}
	return s;
}

bool bootargs_have(const char *bootargs, const char *word)
{
	return *find(bootargs, word);
}

void bootargs_complete(char bootargs[BOOTARGS_MAX_SIZE], const struct bundle_vm *vm)
{
	const char *given = vm->bootargs;
	const char *rest = find(given, "--");
	size_t len = (size_t)(rest - given);

	memcpy(bootargs, given, len);
	while (len && bootargs[len - 1] == ' ')
		len--;
	for (u32 i = 0; vm->has_window && i < ARRAY_SIZE(defaults); i++)
		if (defaults[i].mode == vm->mode && !bootargs_have(given, defaults[i].unless[0]) &&
		    !bootargs_have(given, defaults[i].unless[1]))
			len += print_format(bootargs + len, BOOTARGS_MAX_SIZE - len, "%s%s",
					    len ? " " : "", defaults[i].added);
	print_format(bootargs + len, BOOTARGS_MAX_SIZE - len, "%s%s", len && *rest ? " " : "",
		     rest);
}
