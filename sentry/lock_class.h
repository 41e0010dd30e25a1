/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock classes of lock_order.def as constants LC_<NAME>, and the locks themselves. Sentry code
 * includes this rather than base/lock.h.
 */
#pragma once

#include "base/lock.h"

enum lock_class {
	LC_SENTRY_FIRST = LC_UNRANKED,
#define LOCK_CLASS(name, text) LC_##name,
#include "lock_order.def"
#undef LOCK_CLASS
	LC_SENTRY_END
};

BUILD_ASSERT((int)LC_SENTRY_END < (int)LC_PLATFORM);

/* For messages: "MM_MAPPING". */
const char *lock_class_name(unsigned int lc);
