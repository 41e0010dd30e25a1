/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ioctl(2): the encoding, and the requests every file knows.
 */
#pragma once

#include <stdint.h>

#define LX_IOC_NONE	0u
#define LX_IOC_WRITE	1u
#define LX_IOC_READ	2u
#define LX_IOC(dir, type, nr, size) \
	(((uint32_t)(dir) << 30) | ((uint32_t)(size) << 16) | ((uint32_t)(type) << 8) | (uint32_t)(nr))
#define LX_IOC_DIR(cmd)		(((cmd) >> 30) & 3)
#define LX_IOC_TYPE(cmd)	(((cmd) >> 8) & 0xff)
#define LX_IOC_NR(cmd)		((cmd) & 0xff)
#define LX_IOC_SIZE(cmd)	(((cmd) >> 16) & 0x3fff)

#define LX_FIONREAD		0x541b
#define LX_FIONBIO		0x5421
#define LX_FIONCLEX		0x5450
#define LX_FIOCLEX		0x5451
#define LX_FIOASYNC		0x5452
#define LX_FIOQSIZE		0x5460
#define LX_FIBMAP		0x1
#define LX_FIGETBSZ		0x2
#define LX_FIFREEZE		0xc0045877
#define LX_FITHAW		0xc0045878
#define LX_FICLONE		0x40049409
#define LX_FICLONERANGE		0x4020940d
#define LX_FIDEDUPERANGE	0xc0189436
#define LX_BLKROSET		0x125d
#define LX_BLKROGET		0x125e
#define LX_BLKGETSIZE		0x1260
#define LX_BLKSSZGET		0x1268
#define LX_BLKBSZGET		0x80081270
#define LX_BLKGETSIZE64		0x80081272
#define LX_BLKFLSBUF		0x1261
#define LX_BLKPBSZGET		0x127b
#define LX_FS_IOC_GETFLAGS	0x80086601
#define LX_FS_IOC_SETFLAGS	0x40086602
#define LX_FS_IOC_GETVERSION	0x80087601
#define LX_FS_IOC_FSGETXATTR	0x801c581f
#define LX_FS_IOC_FSSETXATTR	0x401c5820
#define LX_FS_IOC_GETFSLABEL	0x81009431
#define LX_FS_IOC_FIEMAP	0xc020660b
#define LX_FS_IMMUTABLE_FL	0x10
#define LX_FS_APPEND_FL		0x20
#define LX_FS_NODUMP_FL		0x40
#define LX_FS_NOATIME_FL	0x80
#define LX_FS_EXTENT_FL		0x80000
