/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a row's two numbers is this architecture's; the include path picks the file. */
#pragma once

#define ARCH_NR(x86_64, aarch64) (x86_64)
