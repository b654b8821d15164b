/* SPDX-License-Identifier: BSD-2-Clause */
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "hyp/lib/string.h"

/* The image that this node is, if a VM uses it. */
static const struct bundle_image *find_image(const struct bundle *b, int node)
{
	for (const struct bundle_vm *vm = b->vm; vm < b->vm + b->nr_vms; vm++) {
		if (vm->kernel.node == node)
			return &vm->kernel;
		if (vm->ramdisk.size && vm->ramdisk.node == node)
			return &vm->ramdisk;
	}
	return NULL;
}

/* bundle_read() has seen to it that every child of an image's node is a hash node. */
static bool next_node(struct bundle_hash_job *job)
{
	do {
		job->node = fdt_next_node(job->fit, job->node, NULL);
		job->image = find_image(job->bundle, fdt_parent_offset(job->fit, job->node));
	} while (job->node >= 0 && !job->image);
	return job->node >= 0;
}

void bundle_hash_begin(struct bundle_hash_job *job, const void *fit, const struct bundle *b)
{
	*job = (struct bundle_hash_job){.fit = fit, .bundle = b, .node = -1};
}

enum bundle_hash_result bundle_hash_step(struct bundle_hash_job *job, size_t nr,
					 char why[DT_WHY_SIZE])
{
	struct dt_node node = {job->fit, 0, why, BUNDLE};
	u8 found[HASH_MAX_SIZE];
	enum hash_algo algo;
	const u8 *value;

	if (!job->done && !next_node(job))
		return BUNDLE_HASH_MATCH;
	node.offset = job->node;
	if (!bundle_read_hash_node(&node, &algo, &value))
		return BUNDLE_HASH_MISMATCH;
	if (!job->done)
		hash_begin(&job->hash, algo);
	nr = min_u64(nr, job->image->size - job->done);
	hash_update(&job->hash, (const u8 *)job->image->data + job->done, nr);
	job->done += nr;
	if (job->done < job->image->size)
		return BUNDLE_HASH_MORE;
	job->done = 0;
	hash_finish(&job->hash, found);
	if (!memcmp(found, value, hash_size(algo)))
		return BUNDLE_HASH_MORE;
	dt_refuse(&node, "%s does not match the image's data", hash_name(algo));
	return BUNDLE_HASH_MISMATCH;
}
