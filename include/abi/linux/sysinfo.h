/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysinfo(2).
 */
#pragma once

#include <stdint.h>

#define LX_SI_LOAD_SHIFT	16
struct lx_sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t totalram;
	uint64_t freeram;
	uint64_t sharedram;
	uint64_t bufferram;
	uint64_t totalswap;
	uint64_t freeswap;
	uint16_t procs;
	uint16_t pad0;
	uint32_t pad1;
	uint64_t totalhigh;
	uint64_t freehigh;
	uint32_t mem_unit;
	uint32_t pad2;
};
