/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of bundle_read(). All: false with the reason in the node's why. */
#ifndef DT_BUNDLE_PRIVATE_H
#define DT_BUNDLE_PRIVATE_H

#include "dt/bundle.h"
#include "dt/prop.h"

/* What a VM's values are held against. */
struct bundle_limits {
	u64 block_size; /* bytes */
	u64 ipa_end; /* first IPA that stage-2 cannot translate */
};

/* bundle_vm.c: the node of one VM with its images; all but lend-to, which needs the other VMs. */
bool bundle_read_vm(const struct dt_node *node, const struct dt_node *images,
		    const struct bundle_limits *limits, struct bundle_vm *vm);

/* bundle_window.c: has_window, window_base and window_size, from the VM's other values. */
bool bundle_read_window(const struct dt_node *node, const struct bundle_limits *limits,
			struct bundle_vm *vm);

/*
 * bundle_image.c: the image that the property role ("kernel", "ramdisk") of a VM's node names. Its
 * type must be the role too. load and entry are not looked at.
 */
bool bundle_read_image(const struct dt_node *vm, const struct dt_node *images, const char *role,
		       struct bundle_image *image);

/* bundle_image.c: where an image without the Linux header goes: load and entry of its node. */
bool bundle_read_place(const struct dt_node *images, struct bundle_image *image);

/* bundle_image.c: the algorithm and stored value (as long as the algorithm's) of a hash node. */
bool bundle_read_hash_node(const struct dt_node *node, enum hash_algo *algo, const u8 **value);

#endif
