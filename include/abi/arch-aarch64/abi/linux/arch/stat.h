/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct stat of newfstatat(2) on arm64 (the generic layout).
 */
#pragma once

#include <stdint.h>

struct lx_stat {
	uint64_t st_dev;
	uint64_t st_ino;
	uint32_t st_mode;
	uint32_t st_nlink;
	uint32_t st_uid;
	uint32_t st_gid;
	uint64_t st_rdev;
	uint64_t pad0;
	int64_t st_size;
	int32_t st_blksize;
	int32_t pad1;
	int64_t st_blocks;
	int64_t st_atime_sec;
	uint64_t st_atime_nsec;
	int64_t st_mtime_sec;
	uint64_t st_mtime_nsec;
	int64_t st_ctime_sec;
	uint64_t st_ctime_nsec;
	uint32_t unused[2];
};
