/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "device.h"
#include "json.h"
#include "parse.h"
#include "report.h"

static int print_own(bool json)
{
	unsigned long long target, held, wanted;
	int ret;

	ret = device_number("target", &target);
	if (!ret)
		ret = device_number("pool_held", &held);
	if (!ret)
		ret = device_number("wanted", &wanted);
	if (ret)
		return report_error(ret, "target");
	if (json) {
		json_open(NULL, '{');
		json_number("target", target);
		json_number("held", held);
		json_number("wanted", wanted);
		json_close('}');
	} else {
		printf("target %llu, held %llu, wanted %llu\n", target, held, wanted);
	}
	return STATUS_OK;
}

int command_target(int argc, char **argv, const struct options *options)
{
	unsigned long long blocks;
	int ret;

	if (argc == 1)
		return print_own(options->json);
	if (argc == 2)
		return report_usage("target takes PEER and BLOCKS, or neither");
	if (options->json)
		return report_usage("--json is for reading the target");
	if (parse_number(argv[2], &blocks))
		return report_usage("'%s' is not a number", argv[2]);
	if (!*argv[1] || strpbrk(argv[1], " \t\n"))
		return report_usage("'%s' is not a name", argv[1]);
	ret = device_command("target", "%s %llu", argv[1], blocks);
	if (ret)
		return report_error(ret, "set the target of %s to %llu", argv[1], blocks);
	printf("target of %s: %llu\n", argv[1], blocks);
	return STATUS_OK;
}
