/* SPDX-License-Identifier: Apache-2.0 */
/* The fake platform keeps books as a host would. */
#include <platform/fake.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "host/host.h"

#define VA 0x400000ull
#define PG 0x1000ull

static struct platform *g_p;
static struct platform_file *g_pf;
static struct aspace *g_as;
static int g_fd;

static int setup(void **state)
{
	g_fd = host_memfd_create("fake", 0);
	if (g_fd < 0 || host_ftruncate(g_fd, 16 * PG) < 0 || fake_platform_new(&g_p) < 0 ||
	    g_p->ops->file_new(g_p, g_fd, &g_pf) < 0 || g_p->ops->aspace_new(g_p, &g_as) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	g_p->ops->file_put(g_pf);
	g_p->ops->aspace_free(g_as);
	assert_int_equal(fake_nr_files(g_p), 0);
	assert_int_equal(fake_nr_aspaces(g_p), 0);
	g_p->ops->close(g_p);
	return host_close(g_fd);
}

static void neighbours_merge_and_fixed_maps_replace(void **state)
{
	const struct platform_ops *o = g_p->ops;
	struct fake_map m;

	assert_int_equal(o->map(g_as, VA, 2 * PG, g_pf, 0, PF_PROT_READ, 0), 0);
	assert_int_equal(o->map(g_as, VA + 2 * PG, 2 * PG, g_pf, 2 * PG, PF_PROT_READ, 0), 0);
	assert_int_equal(fake_nr_maps(g_as), 1);
	assert_int_equal(o->map(g_as, VA + PG, PG, g_pf, 8 * PG, PF_PROT_READ | PF_PROT_WRITE, 0),
			 0);
	assert_int_equal(fake_nr_maps(g_as), 3);
	assert_true(fake_map_find(g_as, VA + 2 * PG, &m));
	assert_int_equal(m.off, 2 * PG);
	assert_int_equal(m.start, VA + 2 * PG);
	assert_int_equal(o->protect(g_as, VA, PG, PF_PROT_EXEC), 0);
	assert_false(fake_faults(g_as, VA, GA_EXEC));
	assert_true(fake_faults(g_as, VA, GA_READ));
	assert_int_equal(o->unmap(g_as, VA, PG), 0);
	assert_int_equal(o->protect(g_as, VA, 2 * PG, PF_PROT_READ), -ENOMEM);
	assert_int_equal(fake_nr_maps(g_as), 2);
	assert_int_equal(o->map(g_as, VA + 1, PG, g_pf, 0, 1, 0), -EINVAL);
	assert_int_equal(o->map(g_as, VA, PG, g_pf, 0, PF_PROT_WRITE, PF_MAP_PRIVATE), -EINVAL);
}

static void its_cpu_reads_and_writes_the_file(void **state)
{
	const struct platform_ops *o = g_p->ops;
	char buf[4] = "";
	uaddr_t fault = 0;
	bool bus = false;

	assert_int_equal(o->map(g_as, VA, PG, g_pf, 15 * PG, PF_PROT_READ | PF_PROT_WRITE, 0), 0);
	assert_int_equal(fake_write(g_as, VA + PG - 2, "abcd", 4, &fault, &bus), 2);
	assert_int_equal(fault, VA + PG);
	assert_false(bus);
	assert_int_equal(host_pread(g_fd, buf, 2, 16 * PG - 2), 2);
	assert_memory_equal(buf, "ab", 2);
	assert_int_equal(host_ftruncate(g_fd, 15 * PG), 0);
	assert_int_equal(fake_read(g_as, VA, buf, 1, &fault, &bus), 0);
	assert_true(bus);
}

static void scripts_play_in_order_and_kicks_win(void **state)
{
	const struct platform_ops *o = g_p->ops;
	struct gthread *th;
	struct guest_event ev;
	struct regs r;

	assert_int_equal(o->thread_new(g_as, &th), 0);
	regs_init_user(&r, 0x1000, 0x2000);
	assert_int_equal(fake_push_syscall(g_p, 39, (uint64_t[6]){ 7, 8 }), 0);
	assert_int_equal(fake_push_fault(g_p, 0x5000, GA_WRITE), 0);
	o->kick(th);
	assert_int_equal(o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_KICKED);
	assert_int_equal(o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_SYSCALL);
	assert_int_equal(regs_sysno(&r), 39);
	assert_int_equal(regs_arg(&r, 1), 8);
	assert_int_equal(regs_sp(&r), 0x2000);
	assert_int_equal(o->run(th, &r, &ev), 0);
	assert_int_equal(ev.kind, GE_FAULT);
	assert_int_equal(ev.addr, 0x5000);
	fake_set_idle_wait(g_p, false);
	assert_int_equal(o->run(th, &r, &ev), -ESRCH);
	o->thread_free(th);
}

static void trouble_comes_when_asked_for(void **state)
{
	const struct platform_ops *o = g_p->ops;
	int status = 0;

	fake_fail_maps(g_as, 1, 1, -ENOMEM);
	assert_int_equal(o->map(g_as, VA, PG, g_pf, 0, 1, 0), 0);
	assert_int_equal(o->map(g_as, VA + 4 * PG, PG, g_pf, 0, 1, 0), -ENOMEM);
	assert_int_equal(o->map(g_as, VA + 4 * PG, PG, g_pf, 0, 1, 0), 0);
	fake_set_max_maps(g_as, 2);
	assert_int_equal(o->map(g_as, VA + 8 * PG, PG, g_pf, 0, 1, 0), -ENOMEM);
	assert_int_equal(fake_nr_maps(g_as), 2);
	assert_false(o->aspace_dead(g_as, &status));
	fake_kill(g_as, 9);
	assert_true(o->aspace_dead(g_as, &status));
	assert_int_equal(status, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(neighbours_merge_and_fixed_maps_replace, setup,
						teardown),
		cmocka_unit_test_setup_teardown(its_cpu_reads_and_writes_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(scripts_play_in_order_and_kicks_win, setup,
						teardown),
		cmocka_unit_test_setup_teardown(trouble_comes_when_asked_for, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
