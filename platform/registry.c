/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of platforms, in the order in which "auto" tries them. The fake one is never chosen.
 */
#include <platform/platform.h>

#include <string.h>

#include <platform/fake.h>
#include <platform/ptrace.h>
#include <platform/systrap.h>

#define LOG_TAG "platform"
#include "base/compiler.h"
#include "base/log.h"

static const struct platform_ops *const platforms[] = {
	&systrap_platform_ops,
	&ptrace_platform_ops,
	&fake_platform_ops,
};

const struct platform_ops *platform_at(unsigned int n)
{
	return n < ARRAY_SIZE(platforms) ? platforms[n] : NULL;
}

const struct platform_ops *platform_find(const char *name)
{
	bool any = strcmp(name, "auto") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(platforms); i++) {
		const char *why = "";

		if (any && platforms[i] != &fake_platform_ops) {
			if (platforms[i]->probe(&why) == 0) {
				log_info("platform %s", platforms[i]->name);
				return platforms[i];
			}
			log_info("not platform %s: %s", platforms[i]->name, why);
		}
		if (strcmp(platforms[i]->name, name) == 0)
			return platforms[i];
	}
	return NULL;
}
