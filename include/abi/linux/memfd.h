/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memfd_create(2), memfd_secret(2).
 */
#pragma once

#define LX_MFD_CLOEXEC		0x1
#define LX_MFD_ALLOW_SEALING	0x2
#define LX_MFD_HUGETLB		0x4
#define LX_MFD_NOEXEC_SEAL	0x8
#define LX_MFD_EXEC		0x10
