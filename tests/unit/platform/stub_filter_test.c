/* SPDX-License-Identifier: Apache-2.0 */
/* The two programs of a stub, call by call, in the interpreter. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "base/bits.h"
#include "stub/filter.h"
#include "layout.h"

#define YES  BPF_SECCOMP_ALLOW
#define NO   BPF_SECCOMP_KILL_PROCESS
#define TRAP BPF_SECCOMP_TRAP
#define SF   (MAP_SHARED | MAP_FIXED)

static struct bpf_insn agent[256], thread[256];
static size_t nr_agent, nr_thread;

static int setup(void **state)
{
	int a = stub_filter_agent(agent, ARRAY_SIZE(agent));
	int t = stub_filter_thread(thread, ARRAY_SIZE(thread));

	if (a < 0 || t < 0 || bpf_check(agent, (size_t)a) < 0 || bpf_check(thread, (size_t)t) < 0)
		return -1;
	nr_agent = (size_t)a;
	nr_thread = (size_t)t;
	return 0;
}

static struct bpf_seccomp_data at(uint64_t ip, int nr)
{
	return (struct bpf_seccomp_data){ .nr = nr, .arch = STUB_ARCH_AUDIT, .ip = ip };
}

static uint32_t ask_agent(int nr, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	struct bpf_seccomp_data d = at(STUB_AGENT + 0x100, nr);

	memcpy(d.args, (uint64_t[6]){ a0, a1, a2, a3, a4 }, sizeof(d.args));
	return bpf_run(agent, nr_agent, &d);
}

static void the_agent_has_its_list(void **state)
{
	const uint64_t va = 0x400000, top = STUB_BASE;

	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, SF, 4), YES);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, SF | MAP_POPULATE, 16000), YES);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, MAP_PRIVATE | MAP_FIXED, 4), NO);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, MAP_SHARED, 4), NO);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, SF | MAP_ANONYMOUS, 4), NO);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 8, SF, 4), NO);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, SF, STUB_FD_REPLY), NO);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, SF, STUB_FD_CMD), NO);
	assert_int_equal(ask_agent(SYS_mmap, va, 4096, 7, SF, (uint64_t)-1), NO);
	assert_int_equal(ask_agent(SYS_mmap, top, 4096, 7, SF, 4), NO);
	assert_int_equal(ask_agent(SYS_mmap, STUB_REPLY, 4096, 7, SF, 4), NO);
	assert_int_equal(ask_agent(SYS_mmap, UINT64_MAX - 4095, 4096, 7, SF, 4), NO);
	assert_int_equal(ask_agent(SYS_mmap, top - 4096, 4096, 7, SF, 4), YES);
	assert_int_equal(ask_agent(SYS_munmap, va, 4096, 0, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_munmap, STUB_CMD, 4096, 0, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_mprotect, va, 4096, 5, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_mprotect, va, 4096, 0x01000000, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_mprotect, STUB_AGENT, 4096, 7, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_madvise, va, 4096, MADV_DONTNEED, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_madvise, va, 4096, 100 /* MADV_HWPOISON */, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_clone, STUB_CLONE_THREAD, 0, 0, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_clone, STUB_CLONE_THREAD | 0x10000000, 0, 0, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_clone, 17, 0, 0, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_pwrite64, STUB_FD_REPLY, 0, 4, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_pwrite64, 3, 0, 4, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_futex, 0, 0, 0, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_futex, 0, 1, 0, 0, 0), YES);
	/* it wakes and moves sleepers of the guest, and is none */
	assert_int_equal(ask_agent(SYS_futex, 0, 128, 0, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_futex, 0, 128 + 10, 0, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_futex, 0, 128 + 4, 0, 0, 0), YES);
	assert_int_equal(ask_agent(SYS_futex, 0, 128 + 6, 0, 0, 0), NO);
	assert_int_equal(ask_agent(SYS_seccomp, 1, 0, STUB_FILTER_THREAD, 0, 0), NO);
}

static void everything_else_is_death_for_the_agent(void **state)
{
	for (int nr = 0; nr < 600; nr++) {
		if (nr == SYS_mmap || nr == SYS_munmap || nr == SYS_mprotect || nr == SYS_madvise ||
		    nr == SYS_clone || nr == SYS_futex || nr == SYS_pwrite64)
			continue;
		assert_int_equal(ask_agent(nr, 0, 0, 0, 0, 0), NO);
	}
}

static uint32_t both(uint64_t ip, int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct bpf_seccomp_data d = at(ip, nr);
	uint32_t a, t;

	memcpy(d.args, (uint64_t[6]){ a0, a1, a2 }, sizeof(d.args));
	a = bpf_run(agent, nr_agent, &d);
	t = bpf_run(thread, nr_thread, &d);
	/* the kernel's order: the smaller as a signed action wins */
	return (int32_t)a < (int32_t)t ? a : t;
}

static void a_guest_thread_can_park_and_end(void **state)
{
	const uint64_t ip = STUB_THREAD + 0x20;

	assert_int_equal(both(ip, SYS_futex, 0, 0, 0), YES);
	assert_int_equal(both(ip, SYS_futex, 0, 1, 0), NO);
	assert_int_equal(both(ip, SYS_exit, 0, 0, 0), YES);
	assert_int_equal(both(ip, SYS_exit_group, 0, 0, 0), NO);
	assert_int_equal(both(ip, SYS_futex, 0, 128, 0), NO);
	/* no second filter */
	assert_int_equal(both(ip, SYS_seccomp, 1, 0, STUB_FILTER_THREAD), TRAP);
}

static void a_guest_thread_gets_nothing_elsewhere(void **state)
{
	static const uint64_t places[] = { 0,
					   0x400000,
					   STUB_BASE - 2,
					   STUB_BASE,
					   STUB_BASE + 2,
					   STUB_AGENT,
					   STUB_SETUP + 2,
					   STUB_TABLE,
					   STUB_VDSO + 0x1000,
					   STUB_TOP,
					   0xffffffffff600402ull,
					   UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		for (int nr = -1; nr < 600; nr++)
			assert_int_equal(both(places[i], nr, 0, 0, 0), TRAP);
	}
	/* in the agent's page the calls that the agent may make are not the guest's */
	assert_int_equal(both(STUB_AGENT + 8, SYS_munmap, 0x400000, 4096, 0), TRAP);
	assert_int_equal(both(STUB_AGENT + 8, SYS_execve, 0, 0, 0), NO);
}

static void other_architectures_trap(void **state)
{
	struct bpf_seccomp_data d = at(STUB_AGENT + 8, SYS_munmap);

	d.arch = 0x40000003;
	assert_int_equal(bpf_run(agent, nr_agent, &d), TRAP);
	assert_int_equal(bpf_run(thread, nr_thread, &d), TRAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_agent_has_its_list),
		cmocka_unit_test(everything_else_is_death_for_the_agent),
		cmocka_unit_test(a_guest_thread_can_park_and_end),
		cmocka_unit_test(a_guest_thread_gets_nothing_elsewhere),
		cmocka_unit_test(other_architectures_trap),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
