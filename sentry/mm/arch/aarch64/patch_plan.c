/* SPDX-License-Identifier: Apache-2.0 */
/* arm64: `svc` goes on trapping. No register is free at it, so trampolines need another design. */
#include "mm/patch_plan.h"

bool patch_is_site(const uint8_t *page, unsigned int off)
{
	return false;
}

void patch_plan(const struct patch_ask *ask, struct patch_plan *ret_plan)
{
	*ret_plan = (struct patch_plan){ .kind = PATCH_LEAVE };
}

const char *patch_kind_name(enum patch_kind kind)
{
	return "left";
}
