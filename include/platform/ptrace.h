/* SPDX-License-Identifier: Apache-2.0 */
/* The ptrace backend, for the registry. */
#pragma once

#include <platform/platform.h>

extern const struct platform_ops ptrace_platform_ops;
