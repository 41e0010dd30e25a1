/* SPDX-License-Identifier: Apache-2.0 */
/* The systrap backend, for the registry. */
#pragma once

#include <platform/platform.h>

extern const struct platform_ops systrap_platform_ops;
