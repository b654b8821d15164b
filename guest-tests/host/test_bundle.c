/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VM bundles: one that is right, compared whole; then one change at a time, and the line that it is
 * refused with; then damaged bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "dt/bundle.h"
#include "guest-tests/host/fdt_edit.h"

#define NR_CPUS 4
#define IPA_BITS 40

#define ALICE "/configurations/alice"
#define BOB "/configurations/bob"
#define BARE "/configurations/bare" /* its kernel is for 32 bits */

static u8 linux_image[1000], bare_image[300], ramdisk[2000];

static struct value whole(const u8 *data, size_t size)
{
	return (struct value){data, size};
}

static void set_hash(void *fdt, const char *path, const char *algo, struct value data)
{
	struct hash h;
	u8 value[HASH_MAX_SIZE];

	hash_begin(&h, hash_by_name(algo));
	hash_update(&h, data.data, data.size);
	hash_finish(&h, value);
	set(fdt, path, "value", (struct value){value, hash_size(h.algo)});
	set(fdt, path, "algo", (struct value){algo, strlen(algo) + 1});
}

static void set_image(void *fdt, const char *path, const char *type, struct value data)
{
	set(fdt, path, "description", STR("an image"));
	set(fdt, path, "type", (struct value){type, strlen(type) + 1});
	set(fdt, path, "arch", STR("arm64"));
	set(fdt, path, "compression", STR("none"));
	set(fdt, path, "data", data);
}

/* alice owns memory and may lend to bob; bare is a program without the Linux header, for 32 bits. */
static void *bundle(void)
{
	void *fdt = fdt_edit_new();

	for (size_t i = 0; i < sizeof(ramdisk); i++)
		ramdisk[i] = (u8)(i * 3);
	memcpy(linux_image, ramdisk, sizeof(linux_image));
	memcpy(linux_image + 56, "ARM\x64", 4);
	memcpy(bare_image, ramdisk, sizeof(bare_image));
	/* libfdt adds nodes at the front: the last VM comes first here. */
	set(fdt, "/configurations", "default", STR("alice"));
	set(fdt, "/configurations/bare", "kernel", STR("bare"));
	set(fdt, "/configurations/bare", "lendvisor,boot-memory", U64(MIB(2)));
	set(fdt, BOB, "kernel", STR("linux"));
	set(fdt, BOB, "ramdisk", STR("ramdisk"));
	set(fdt, BOB, "lendvisor,boot-memory", U64(MIB(256)));
	set(fdt, BOB, "lendvisor,window", U64(GIB(8), GIB(1)));
	set(fdt, BOB, "lendvisor,mode", STR("dynamic"));
	set(fdt, BOB, "lendvisor,absent", STR("abort"));
	set(fdt, BOB, "lendvisor,on-crash", STR("reset"));
	set(fdt, BOB, "lendvisor,on-revoked", STR("crash"));
	set(fdt, BOB, "lendvisor,min-recall", U64(5000000000));
	set(fdt, BOB, "lendvisor,manager", NOTHING);
	set(fdt, BOB, "lendvisor,scrub-boot-memory", NOTHING);
	set(fdt, ALICE, "description", STR("the lender"));
	set(fdt, ALICE, "kernel", STR("linux"));
	set(fdt, ALICE, "ramdisk", STR("ramdisk"));
	set(fdt, ALICE, "bootargs", STR("console=ttyAMA0 quiet"));
	set(fdt, ALICE, "lendvisor,cpus", U32(2));
	set(fdt, ALICE, "lendvisor,boot-memory", U64(MIB(512)));
	set(fdt, ALICE, "lendvisor,owned-memory", U64(MIB(384)));
	set(fdt, ALICE, "lendvisor,pool-slots", U32(2));
	set(fdt, ALICE, "lendvisor,lend-to", STR("bare\0bob"));

	set(fdt, "/images", NULL, NOTHING);
	set_image(fdt, "/images/ramdisk", "ramdisk", whole(ramdisk, sizeof(ramdisk)));
	set_hash(fdt, "/images/ramdisk/hash-1", "crc32", whole(ramdisk, sizeof(ramdisk)));
	set_hash(fdt, "/images/ramdisk/hash-2", "sha256", whole(ramdisk, sizeof(ramdisk)));
	set_image(fdt, "/images/bare", "kernel", whole(bare_image, sizeof(bare_image)));
	set(fdt, "/images/bare", "arch", STR("arm"));
	set(fdt, "/images/bare", "load", U32(0x40080000));
	set(fdt, "/images/bare", "entry", U64(0x40080004));
	set_hash(fdt, "/images/bare/hash", "crc32", whole(bare_image, sizeof(bare_image)));
	set_image(fdt, "/images/linux", "kernel", whole(linux_image, sizeof(linux_image)));
	drop(fdt, "/images/linux", "compression");
	set_hash(fdt, "/images/linux/hash@1", "sha256", whole(linux_image, sizeof(linux_image)));
	return fdt;
}

static struct bundle_image image_of(const void *fdt, const char *path, bool arm32)
{
	struct bundle_image image = {.node = fdt_path_offset(fdt, path), .arm32 = arm32};
	int len;

	image.data = fdt_getprop(fdt, image.node, "data", &len);
	image.size = (u64)len;
	return image;
}

/* What bundle() has to be read as. Not on the stack: the padding is zero. */
static const struct bundle *expected(const void *fdt)
{
	static struct bundle b;
	struct bundle_vm *alice = &b.vm[0], *bob = &b.vm[1], *bare = &b.vm[2];

	memset(&b, 0, sizeof(b));
	b.block_size = MIB(128);
	b.nr_vms = 3;
	strcpy(alice->name, "alice");
	strcpy(alice->bootargs, "console=ttyAMA0 quiet");
	alice->kernel = image_of(fdt, "/images/linux", false);
	alice->ramdisk = image_of(fdt, "/images/ramdisk", false);
	alice->cpus = 2;
	alice->boot_memory = MIB(512);
	alice->owned_memory = MIB(384);
	alice->pool_slots = alice->quota = 2;
	alice->has_window = true;
	alice->window_base = GIB(4);
	alice->window_size = MIB(640);
	alice->lend_to = 6;
	strcpy(bob->name, "bob");
	bob->kernel = alice->kernel;
	bob->ramdisk = alice->ramdisk;
	bob->cpus = 1;
	bob->boot_memory = MIB(256);
	bob->has_window = true;
	bob->window_base = GIB(8);
	bob->window_size = GIB(1);
	bob->mode = VM_MODE_DYNAMIC;
	bob->min_recall_ns = 5000000000;
	bob->absent_abort = bob->reset_on_crash = true;
	bob->manager = bob->scrub_boot_memory = bob->crash_on_revoked = true;
	strcpy(bare->name, "bare");
	bare->kernel = image_of(fdt, "/images/bare", true);
	bare->kernel.has_load = true;
	bare->kernel.load = 0x40080000;
	bare->kernel.entry = 0x40080004;
	bare->cpus = 1;
	bare->boot_memory = MIB(2);
	return &b;
}

static struct bundle read;
static char why[DT_WHY_SIZE];

/* Reads a copy of exactly the tree's bytes, which the caller frees. */
static void *read_copy(const void *fdt, bool *ok)
{
	size_t size;
	void *copy = fdt_edit_packed(fdt, &size);

	*ok = bundle_read(copy, size, NR_CPUS, IPA_BITS, &read, why);
	return copy;
}

static void must_read(void *fdt)
{
	bool ok;

	free(read_copy(fdt, &ok));
	if (!ok)
		fail_msg("refused: %s", why);
	free(fdt);
}

static void must_refuse(void *fdt, const char *expected_why)
{
	bool ok;

	free(read_copy(fdt, &ok));
	assert_false(ok);
	assert_string_equal(why, expected_why);
	free(fdt);
}

static void a_right_one(void **state)
{
	void *fdt = bundle();
	bool ok;
	void *copy = read_copy(fdt, &ok);

	(void)state;
	if (!ok)
		fail_msg("refused: %s", why);
	assert_memory_equal(&read, expected(copy), sizeof(read));
	free(copy);
	free(fdt);
}

/* Each is one property set, or dropped where there is no value. */
static const struct {
	const char *path, *name;
	char type; /* 's'tring, 'b'ytes of text, 4, 8: numbers; 0: dropped */
	u32 nr;
	const char *text;
	u64 number[2];
	const char *why;
} refusals[] = {
	{ALICE, "lendvisor,cpuz", 4, 1, 0, {2}, ALICE ": lendvisor,cpuz: unknown property"},
	{ALICE, "fdt", 's', 0, "fdt", {0}, ALICE ": fdt: unknown property"},
	{ALICE "/signature-1",
	 "algo",
	 's',
	 0,
	 "x",
	 {0},
	 ALICE ": has a subnode, and none is known"},
	{ALICE, "lendvisor,cpus", 4, 1, 0, {0}, ALICE ": lendvisor,cpus: must not be 0"},
	{ALICE,
	 "lendvisor,cpus",
	 8,
	 1,
	 0,
	 {1},
	 ALICE ": lendvisor,cpus: 8 bytes long, should be 4"},
	{ALICE,
	 "lendvisor,cpus",
	 4,
	 1,
	 0,
	 {5},
	 ALICE ": lendvisor,cpus: 5 asked for, 4 of 4 CPUs are left"},
	{BOB,
	 "lendvisor,cpus",
	 4,
	 1,
	 0,
	 {3},
	 BOB ": lendvisor,cpus: 3 asked for, 2 of 4 CPUs are left"},
	{BOB, "lendvisor,boot-memory", 0, 0, 0, {0}, BOB ": lendvisor,boot-memory: missing"},
	{BOB,
	 "lendvisor,boot-memory",
	 4,
	 1,
	 0,
	 {MIB(128)},
	 BOB ": lendvisor,boot-memory: 4 bytes long, should be 8"},
	{BOB,
	 "lendvisor,boot-memory",
	 8,
	 1,
	 0,
	 {0},
	 BOB ": lendvisor,boot-memory: not a multiple of 2 MiB above 0"},
	{BOB,
	 "lendvisor,boot-memory",
	 8,
	 1,
	 0,
	 {MIB(129)},
	 BOB ": lendvisor,boot-memory: not a multiple of 2 MiB above 0"},
	{BOB,
	 "lendvisor,boot-memory",
	 8,
	 1,
	 0,
	 {MIB(130)},
	 BOB ": lendvisor,boot-memory: not a multiple of 128 MiB, as a VM with a window needs it"},
	{BOB,
	 "lendvisor,boot-memory",
	 8,
	 1,
	 0,
	 {GIB(1023) + MIB(2)},
	 BOB ": lendvisor,boot-memory: ends beyond a VM's addresses"},
	{BOB,
	 "lendvisor,boot-memory",
	 8,
	 1,
	 0,
	 {~0ULL << 21},
	 BOB ": lendvisor,boot-memory: ends beyond a VM's addresses"},
	{ALICE,
	 "lendvisor,owned-memory",
	 8,
	 1,
	 0,
	 {MIB(64)},
	 ALICE ": lendvisor,owned-memory: not a multiple of block-size, 128 MiB"},
	{ALICE,
	 "lendvisor,owned-memory",
	 8,
	 1,
	 0,
	 {~0ULL << 27},
	 ALICE ": lendvisor,owned-memory: more than a VM's addresses"},
	{ALICE,
	 "lendvisor,owned-memory",
	 4,
	 1,
	 0,
	 {0},
	 ALICE ": lendvisor,owned-memory: 4 bytes long, should be 8"},
	{ALICE,
	 "lendvisor,pool-slots",
	 8,
	 1,
	 0,
	 {0},
	 ALICE ": lendvisor,pool-slots: 8 bytes long, should be 4"},
	{ALICE,
	 "lendvisor,pool-slots",
	 4,
	 1,
	 0,
	 {0xffffffff},
	 ALICE ": lendvisor,window: ends beyond a VM's addresses, 0x10000000000"},
	{ALICE,
	 "lendvisor,quota",
	 8,
	 1,
	 0,
	 {1},
	 ALICE ": lendvisor,quota: 8 bytes long, should be 4"},
	{BOB,
	 "lendvisor,window",
	 8,
	 1,
	 0,
	 {GIB(4)},
	 BOB ": lendvisor,window: 8 bytes long, should be 16: base and size, two u64"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {GIB(4) + MIB(2), MIB(128)},
	 BOB ": lendvisor,window: base and size are not multiples of 128 MiB above 0"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {GIB(4), MIB(2)},
	 BOB ": lendvisor,window: base and size are not multiples of 128 MiB above 0"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {GIB(4), 0},
	 BOB ": lendvisor,window: base and size are not multiples of 128 MiB above 0"},
	{ALICE,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {GIB(4), MIB(512)},
	 ALICE ": lendvisor,window: smaller than owned-memory and pool-slots, 640 MiB"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {MIB(128), MIB(128)},
	 BOB ": lendvisor,window: 0x8000000 lies among the devices below 1 GiB"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {0, GIB(2)},
	 BOB ": lendvisor,window: 0x0 lies among the devices below 1 GiB"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {GIB(1) + MIB(128), MIB(128)},
	 BOB ": lendvisor,window: overlaps the boot memory"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {GIB(1023), GIB(2)},
	 BOB ": lendvisor,window: ends beyond a VM's addresses, 0x10000000000"},
	{BOB,
	 "lendvisor,window",
	 8,
	 2,
	 0,
	 {~0ULL << 27, MIB(128)},
	 BOB ": lendvisor,window: ends beyond a VM's addresses, 0x10000000000"},
	{BOB,
	 "lendvisor,mode",
	 's',
	 0,
	 "standbye",
	 {0},
	 BOB ": lendvisor,mode: \"standbye\" is none of its values"},
	{BOB,
	 "lendvisor,mode",
	 'b',
	 0,
	 "standby",
	 {0},
	 BOB ": lendvisor,mode: not one string of printable characters"},
	{BOB,
	 "lendvisor,absent",
	 's',
	 0,
	 "one",
	 {0},
	 BOB ": lendvisor,absent: \"one\" is none of its values"},
	{BOB,
	 "lendvisor,on-crash",
	 's',
	 0,
	 "",
	 {0},
	 BOB ": lendvisor,on-crash: \"\" is none of its values"},
	{BOB,
	 "lendvisor,on-revoked",
	 's',
	 0,
	 "reset",
	 {0},
	 BOB ": lendvisor,on-revoked: \"reset\" is none of its values"},
	{BOB,
	 "lendvisor,min-recall",
	 4,
	 1,
	 0,
	 {1},
	 BOB ": lendvisor,min-recall: 4 bytes long, should be 8"},
	{BOB,
	 "lendvisor,manager",
	 4,
	 1,
	 0,
	 {1},
	 BOB ": lendvisor,manager: is a flag and takes no value"},
	{ALICE,
	 "lendvisor,lend-to",
	 's',
	 0,
	 "carol",
	 {0},
	 ALICE ": lendvisor,lend-to: there is no VM \"carol\""},
	{ALICE,
	 "lendvisor,lend-to",
	 's',
	 0,
	 "",
	 {0},
	 ALICE ": lendvisor,lend-to: there is no VM \"\""},
	{ALICE,
	 "lendvisor,lend-to",
	 's',
	 0,
	 "alice",
	 {0},
	 ALICE ": lendvisor,lend-to: names the VM itself"},
	{ALICE,
	 "lendvisor,lend-to",
	 'b',
	 0,
	 "bob",
	 {0},
	 ALICE ": lendvisor,lend-to: not a list of strings"},
	{ALICE,
	 "lendvisor,lend-to",
	 'b',
	 0,
	 "",
	 {0},
	 ALICE ": lendvisor,lend-to: not a list of strings"},
	{ALICE,
	 "bootargs",
	 'b',
	 0,
	 "quiet",
	 {0},
	 ALICE ": bootargs: not one string of printable characters"},
	{ALICE,
	 "bootargs",
	 's',
	 0,
	 "a\nb",
	 {0},
	 ALICE ": bootargs: not one string of printable characters"},
	{ALICE, "kernel", 0, 0, 0, {0}, ALICE ": kernel: missing"},
	{ALICE, "kernel", 's', 0, "linux-1", {0}, ALICE ": kernel: there is no /images/linux-1"},
	{ALICE,
	 "kernel",
	 's',
	 0,
	 "ramdisk",
	 {0},
	 "/images/ramdisk: type: \"ramdisk\" is not supported here"},
	{ALICE, "ramdisk", 's', 0, "ramdis", {0}, ALICE ": ramdisk: there is no /images/ramdis"},
	{"/images/ramdisk", "type", 0, 0, 0, {0}, "/images/ramdisk: type: missing"},
	{"/images/ramdisk",
	 "arch",
	 's',
	 0,
	 "x86_64",
	 {0},
	 "/images/ramdisk: arch: \"x86_64\" is not supported here"},
	{"/images/linux",
	 "arch",
	 's',
	 0,
	 "arm",
	 {0},
	 "/images/linux: arch: \"arm\", but the data is for arm64"},
	{"/images/ramdisk",
	 "compression",
	 's',
	 0,
	 "gzip",
	 {0},
	 "/images/ramdisk: compression: \"gzip\" is not supported here"},
	{"/images/linux", "data", 0, 0, 0, {0}, "/images/linux: data: missing"},
	{"/images/linux", "data", 'b', 0, "", {0}, "/images/linux: data: empty"},
	{"/images/linux",
	 "data-offset",
	 4,
	 1,
	 0,
	 {0},
	 "/images/linux: data-offset: external data (mkimage -E) is not supported"},
	{"/images/linux",
	 "data-position",
	 4,
	 1,
	 0,
	 {0},
	 "/images/linux: data-position: external data (mkimage -E) is not supported"},
	{"/images/linux",
	 "data-size",
	 4,
	 1,
	 0,
	 {0},
	 "/images/linux: data-size: external data (mkimage -E) is not supported"},
	{"/images/linux/cipher",
	 "algo",
	 's',
	 0,
	 "aes128",
	 {0},
	 "/images/linux/cipher: only hash nodes are supported in an image"},
	{"/images/linux/hashes",
	 "algo",
	 's',
	 0,
	 "crc32",
	 {0},
	 "/images/linux/hashes: only hash nodes are supported in an image"},
	{"/images/ramdisk/hash-2",
	 "algo",
	 's',
	 0,
	 "md5",
	 {0},
	 "/images/ramdisk/hash-2: algo: \"md5\" is not supported (crc32 and sha256 are)"},
	{"/images/ramdisk/hash-2", "algo", 0, 0, 0, {0}, "/images/ramdisk/hash-2: algo: missing"},
	{"/images/ramdisk/hash-2", "value", 0, 0, 0, {0}, "/images/ramdisk/hash-2: value: missing"},
	{"/images/ramdisk/hash-2",
	 "value",
	 4,
	 1,
	 0,
	 {0},
	 "/images/ramdisk/hash-2: value: 4 bytes long, should be 32"},
	{"/images/bare",
	 "load",
	 0,
	 0,
	 0,
	 {0},
	 "/images/bare: without the arm64 Linux header it needs load and entry"},
	{"/images/bare",
	 "entry",
	 0,
	 0,
	 0,
	 {0},
	 "/images/bare: without the arm64 Linux header it needs load and entry"},
	{"/images/bare",
	 "load",
	 8,
	 2,
	 0,
	 {0, 0x40080000},
	 "/images/bare: load: 16 bytes long, should be 8"},
	{"/images/bare",
	 "load",
	 4,
	 1,
	 0,
	 {0x3ffff000},
	 "/images/bare: load: not in the boot memory of bare"},
	{"/images/bare",
	 "load",
	 4,
	 1,
	 0,
	 {0x40200000 - 299},
	 "/images/bare: load: not in the boot memory of bare"},
	{"/images/bare",
	 "load",
	 8,
	 1,
	 0,
	 {~0ULL},
	 "/images/bare: load: not in the boot memory of bare"},
	{"/images/bare",
	 "entry",
	 4,
	 1,
	 0,
	 {0x40080002},
	 "/images/bare: entry: not an instruction inside the image"},
	{"/images/bare",
	 "entry",
	 4,
	 1,
	 0,
	 {0x4007fffc},
	 "/images/bare: entry: not an instruction inside the image"},
	{"/images/bare",
	 "entry",
	 4,
	 1,
	 0,
	 {0x4008012c},
	 "/images/bare: entry: not an instruction inside the image"},
	{"/lendvisor",
	 "block-size",
	 4,
	 1,
	 0,
	 {MIB(2)},
	 "/lendvisor: block-size: 4 bytes long, should be 8"},
	{"/lendvisor",
	 "block-size",
	 8,
	 1,
	 0,
	 {MIB(3)},
	 "/lendvisor: block-size: not a power of two from 2 MiB to 1 GiB"},
	{"/lendvisor",
	 "block-size",
	 8,
	 1,
	 0,
	 {MIB(1)},
	 "/lendvisor: block-size: not a power of two from 2 MiB to 1 GiB"},
	{"/lendvisor",
	 "block-size",
	 8,
	 1,
	 0,
	 {GIB(2)},
	 "/lendvisor: block-size: not a power of two from 2 MiB to 1 GiB"},
	{"/lendvisor",
	 "lendvisor,block-size",
	 8,
	 1,
	 0,
	 {MIB(2)},
	 "/lendvisor: lendvisor,block-size: unknown property"},
	{"/configurations/al.ice",
	 "x",
	 4,
	 1,
	 0,
	 {0},
	 "/configurations/al.ice: a VM's name has letters, digits, '_' and '-' only"},
	{"/configurations/bob@1",
	 "x",
	 4,
	 1,
	 0,
	 {0},
	 "/configurations/bob@1: a VM's name has letters, digits, '_' and '-' only"},
	{"/configurations/a1234567890123456789012345678901",
	 "x",
	 4,
	 1,
	 0,
	 {0},
	 "/configurations/a1234567890123456789012345678901: a VM's name has 1 to 31 characters"},
};

static struct value row_value(size_t row)
{
	const char *text = refusals[row].text;
	u32 cell = (u32)refusals[row].number[0];

	switch (refusals[row].type) {
	case 's':
		return (struct value){text, strlen(text) + 1};
	case 'b':
		return (struct value){text, strlen(text)};
	case 4:
		return fdt_edit_u32(&cell, 4);
	default:
		return fdt_edit_u64(refusals[row].number, refusals[row].nr * 8);
	}
}

static void refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		void *fdt = bundle();

		if (refusals[i].type)
			set(fdt, refusals[i].path, refusals[i].name, row_value(i));
		else
			drop(fdt, refusals[i].path, refusals[i].name);
		must_refuse(fdt, refusals[i].why);
	}
}

static void no_bundle_at_all(void **state)
{
	static const char no_fit[] = "bundle: no FIT image with /configurations (for U-Boot wrap "
				     "it: mkimage -A arm64 -O "
				     "linux -T ramdisk -C none -d vms.itb vms.uimg)";
	static u64 zero[64];
	char cut[64];
	size_t size;
	void *fdt = bundle(), *packed = fdt_edit_packed(fdt, &size);

	(void)state;
	assert_false(bundle_read(zero, sizeof(zero), NR_CPUS, IPA_BITS, &read, why));
	assert_string_equal(why, no_fit);
	assert_false(bundle_read(zero, 3, NR_CPUS, IPA_BITS, &read, why));
	assert_string_equal(why, no_fit);
	assert_false(bundle_read(packed, size - 1, NR_CPUS, IPA_BITS, &read, why));
	snprintf(cut, sizeof(cut), "bundle: cut short: %zu bytes by its header, %zu here", size,
		 size - 1);
	assert_string_equal(why, cut);
	free(packed);
	drop(fdt, "/configurations", NULL);
	must_refuse(fdt, no_fit);
}

/* What takes more than one change, and the changes to structure. */
static void refused_frames(void **state)
{
	char long_args[1025] = "";
	void *fdt;

	(void)state;
	fdt = bundle();
	drop(fdt, "/images", NULL);
	must_refuse(fdt, "bundle: a FIT image without /images");

	fdt = bundle();
	drop(fdt, "/configurations", NULL);
	set(fdt, "/configurations", NULL, NOTHING);
	must_refuse(fdt, "/configurations: no VM");

	fdt = bundle();
	set(fdt, ALICE, "lendvisor,lend-to", STR("bob\0bare\0bob"));
	must_refuse(fdt, ALICE ": lendvisor,lend-to: names \"bob\" twice");

	fdt = bundle();
	memset(long_args, 'x', 1024);
	set(fdt, ALICE, "bootargs", STR(long_args));
	must_refuse(fdt, ALICE ": bootargs: 1024 characters, 1023 are the most");
	fdt = bundle();
	set(fdt, ALICE, "bootargs", whole((u8 *)long_args + 1, 1024));
	must_read(fdt);
	assert_string_equal(read.vm[0].bootargs, long_args + 1);

	fdt = bundle();
	set(fdt, "/lendvisor", NULL, NOTHING);
	set(fdt, "/lendvisor/more", NULL, NOTHING);
	must_refuse(fdt, "/lendvisor: has a subnode, and none is known");

	/* Names that only a tool of one's own can write: the same length, so patched in place. */
	fdt = bundle();
	set(fdt, "/configurations/b0b", "lendvisor,boot-memory", U64(MIB(2)));
	set(fdt, "/configurations/b0b", "kernel", STR("linux"));
	strcpy((char *)fdt_get_name(fdt, fdt_path_offset(fdt, "/configurations/b0b"), NULL), "bob");
	must_refuse(fdt, BOB ": a second VM of this name");
	fdt = bundle();
	set(fdt, ALICE, "lendvisor,modE", STR("dynamic"));
	set(fdt, ALICE, "lendvisor,mode", STR("standby"));
	for (int at = fdt_first_property_offset(fdt, fdt_path_offset(fdt, ALICE)); at >= 0;
	     at = fdt_next_property_offset(fdt, at)) {
		const char *name;

		fdt_getprop_by_offset(fdt, at, &name, NULL);
		if (!strcmp(name, "lendvisor,modE"))
			((char *)name)[strlen(name) - 1] = 'e';
	}
	must_refuse(fdt, ALICE ": lendvisor,mode: stands here twice");
}

/* libfdt's own search would take the image "linux@1" for "linux". */
static void image_names_are_exact(void **state)
{
	void *fdt = bundle();

	(void)state;
	set_image(fdt, "/images/linux@1", "kernel", whole(bare_image, sizeof(bare_image)));
	must_read(fdt);
	assert_int_equal(read.vm[0].kernel.size, sizeof(linux_image));
	fdt = bundle();
	set_image(fdt, "/images/linux@1", "kernel", whole(bare_image, sizeof(bare_image)));
	set(fdt, ALICE, "kernel", STR("linux@1"));
	must_refuse(fdt, "/images/linux@1: no hash node");
}

static void number_of_vms(void **state)
{
	bool ok;

	(void)state;
	for (u32 nr = 16; nr <= 17; nr++) {
		void *fdt = bundle();
		char path[32];
		size_t size;
		void *copy;

		for (u32 i = 3; i < nr; i++) {
			snprintf(path, sizeof(path), "/configurations/vm%u", i);
			set(fdt, path, "kernel", STR("linux"));
			set(fdt, path, "lendvisor,boot-memory", U64(MIB(2)));
		}
		copy = fdt_edit_packed(fdt, &size);
		ok = bundle_read(copy, size, 64, IPA_BITS, &read, why);
		assert_int_equal(ok, nr == 16);
		if (ok)
			assert_int_equal(read.nr_vms, 16);
		else
			assert_string_equal(why, "/configurations/bare: more than 16 VMs");
		free(copy);
		free(fdt);
	}
}

static void windows(void **state)
{
	static const struct {
		u64 block_size, boot_memory, owned_memory;
		u32 pool_slots;
		u64 base, size; /* size 0: no window */
	} rows[] = {
		{MIB(128), MIB(128), 0, 0, 0, 0},
		{MIB(128), MIB(2), 0, 0, 0, 0},
		{MIB(128), MIB(128), MIB(128), 0, GIB(4), MIB(128)},
		{MIB(128), MIB(128), 0, 3, GIB(4), MIB(384)},
		{MIB(128), GIB(3), MIB(128), 0, GIB(4), MIB(128)},
		{MIB(128), GIB(3) + MIB(128), MIB(128), 0, GIB(5), MIB(128)},
		{MIB(128), GIB(6), MIB(128), 0, GIB(7), MIB(128)},
		{MIB(2), MIB(128), MIB(2), 0, GIB(4), MIB(128)},
		{MIB(2), MIB(128), MIB(126), 2, GIB(4), MIB(256)},
		{GIB(1), MIB(128), GIB(2), 1, GIB(4), GIB(3)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *fdt = bundle();

		drop(fdt, BOB, "lendvisor,window");
		drop(fdt, ALICE, "lendvisor,owned-memory");
		set(fdt, "/lendvisor", "block-size", U64(rows[i].block_size));
		set(fdt, BOB, "lendvisor,boot-memory", U64(rows[i].boot_memory));
		set(fdt, BOB, "lendvisor,owned-memory", U64(rows[i].owned_memory));
		set(fdt, BOB, "lendvisor,pool-slots", U32(rows[i].pool_slots));
		set(fdt, BOB, "lendvisor,quota", U32(77));
		must_read(fdt);
		assert_int_equal(read.block_size, rows[i].block_size);
		assert_int_equal(read.vm[1].has_window, rows[i].size != 0);
		assert_int_equal(read.vm[1].window_base, rows[i].base);
		assert_int_equal(read.vm[1].window_size, rows[i].size);
		assert_int_equal(read.vm[1].quota, 77);
	}
}

/* Everything that a 32-bit guest is given lies below 4 GiB. */
static void windows_of_32_bits(void **state)
{
	static const struct {
		u64 block_size, boot_memory, owned_memory, base, size;
		const char *refused;
	} rows[] = {
		{MIB(128), MIB(128), MIB(128), MIB(1152), MIB(128), NULL},
		{MIB(128), GIB(1), MIB(256), GIB(2), MIB(256), NULL},
		{MIB(2), MIB(256), MIB(6), MIB(1280), MIB(128), NULL},
		{GIB(1), MIB(128), GIB(2), GIB(2), GIB(2), NULL},
		{MIB(128), MIB(2944), MIB(128), MIB(3968), MIB(128), NULL},
		{MIB(128), GIB(3), 0, 0, 0, NULL},
		{MIB(128), MIB(2944), MIB(256), 0, 0,
		 BARE ": lendvisor,window: ends beyond a VM's addresses, 0x100000000"},
		{MIB(128), GIB(3), MIB(128), 0, 0,
		 BARE ": lendvisor,window: ends beyond a VM's addresses, 0x100000000"},
		{MIB(128), GIB(3) + MIB(128), 0, 0, 0,
		 BARE ": lendvisor,boot-memory: ends beyond 4 GiB, which is all that a 32-bit "
		      "kernel has"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *fdt = bundle();

		drop(fdt, ALICE, "lendvisor,owned-memory");
		drop(fdt, BOB, "lendvisor,window");
		set(fdt, "/lendvisor", "block-size", U64(rows[i].block_size));
		set(fdt, BARE, "lendvisor,boot-memory", U64(rows[i].boot_memory));
		set(fdt, BARE, "lendvisor,owned-memory", U64(rows[i].owned_memory));
		if (rows[i].refused) {
			must_refuse(fdt, rows[i].refused);
			continue;
		}
		must_read(fdt);
		assert_int_equal(read.vm[2].has_window, rows[i].size != 0);
		assert_int_equal(read.vm[2].window_base, rows[i].base);
		assert_int_equal(read.vm[2].window_size, rows[i].size);
	}
}

/* Steps until there is an answer; counts them. */
static enum bundle_hash_result run_job(const void *fit, size_t step, u32 *nr_steps)
{
	enum bundle_hash_result result = BUNDLE_HASH_MORE;
	struct bundle_hash_job job;

	bundle_hash_begin(&job, fit, &read);
	for (*nr_steps = 0; result == BUNDLE_HASH_MORE; (*nr_steps)++)
		result = bundle_hash_step(&job, step, why);
	return result;
}

static void hashes_match(void **state)
{
	void *fdt = bundle();
	bool ok;
	void *copy = read_copy(fdt, &ok);
	u32 nr_steps;

	(void)state;
	assert_true(ok);
	/* linux once, ramdisk twice, bare once, and the step that finds nothing more */
	assert_int_equal(run_job(copy, 1 << 20, &nr_steps), BUNDLE_HASH_MATCH);
	assert_int_equal(nr_steps, 5);
	assert_int_equal(run_job(copy, 100, &nr_steps), BUNDLE_HASH_MATCH);
	assert_int_equal(nr_steps, 10 + 2 * 20 + 3 + 1);
	assert_int_equal(run_job(copy, 1, &nr_steps), BUNDLE_HASH_MATCH);
	assert_int_equal(nr_steps, 1000 + 2 * 2000 + 300 + 1);
	free(copy);
	free(fdt);
}

static void hashes_do_not_match(void **state)
{
	static const struct {
		const char *image,
			*hash; /* hash: its value is changed, or else the last byte of data */
		const char *why;
	} rows[] = {
		{"/images/linux", NULL,
		 "/images/linux/hash@1: sha256 does not match the image's data"},
		{"/images/bare", NULL, "/images/bare/hash: crc32 does not match the image's data"},
		{NULL, "/images/ramdisk/hash-1",
		 "/images/ramdisk/hash-1: crc32 does not match the image's data"},
		{NULL, "/images/ramdisk/hash-2",
		 "/images/ramdisk/hash-2: sha256 does not match the image's data"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *fdt = bundle(), *copy;
		const char *path = rows[i].image ? rows[i].image : rows[i].hash;
		u32 nr_steps;
		int len;
		u8 *data = (u8 *)fdt_getprop(fdt, fdt_path_offset(fdt, path),
					     rows[i].image ? "data" : "value", &len);
		bool ok;

		data[len - 1] ^= 0x80;
		copy = read_copy(fdt, &ok);
		assert_true(ok);
		assert_int_equal(run_job(copy, 64, &nr_steps), BUNDLE_HASH_MISMATCH);
		assert_string_equal(why, rows[i].why);
		free(copy);
		free(fdt);
	}
}

/* Every cut, and every byte changed to a few values: an answer, and no read past the end. */
static void damaged(void **state)
{
	static const u8 values[] = {0x00, 0x01, 0x40, 0x7f, 0x80, 0xff};
	void *fdt = bundle();
	size_t size;
	u8 *copy;
	bool ok;

	(void)state;
	set(fdt, "/images/linux", "data", whole(linux_image, 64));
	set(fdt, "/images/ramdisk", "data", whole(ramdisk, 8));
	set(fdt, "/images/bare", "data", whole(bare_image, 8));
	copy = fdt_edit_packed(fdt, &size);
	for (size_t cut = 0; cut < size; cut++) {
		u8 *part = malloc(cut);

		memcpy(part, copy, cut);
		assert_false(bundle_read(part, cut, NR_CPUS, IPA_BITS, &read, why));
		free(part);
	}
	for (size_t at = 0; at < size; at++) {
		const u8 was = copy[at];

		for (size_t i = 0; i < sizeof(values); i++) {
			u32 nr_steps;

			copy[at] = values[i];
			ok = bundle_read(copy, size, NR_CPUS, IPA_BITS, &read, why);
			assert_int_equal(ok, !why[0]);
			if (ok)
				run_job(copy, 4096, &nr_steps);
		}
		copy[at] = was;
	}
	free(copy);
	free(fdt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_one),
		cmocka_unit_test(refused_by_name),
		cmocka_unit_test(no_bundle_at_all),
		cmocka_unit_test(refused_frames),
		cmocka_unit_test(image_names_are_exact),
		cmocka_unit_test(number_of_vms),
		cmocka_unit_test(windows),
		cmocka_unit_test(windows_of_32_bits),
		cmocka_unit_test(hashes_match),
		cmocka_unit_test(hashes_do_not_match),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
