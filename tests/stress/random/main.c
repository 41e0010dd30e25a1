/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random [FIRST [COUNT [STEPS]]]: runs COUNT sequences of STEPS random system calls, the first with
 * seed FIRST, each in a child of its own and in a directory of its own, and prints what they
 * returned. Run natively and in husk the output must be the same (tests/lib/rundiff.py). To look
 * into one seed: rundiff.py --arg SEED build/tests/stress/random_calls.
 */
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t g_state;
char g_buf[BUF_SIZE] __attribute__((aligned(4096)));

uint32_t rnd(uint32_t n)
{
	g_state ^= g_state << 13;
	g_state ^= g_state >> 7;
	g_state ^= g_state << 17;
	return (uint32_t)((g_state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % n;
}

int once_in(uint32_t n)
{
	return rnd(n) == 0;
}

uint32_t rnd_flags(const uint32_t *flags, size_t nr)
{
	uint32_t v = 0;

	for (size_t i = 0; i < nr; i++) {
		if (once_in(4))
			v |= flags[i];
	}
	return v;
}

void call(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	errno = 0;
}

long result(long ret)
{
	if (ret == -1)
		printf(" = -1 %s\n", errno ? strerrorname_np(errno) : "0");
	else
		printf(" = %ld\n", ret);
	return ret;
}

long result_ok(long ret)
{
	if (ret == -1)
		return result(ret);
	printf(" = ok\n");
	return ret;
}

int rnd_fd(void)
{
	static const int odd[] = { -1, -100, 1000, 0x7fffffff };

	return once_in(25) ? PICK(odd) : 3 + (int)rnd(once_in(3) ? 24 : 8);
}

const char *rnd_name(void)
{
	static char longest[257], too_long[258], deep[4200];
	static const char *const names[] = { "a",       "b",      "c",    "d1", "d2",   "d1/a",
					     "d1/b",    "d2/c",   "l1",   "l2", "d1/l", "d1/d3",
					     "d1/d3/a", "none/a", "a/b",  "p",  "a/",   "./a",
					     "d1/./a",  "d1//b",  "l1/a", "d1/" };
	static const char *const odd[] = { "", ".", longest, too_long, deep, "d1/../b", "l1/" };

	if (!longest[0]) {
		memset(longest, 'n', 255);
		memset(too_long, 'n', 256);
		for (size_t i = 0; i + 1 < sizeof(deep); i++)
			deep[i] = i % 2 ? '/' : '.';
	}
	return once_in(25) ? PICK(odd) : PICK(names);
}

void *rnd_bad_pointer(void)
{
	static const uintptr_t bad[] = { 0,
					 1,
					 8,
					 0xffffffff80000000,
					 0x8000000000000000,
					 0x00007ffffffff000,
					 0xfffffffffffffff0,
					 0x0000800000000000 };

	return (void *)PICK(bad);
}

uint64_t rnd_len(void)
{
	static const uint64_t some[] = { 0,   1,    2,    7,    8,    100,   511,
					 512, 4095, 4096, 4097, 8192, 10000, 16384 };

	return PICK(some);
}

uint64_t hash_buf(const void *buf, size_t size)
{
	const unsigned char *p = buf;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	while (size-- > 0)
		h = (h ^ *p++) * UINT64_C(0x100000001b3);
	return h;
}

void settle(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && lseek(fd, 0, SEEK_CUR) > st.st_size)
		lseek(fd, 0, SEEK_END);
}

void *rnd_buf(void)
{
	if (once_in(30))
		return rnd_bad_pointer();
	for (size_t i = 0; i < BUF_SIZE; i += 64)
		g_buf[i] = (char)rnd(256);
	return g_buf;
}

static const struct op *const families[] = { file_ops, name_ops, mem_ops, sig_ops, proc_ops };

static const struct op *pick_op(void)
{
	static const unsigned int share[] = { 40, 30, 20, 10, 6 };
	uint32_t at = rnd(106), total = 0;
	const struct op *ops;
	size_t f = 0;

	while (at >= share[f])
		at -= share[f++];
	ops = families[f];
	for (size_t i = 0; ops[i].fn; i++)
		total += ops[i].weight;
	at = rnd(total);
	while (at >= ops->weight)
		at -= (ops++)->weight;
	return ops;
}

/*
 * What the sequence has left behind: a call may have done the wrong thing and returned the right
 * one.
 */
static void show_state(void)
{
	struct stat st;

	for (int fd = 3; fd < 64; fd++) {
		if (fstat(fd, &st) != 0)
			continue;
		printf("left %d mode %o", fd, st.st_mode);
		if (S_ISREG(st.st_mode)) {
			ssize_t nr = pread(fd, g_buf, sizeof(g_buf), 0);

			printf(" size %lld links %lu at %lld data %llx", (long long)st.st_size,
			       (unsigned long)st.st_nlink, (long long)lseek(fd, 0, SEEK_CUR),
			       (unsigned long long)hash_buf(g_buf, nr > 0 ? (size_t)nr : 0));
		}
		printf(" flags %#x %d\n", (unsigned int)fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	}
}

static void sequence(uint64_t seed, unsigned int steps)
{
	struct rlimit no_core = { 0, 0 }, files = { 32, 64 };
	int fds[2];

	g_state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < 10; i++)
		rnd(2);
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	/* Something to work on, so that not every call ends in ENOENT or EBADF. */
	if (mkdir("d1", 0755) != 0 || mkdir("d2", 0755) != 0 || symlink("d1", "l1") != 0)
		exit(97);
	open("a", O_RDWR | O_CREAT, 0644);
	open("d1/b", O_RDWR | O_CREAT | O_APPEND, 0644);
	open("d1", O_RDONLY | O_DIRECTORY);
	if (pipe2(fds, O_NONBLOCK) != 0)
		exit(97);
	mem_start();
	sig_start();
	for (unsigned int i = 0; i < steps; i++) {
		const struct op *op = pick_op();

		printf("%u %s", i, op->name);
		op->fn();
	}
	show_state();
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned int steps = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 0) : 300;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	umask(022);
	for (uint64_t seed = first; seed < first + count; seed++) {
		char dir[32];
		int status;
		pid_t pid;

		printf("seed %llu\n", (unsigned long long)seed);
		fflush(stdout);
		snprintf(dir, sizeof(dir), "s%llu", (unsigned long long)seed);
		if (mkdir(dir, 0755) != 0 || (pid = fork()) < 0) {
			perror("start");
			return 1;
		}
		if (pid == 0) {
			if (chdir(dir) != 0)
				_exit(98);
			setvbuf(stdout, NULL, _IOLBF, 1 << 12);
			alarm(60);
			sequence(seed, steps);
			exit(0);
		}
		waitpid(pid, &status, 0);
		printf("seed %llu ended with %#x\n", (unsigned long long)seed,
		       (unsigned int)status);
	}
	return 0;
}
