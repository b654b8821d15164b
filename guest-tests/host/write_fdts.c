/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_fdts BUNDLE DIR: the device trees that the hypervisor would give this bundle's VMs, by the
 * hypervisor's own code, as DIR/NAME.dtb. For checks by other people's tools.
 */
#include <stdio.h>
#include <stdlib.h>
#include "dt/guest_fdt.h"
#include "hyp/lib/error.h"

#define NR_CPUS 64
#define IPA_BITS 40
#define BUNDLE_MAX_SIZE MIB(1)

static _Alignas(8) u8 fdt[GUEST_FDT_MAX_SIZE];
static struct bundle bundle;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "write_fdts: %s: %s\n", what, why);
	exit(1);
}

/* Stays for good: the bundle points into it. */
static void *read_file(const char *path, size_t *size)
{
	void *data = aligned_alloc(8, BUNDLE_MAX_SIZE);
	FILE *file = fopen(path, "rb");

	if (!data || !file)
		die(path, "cannot be read");
	*size = fread(data, 1, BUNDLE_MAX_SIZE, file);
	fclose(file);
	return data;
}

static void write_file(const char *dir, const char *name, size_t length)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.dtb", dir, name);
	file = fopen(path, "wb");
	if (!file || fwrite(fdt, 1, length, file) != length || fclose(file))
		die(path, "cannot be written");
}

static void serve(void)
{
}

int main(int argc, char **argv)
{
	struct guest_fdt_args args = {.bundle = &bundle, .seed = 1, .serve = serve};
	char why[DT_WHY_SIZE];
	size_t size;
	void *fit;
	int length;

	if (argc != 3)
		die("usage", "write_fdts BUNDLE DIR");
	fit = read_file(argv[1], &size);
	if (!bundle_read(fit, size, NR_CPUS, IPA_BITS, &bundle, why))
		die(argv[1], why);
	for (args.vm = 0; args.vm < bundle.nr_vms; args.vm++) {
		length = guest_fdt_write(fdt, sizeof(fdt), &args);
		if (length < 0)
			die(bundle.vm[args.vm].name, "its device tree does not fit");
		write_file(argv[2], bundle.vm[args.vm].name, (size_t)length);
	}
	free(fit);
	return 0;
}
