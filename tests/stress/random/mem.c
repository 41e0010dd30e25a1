/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random calls on memory, inside an arena at a fixed address, and touches of it that report the
 * signal they cause.
 */
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096UL

static sigjmp_buf g_back;
static volatile sig_atomic_t g_sig, g_code;
static volatile uintptr_t g_addr;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
	g_sig = sig;
	g_code = si->si_code;
	g_addr = (uintptr_t)si->si_addr;
	siglongjmp(g_back, 1);
}

void mem_start(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	mmap(ARENA, ARENA_PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static unsigned int rnd_page(void)
{
	return rnd(ARENA_PAGES);
}

static unsigned long rnd_pages(unsigned int from)
{
	return 1 + rnd(ARENA_PAGES - from < 8 ? ARENA_PAGES - from : 8);
}

static int rnd_prot(void)
{
	static const int prots[] = { PROT_NONE,
				     PROT_READ,
				     PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_WRITE,
				     PROT_WRITE,
				     PROT_READ | PROT_EXEC };

	return once_in(40) ? 0x10000 : PICK(prots);
}

/* The result of a mapping call, as an offset in the arena. */
static void result_map(void *p)
{
	if (p == MAP_FAILED)
		result(-1);
	else if ((char *)p >= ARENA && (char *)p < ARENA + ARENA_PAGES * PAGE)
		printf(" = page %zu\n", (size_t)((char *)p - ARENA) / PAGE);
	else
		printf(" = elsewhere\n");
}

static void op_mmap(void)
{
	unsigned int page = rnd_page();
	size_t len = rnd_pages(page) * PAGE - (once_in(4) ? rnd(PAGE) : 0);
	int prot = rnd_prot();
	int flags = (once_in(3) ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS;
	char *addr = ARENA + page * PAGE;

	flags |= once_in(6) ? MAP_FIXED_NOREPLACE : MAP_FIXED;
	if (once_in(25))
		len = 0;
	if (once_in(25))
		addr++;
	if (once_in(30))
		flags &= ~(MAP_SHARED | MAP_PRIVATE);
	call("(page %u%s, %zu, %d, %#x)", page, (uintptr_t)addr % PAGE ? "+1" : "", len, prot,
	     (unsigned int)flags);
	result_map(mmap(addr, len, prot, flags, -1, 0));
}

/* Makes pages that can be written to the process's own. */
static void own_pages(unsigned int page, size_t nr)
{
	for (volatile size_t i = 0; i < nr; i++) {
		volatile char *p = ARENA + (page + i) * PAGE;

		if (sigsetjmp(g_back, 1) == 0)
			*p = *p;
	}
}

static void op_mmap_file(void)
{
	struct stat st;
	unsigned int page = rnd_page();
	size_t len = rnd_pages(page) * PAGE;
	int prot = rnd_prot(), flags = (once_in(2) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED,
	    fd = rnd_fd();
	off_t off = (off_t)(rnd(3) * PAGE) + (once_in(20) ? 5 : 0);

	/*
	 * Mapping a socket fails, but only after what was there is gone: nobody wants that copied.
	 */
	if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
		fd = -1;
	call("(page %u, %zu, %d, %#x, %d, %ld)", page, len, prot, (unsigned int)flags, fd,
	     (long)off);
	result_map(mmap(ARENA + page * PAGE, len, prot, flags, fd, off));
	/* Whether a private page not yet written to follows the file is nobody's promise. */
	if ((flags & MAP_PRIVATE) && (prot & PROT_WRITE))
		own_pages(page, len / PAGE);
}

static void op_munmap(void)
{
	unsigned int page = rnd_page();
	size_t len = once_in(20) ? 0 : rnd_pages(page) * PAGE;
	char *addr = ARENA + page * PAGE + once_in(25);

	call("(page %u, %zu)", page, len);
	result(munmap(addr, len));
}

static void op_mprotect(void)
{
	unsigned int page = rnd_page();
	size_t len = once_in(20) ? 0 : rnd_pages(page) * PAGE;
	int prot = rnd_prot();

	call("(page %u, %zu, %d)", page, len, prot);
	result(mprotect(ARENA + page * PAGE, len, prot));
}

static void op_mremap(void)
{
	unsigned int page = rnd_page(), to = rnd_page();
	size_t old = rnd_pages(page) * PAGE, new = rnd_pages(to) * PAGE;
	int flags = once_in(3) ? 0 : MREMAP_MAYMOVE | MREMAP_FIXED;

	if (old == new)
		old = new = PAGE; /* Linux 6.17 moves several mappings at once */
	if (once_in(15))
		old = 0;
	if (once_in(25))
		flags = 64;
	call("(page %u, %zu, %zu, %#x, page %u)", page, old, new, (unsigned int)flags, to);
	result_map(mremap(ARENA + page * PAGE, old, new, flags, ARENA + to * PAGE));
}

static void op_madvise(void)
{
	static const int advices[] = { MADV_DONTNEED, MADV_DONTNEED, MADV_NORMAL,
				       MADV_WILLNEED, MADV_RANDOM,   9999 };
	unsigned int page = rnd_page();
	size_t len = rnd_pages(page) * PAGE;
	int advice = PICK(advices);

	call("(page %u, %zu, %d)", page, len, advice);
	result(madvise(ARENA + page * PAGE, len, advice));
}

static void op_msync(void)
{
	static const int flags[] = { MS_SYNC, MS_ASYNC, MS_SYNC | MS_INVALIDATE, MS_SYNC | MS_ASYNC,
				     64 };
	unsigned int page = rnd_page();
	size_t len = rnd_pages(page) * PAGE;
	int flag = PICK(flags);

	call("(page %u, %zu, %d)", page, len, flag);
	result(msync(ARENA + page * PAGE, len, flag));
}

static void op_touch(void)
{
	unsigned int at = rnd(ARENA_PAGES * PAGE), value = rnd(256), write = once_in(2);
	volatile char *p = ARENA + at;

	call("(%s page %lu+%lu)", write ? "write" : "read", at / PAGE, at % PAGE);
	if (sigsetjmp(g_back, 1)) {
		/*
		 * A platform may not know that it was a write, which alone decides between these.
		 */
		if (write && (g_sig == SIGBUS || g_code == SEGV_ACCERR))
			printf(" = refused\n");
		else
			printf(" = SIG%s code %d at %#lx\n", sigabbrev_np(g_sig), (int)g_code,
			       (unsigned long)(g_addr - (uintptr_t)ARENA));
		return;
	}
	if (write)
		*p = (char)value;
	value = (unsigned char)*p;
	printf(" = %u\n", value);
}

/* A whole page by the kernel: a call that copies from or to the arena. */
static void op_copy(void)
{
	unsigned int at = rnd(ARENA_PAGES * PAGE);
	size_t len = rnd(3 * PAGE);
	int fd = rnd_fd(), out = once_in(2);
	long ret;

	settle(fd);
	call("(%s fd %d page %lu+%lu, %zu)", out ? "write" : "read", fd, at / PAGE, at % PAGE, len);
	ret = out ? write(fd, ARENA + at, len) : read(fd, ARENA + at, len);
	result(ret);
}

static void op_sum(void)
{
	volatile int readable = 0;

	for (volatile unsigned int page = 0; page < ARENA_PAGES; page++) {
		if (sigsetjmp(g_back, 1))
			continue;
		printf(" %u:%x", page, (unsigned int)hash_buf(ARENA + page * PAGE, PAGE) & 0xffff);
		readable++;
	}
	printf(" = %d pages\n", readable);
}

/* clang-format off */
const struct op mem_ops[] = {
	{ "mmap", op_mmap, 10 }, { "mmap_file", op_mmap_file, 8 }, { "munmap", op_munmap, 4 }, { "mprotect", op_mprotect, 6 },
	{ "mremap", op_mremap, 5 }, { "madvise", op_madvise, 4 }, { "msync", op_msync, 2 }, { "touch", op_touch, 20 },
	{ "copy", op_copy, 8 }, { "sum", op_sum, 3 },
	{ NULL, NULL, 0 },
};
/* clang-format on */
