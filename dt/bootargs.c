// SPDX-License-Identifier: BSD-2-Clause
#include "dt/bootargs.h"
#include "hyp/lib/print.h"
#include "hyp/lib/string.h"

/* What is added for a mode, unless one of two words is there already. */
static const struct {
	enum vm_mode mode;
	const char *added;
	const char *unless[2];
} defaults[] = {
	{VM_MODE_STANDBY, "memhp_default_state=offline", {"memhp_default_state="}},
	{VM_MODE_STANDBY, "movable_node", {"movable_node", "memory_hotplug.online_policy="}},
	{VM_MODE_DYNAMIC, "memhp_default_state=online_movable", {"memhp_default_state="}},
	{VM_MODE_VIRTIO_MEM, "memhp_default_state=online_movable", {"memhp_default_state="}},
};

static size_t word_length(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != ' ')
		n++;
	return n;
}

static bool is_word(const char *s, size_t len, const char *word)
{
	const size_t word_len = strlen(word);

	return len >= word_len && !strncmp(s, word, word_len) &&
	       (len == word_len || word[word_len - 1] == '=');
}

/* Where the word stands, or the end of the line. */
static const char *find(const char *bootargs, const char *word)
{
	const char *s = bootargs;

	while (*s) {
		const size_t len = word_length(s);

		if (is_word(s, len, word))
			break;
		if (is_word(s, len, "--"))
			return s + strlen(s);
		s += len;
		while (*s == ' ')
			s++;
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
	for (u32 i = 0; vm->has_window && i < ARRAY_SIZE(defaults); i++) {
		const char *const *unless = defaults[i].unless;

		if (defaults[i].mode != vm->mode || bootargs_have(given, unless[0]) ||
		    (unless[1] && bootargs_have(given, unless[1])))
			continue;
		len += print_format(bootargs + len, BOOTARGS_MAX_SIZE - len, "%s%s", len ? " " : "",
				    defaults[i].added);
	}
	print_format(bootargs + len, BOOTARGS_MAX_SIZE - len, "%s%s", len && *rest ? " " : "",
		     rest);
}
