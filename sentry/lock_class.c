/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the sentry's lock classes.
 */
#include "lock_class.h"

static const char *const names[] = {
	"UNRANKED",
#define LOCK_CLASS(name, text) #name,
#include "lock_order.def"
#undef LOCK_CLASS
};

const char *lock_class_name(unsigned int lc)
{
	return lc < ARRAY_SIZE(names) ? names[lc] : "?";
}
