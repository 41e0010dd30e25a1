/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader must know of arm64.
 */
#pragma once

#define LX_ELF_MACHINE	183
#define LX_ELF_PLATFORM	"aarch64"
