/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VM bundle: a FIT image whose configurations are VMs (docs/bundle.md has the table of properties).
 * Everything is checked before it is believed: mkimage hashes image data only, so every property is
 * validated strictly, and an unknown "lendvisor," property is refused by name. Pure.
 */
#ifndef DT_BUNDLE_H
#define DT_BUNDLE_H

#include "dt/hash.h"
#include "dt/platform.h"
#include "hyp/lib/types.h"

#define BUNDLE_MAX_VMS 16
#define BUNDLE_NAME_SIZE 32
#define BUNDLE_BOOTARGS_SIZE 1024

enum vm_mode {
	VM_MODE_STANDBY,
	VM_MODE_DYNAMIC,
	VM_MODE_VIRTIO_MEM,
};

/* As the bundle and the guest's FDT call them; NULL after the last. */
extern const char *const vm_mode_names[];

/* An image inside the bundle. data points into the bundle, 4-byte aligned. */
struct bundle_image {
	int node; /* offset of its node in the FIT */
	const void *data;
	u64 size;
	bool has_load; /* load and entry are meant for images without the Linux header */
	u64 load; /* IPA */
	u64 entry; /* IPA */
	bool arm32; /* arch = "arm" */
};

struct bundle_vm {
	char name[BUNDLE_NAME_SIZE]; /* the configuration's name: [A-Za-z0-9_-]+ */
	struct bundle_image kernel;
	struct bundle_image ramdisk; /* size 0 without one */
	char bootargs[BUNDLE_BOOTARGS_SIZE];
	u32 cpus;
	u64 boot_memory; /* bytes */
	u64 owned_memory; /* bytes, a multiple of the block size */
	u32 pool_slots;
	bool has_window; /* false: the VM gets no lendmem node */
	u64 window_base; /* IPA */
	u64 window_size; /* bytes */
	u32 quota; /* pool blocks */
	enum vm_mode mode;
	u64 min_recall_ns;
	u32 lend_to; /* bit i: may lend to VM i */
	bool manager;
	bool absent_abort; /* lendvisor,absent = "abort" */
	bool reset_on_crash;
	bool crash_on_revoked; /* lendvisor,on-revoked = "crash" */
	bool scrub_boot_memory;
};

struct bundle {
	u64 block_size; /* bytes */
	u32 nr_vms;
	struct bundle_vm vm[BUNDLE_MAX_VMS];
};

/*
 * Reads and checks the bundle of at most size bytes. nr_cpus: the machine's. ipa_bits: of a VM's
 * stage-2. False with one line in why (node and reason) when it is refused; b is then not to be used.
 * RAM is checked by the caller, who knows it.
 */
bool bundle_read(const void *fit, size_t size, u32 nr_cpus, u32 ipa_bits, struct bundle *b,
		 char why[DT_WHY_SIZE]);

/*
 * Every hash node of every image that a VM uses, each image once, checked against the data in steps,
 * so that interrupts can be served in between. hash.h has the algorithms.
 */
struct bundle_hash_job {
	const void *fit;
	const struct bundle *bundle;
	const struct bundle_image *image; /* being checked */
	int node; /* its hash node being checked; negative: none yet */
	struct hash hash;
	u64 done; /* bytes of the image's data hashed so far */
};

enum bundle_hash_result {
	BUNDLE_HASH_MORE, /* call again */
	BUNDLE_HASH_MATCH, /* all is checked, and right */
	BUNDLE_HASH_MISMATCH, /* the reason is in why: the hash node's path */
};

/* fit and b as bundle_read() left them; both have to stay where they are until the end. */
void bundle_hash_begin(struct bundle_hash_job *job, const void *fit, const struct bundle *b);

/* Hashes at most nr bytes more (nr > 0). */
enum bundle_hash_result bundle_hash_step(struct bundle_hash_job *job, size_t nr,
					 char why[DT_WHY_SIZE]);

#endif
