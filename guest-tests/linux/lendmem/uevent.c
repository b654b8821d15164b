// SPDX-License-Identifier: GPL-2.0
#include <linux/kobject.h>
#include <linux/slab.h>

#include "lendmem.h"

/* NULL without memory: nobody is told then, and the truth is in sysfs. */
struct kobj_uevent_env *lendmem_uevent_new(const char *name)
{
	struct kobj_uevent_env *env = kzalloc(sizeof(*env), GFP_KERNEL);

	if (env)
		add_uevent_var(env, "LEND_EVENT=%s", name);
	return env;
}

void lendmem_uevent_send(struct lendmem *lm, struct kobj_uevent_env *env)
{
	kobject_uevent_env(&lm->dev->kobj, KOBJ_CHANGE, env->envp);
	kfree(env);
}
