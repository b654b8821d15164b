// SPDX-License-Identifier: BSD-2-Clause
/*
 * seed: seeds the kernel's random numbers, with bytes that are always the same. For measurements alone: until it is
 * seeded, the kernel hashes anew for each random number that it needs.
 */
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#define SEED_SIZE 64

int main(void)
{
	struct {
		struct rand_pool_info info;
		char bytes[SEED_SIZE];
	} seed = {.info = {.entropy_count = 8 * SEED_SIZE, .buf_size = SEED_SIZE}};
	int fd = open("/dev/urandom", O_WRONLY);

	memset(seed.bytes, 'x', SEED_SIZE);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &seed)) {
		perror("seed");
		return 1;
	}
	return 0;
}
