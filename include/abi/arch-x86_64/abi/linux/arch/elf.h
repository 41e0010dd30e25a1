/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loader must know of x86-64.
 */
#pragma once

#define LX_ELF_MACHINE	62
#define LX_ELF_PLATFORM	"x86_64"
/* HWCAP2 */
#define LX_HWCAP2_RING3MWAIT	0x1
#define LX_HWCAP2_FSGSBASE	0x2
