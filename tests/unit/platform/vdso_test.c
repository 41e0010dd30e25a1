/* SPDX-License-Identifier: Apache-2.0 */
/* The host's vDSO is found, moved, and answers guests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guest.h"
#include "host/host.h"
#include "stub/stub.h"

static struct guest_env g;

static int setup(void **state)
{
	return guest_env_open(&g, NULL);
}

static int teardown(void **state)
{
	guest_env_close(&g);
	return 0;
}

/* What /proc says, where there is one. */
static void its_pages_are_those_of_proc(void **state)
{
	uint64_t start, size, lo = 0, hi = 0;
	FILE *f = fopen("/proc/self/maps", "re");
	char line[256];

	if (!f)
		skip();
	while (fgets(line, sizeof(line), f)) {
		unsigned long a, b;

		if (!strstr(line, "[vvar") && !strstr(line, "[vdso]"))
			continue;
		assert_int_equal(sscanf(line, "%lx-%lx", &a, &b), 2);
		if (!lo)
			lo = a;
		hi = b;
	}
	fclose(f);
	assert_int_equal(stub_vdso_find(&start, &size), 0);
	assert_int_equal(start, lo);
	assert_int_equal(start + size, hi);
}

/* clock_gettime(CLOCK_MONOTONIC, stack) called as a function by guest code */
static void a_guest_reads_the_clock_without_a_call(void **state)
{
	uaddr_t ret_to = GUEST_PUT(&g, 0, calls), sp = GUEST_DATA + 0x800;
	struct platform_limits lim;
	struct guest_event ev;
	struct gthread *th;
	struct aspace *as;
	struct regs r;
	uint64_t before, after, ts[2];

	g.o->limits(g.p, &lim);
	assert_true(lim.vdso_clock_gettime > lim.max_addr);
	assert_int_equal(guest_aspace(&g, &as), 0);
	assert_int_equal(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, PAGE_SIZE,
				  PF_PROT_READ | PF_PROT_WRITE, 0),
			 0);
	assert_int_equal(g.o->thread_new(as, &th), 0);
	regs_init_user(&r, lim.vdso_clock_gettime, sp - 8);
	guest_set_return(&g, &r, PAGE_SIZE + 0x800 - 8, ret_to);
	regs_set_arg(&r, 0, HOST_CLOCK_MONOTONIC);
	regs_set_arg(&r, 1, GUEST_DATA + 0x100);
	before = host_now_ns();
	assert_int_equal(g.o->run(th, &r, &ev), 0);
	after = host_now_ns();
	assert_int_equal(ev.kind, GE_SYSCALL);
	/* a call from the test's own code: the vDSO needed none (where the host's clock allows) */
	if (regs_pc(&r) < lim.max_addr) {
		memcpy(ts, g.mem + PAGE_SIZE + 0x100, sizeof(ts));
		assert_true(ts[0] * 1000000000u + ts[1] >= before);
		assert_true(ts[0] * 1000000000u + ts[1] <= after);
	}
	g.o->thread_free(th);
	g.o->aspace_free(as);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_pages_are_those_of_proc),
		cmocka_unit_test(a_guest_reads_the_clock_without_a_call),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
