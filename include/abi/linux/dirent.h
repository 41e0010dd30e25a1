/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getdents(2) records.
 */
#pragma once

#include <stdint.h>

#define LX_DT_UNKNOWN	0
#define LX_DT_FIFO	1
#define LX_DT_CHR	2
#define LX_DT_DIR	4
#define LX_DT_BLK	6
#define LX_DT_REG	8
#define LX_DT_LNK	10
#define LX_DT_SOCK	12
#define LX_DT_WHT	14
struct lx_dirent64 {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
	char d_name[];
};

/* the old form: d_type is the last byte of the record */
struct lx_dirent {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	char d_name[];
};
