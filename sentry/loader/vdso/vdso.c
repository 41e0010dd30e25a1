/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vDSO that guests see. It runs in the guest, with the guest's rights, and knows nothing but
 * the page in front of it. The host's own vDSO is kept in every address space, out of the guest's
 * reach to change, so reading a clock is a call of it plus an offset: as exact as the host, never
 * behind what a system call said, and without a trap. Whatever cannot be answered so makes the
 * system call.
 */
#include <stdint.h>

#include "vdso_arch.h"
#include "vvar.h"

#define NSEC_PER_SEC 1000000000ll

struct ts {
	int64_t sec, nsec;
};

struct tv {
	int64_t sec, usec;
};

extern const struct vvar vvar_page __attribute__((visibility("hidden")));

static inline const struct vvar *vvar(void)
{
	return &vvar_page;
}

int vdso_clock_gettime(int clock, struct ts *ts);
int vdso_clock_getres(int clock, struct ts *ts);
int vdso_gettimeofday(struct tv *tv, void *tz);
long vdso_time(int64_t *t);
int vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused);

int vdso_clock_gettime(int clock, struct ts *ts)
{
	const struct vvar *v = vvar();
	int (*host)(int clock, struct ts *ts) = (int (*)(int, struct ts *))v->clock_gettime;
	int ret;

	if ((unsigned int)clock >= VVAR_NR_CLOCKS || !(VVAR_CLOCKS >> clock & 1) || !host)
		return (int)vdso_syscall2(VDSO_NR_CLOCK_GETTIME, clock, (long)ts);
	ret = host(clock, ts);
	if (ret == 0 && (v->shifted >> clock & 1)) {
		ts->sec += v->offset[clock].sec;
		ts->nsec += v->offset[clock].nsec;
		if (ts->nsec >= NSEC_PER_SEC) {
			ts->nsec -= NSEC_PER_SEC;
			ts->sec++;
		}
	}
	return ret;
}

int vdso_clock_getres(int clock, struct ts *ts)
{
	const struct vvar *v = vvar();
	int (*host)(int clock, struct ts *ts) = (int (*)(int, struct ts *))v->clock_getres;

	if ((unsigned int)clock >= VVAR_NR_CLOCKS || !(VVAR_CLOCKS >> clock & 1) || !host)
		return (int)vdso_syscall2(VDSO_NR_CLOCK_GETRES, clock, (long)ts);
	return host(clock, ts);
}

int vdso_gettimeofday(struct tv *tv, void *tz)
{
	const struct vvar *v = vvar();
	int (*host)(struct tv * tv, void *tz) = (int (*)(struct tv *, void *))v->gettimeofday;

	if (!host || (v->shifted & 1))
		return (int)vdso_syscall2(VDSO_NR_GETTIMEOFDAY, (long)tv, (long)tz);
	return host(tv, tz);
}

#ifdef VDSO_NR_TIME
long vdso_time(int64_t *t)
{
	const struct vvar *v = vvar();
	long (*host)(int64_t * t) = (long (*)(int64_t *))v->time;

	if (!host || (v->shifted & 1))
		return vdso_syscall2(VDSO_NR_TIME, (long)t, 0);
	return host(t);
}

int vdso_getcpu(unsigned int *cpu, unsigned int *node, void *unused)
{
	const struct vvar *v = vvar();
	int (*host)(unsigned int *cpu, unsigned int *node, void *unused) =
		(int (*)(unsigned int *, unsigned int *, void *))v->getcpu;
	unsigned int c = 0;
	int ret;

	if (!host)
		return (int)vdso_syscall2(VDSO_NR_GETCPU, (long)cpu, (long)node);
	ret = host(&c, 0, 0);
	if (ret)
		return ret;
	/* one node, and no CPU that the guest does not know of */
	if (cpu)
		*cpu = v->nr_cpus && c >= v->nr_cpus ? c % v->nr_cpus : c;
	if (node)
		*node = 0;
	return 0;
}
#endif

VDSO_EXPORTS
