// SPDX-License-Identifier: BSD-2-Clause
/*
 * mark N [off]: sets mark N (0 to 15) for the plugin that counts (count.c), says so, and with `off` turns the
 * machine off. In a Linux guest; may be its init.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>

#define MARK(n)                                                                                    \
	case n:                                                                                    \
		__asm__ volatile("hint #(112 + " #n ")");                                          \
		break;

int main(int argc, char **argv)
{
	int nr = argc > 1 ? atoi(argv[1]) : -1;

	switch (nr) {
		MARK(0)
		MARK(1)
		MARK(2)
		MARK(3)
		MARK(4)
		MARK(5)
		MARK(6)
		MARK(7)
		MARK(8)
		MARK(9)
		MARK(10)
		MARK(11)
		MARK(12)
		MARK(13)
		MARK(14)
		MARK(15)
	default:
		fprintf(stderr, "usage: mark 0..15 [off]\n");
		return 2;
	}
	printf("mark %d\n", nr);
	fflush(stdout);
	if (argc > 2 && !strcmp(argv[2], "off"))
		return reboot(RB_POWER_OFF);
	return 0;
}
