/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of bundle_read(). All: false with the reason in the node's why. */
#ifndef DT_BUNDLE_PRIVATE_H
#define DT_BUNDLE_PRIVATE_H

#include "dt/bundle.h"
#include "dt/prop.h"

#define BUNDLE "bundle" /* what a refusal calls the tree as a whole */

/* What a VM's values are held against. */
struct bundle_limits {
	struct dt_node images; /* the node /images */
	u64 block_size; /* bytes */
	u64 ipa_end; /* first IPA that stage-2 cannot translate */
};

/* bundle_rows.c: the plain properties of /lendvisor and of a VM's node; no other may be there. */
bool bundle_read_globals(const struct dt_node *node, struct bundle *b);
bool bundle_read_rows(const struct dt_node *node, struct bundle_vm *vm);

/* bundle_vm.c: the node of one VM with its images; all but lend-to, which needs the other VMs. */
bool bundle_read_vm(const struct dt_node *node, const struct bundle_limits *limits,
		    struct bundle_vm *vm);

/* bundle_image.c: the images that a VM's node names; boot_memory is read already. */
bool bundle_read_images(const struct dt_node *node, const struct dt_node *images,
			struct bundle_vm *vm);

/* bundle_image.c: the algorithm and stored value (as long as the algorithm's) of a hash node. */
bool bundle_read_hash_node(const struct dt_node *node, enum hash_algo *algo, const u8 **value);

#endif
