// SPDX-License-Identifier: GPL-2.0
#include <linux/of.h>
#include <linux/string.h>

#include "lendmem.h"

int lendmem_peer_id(struct lendmem *lm, const char *name, u32 *peer)
{
	struct device_node *np;
	const char *label;

	for_each_child_of_node(lm->dev->of_node, np) {
		if (!of_property_read_string(np, "label", &label) && !strcmp(label, name) &&
		    !of_property_read_u32(np, "reg", peer)) {
			of_node_put(np);
			return 0;
		}
	}
	return -ENOENT;
}

const char *lendmem_peer_name(struct lendmem *lm, u32 peer)
{
	struct device_node *np;
	const char *label;
	u32 id;

	for_each_child_of_node(lm->dev->of_node, np) {
		if (!of_property_read_u32(np, "reg", &id) && id == peer &&
		    !of_property_read_string(np, "label", &label)) {
			of_node_put(np);
			return label;
		}
	}
	return NULL;
}
