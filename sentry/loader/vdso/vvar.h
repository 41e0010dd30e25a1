/* SPDX-License-Identifier: Apache-2.0 */
/* The page before the vDSO image: written by the sentry, read by the image in the guest. */
#pragma once

#include <stdint.h>

#define VVAR_SIZE      4096
#define VVAR_NR_CLOCKS 12
/* REALTIME, MONOTONIC, MONOTONIC_RAW, both COARSE, BOOTTIME, TAI */
#define VVAR_CLOCKS 0x8f3u

struct vvar {
	/* the host's functions as this address space can call them; 0: make the system call */
	uint64_t clock_gettime, clock_getres, gettimeofday, time, getcpu;
	uint32_t nr_cpus; /* the guest's CPUs are 0 .. nr_cpus - 1 */
	uint32_t shifted; /* bit n: offset[n] is not zero */
	struct {
		int64_t sec, nsec; /* 0 <= nsec < 10^9; added to what the host says */
	} offset[VVAR_NR_CLOCKS];
};
