/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of platforms, in the order in which "auto" tries them.
 */
#include "base/compiler.h"

extern const int platform_registry_placeholder;
const int platform_registry_placeholder;
