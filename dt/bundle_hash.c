// SPDX-License-Identifier: BSD-2-Clause
#include <libfdt.h>
#include "dt/bundle_private.h"
#include "hyp/lib/string.h"

static const struct bundle_image *image_at(const struct bundle_hash_job *job, u32 index)
{
	const struct bundle_vm *vm = &job->bundle->vm[index / 2];

	return index % 2 ? &vm->ramdisk : &vm->kernel;
}

/* No ramdisk, or checked already: VMs share images. */
static bool skip_image(const struct bundle_hash_job *job)
{
	const struct bundle_image *image = image_at(job, job->image);

	if (!image->size)
		return true;
	for (u32 i = 0; i < job->image; i++)
		if (image_at(job, i)->size && image_at(job, i)->node == image->node)
			return true;
	return false;
}

/* bundle_read() has seen to it that every child of an image's node is a hash node. */
static void next_node(struct bundle_hash_job *job)
{
	if (job->node >= 0) {
		job->node = fdt_next_subnode(job->fit, job->node);
		if (job->node < 0)
			job->image++;
	}
	while (job->node < 0 && job->image < 2 * job->bundle->nr_vms) {
		if (skip_image(job))
			job->image++;
		else
			job->node = fdt_first_subnode(job->fit, image_at(job, job->image)->node);
	}
}

static bool compare(struct bundle_hash_job *job, char why[DT_WHY_SIZE])
{
	const struct dt_node node = {job->fit, job->node, why};
	u8 found[HASH_MAX_SIZE];
	enum hash_algo algo;
	const u8 *value;

	if (!bundle_read_hash_node(&node, &algo, &value))
		return false;
	hash_finish(&job->hash, found);
	return !memcmp(found, value, hash_size(algo)) ||
	       dt_refuse(&node, "%s does not match the image's data", hash_name(algo));
}

void bundle_hash_begin(struct bundle_hash_job *job, const void *fit, const struct bundle *b)
{
	memset(job, 0, sizeof(*job));
	job->fit = fit;
	job->bundle = b;
	job->node = -1;
}

enum bundle_hash_result bundle_hash_step(struct bundle_hash_job *job, size_t nr,
					 char why[DT_WHY_SIZE])
{
	const struct bundle_image *image;

	if (!job->done) {
		struct dt_node node = {job->fit, -1, why};
		enum hash_algo algo;
		const u8 *value;

		next_node(job);
		if (job->node < 0)
			return BUNDLE_HASH_MATCH;
		node.offset = job->node;
		if (!bundle_read_hash_node(&node, &algo, &value))
			return BUNDLE_HASH_MISMATCH;
		hash_begin(&job->hash, algo);
	}
	image = image_at(job, job->image);
	nr = min_u64(nr, image->size - job->done);
	hash_update(&job->hash, (const u8 *)image->data + job->done, nr);
	job->done += nr;
	if (job->done < image->size)
		return BUNDLE_HASH_MORE;
	job->done = 0;
	return compare(job, why) ? BUNDLE_HASH_MORE : BUNDLE_HASH_MISMATCH;
}
