/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The random system-call generator: what its operations share. An operation makes one call (or a
 * few that belong together) with arguments drawn from rnd(), and prints arguments and outcome so
 * that two kernels can be compared. It prints nothing that may differ between two runs on Linux.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct op {
	const char *name;
	void (*fn)(void);
	unsigned int weight;
};

extern const struct op file_ops[], name_ops[], mem_ops[], sig_ops[], proc_ops[];

/* A number below n (n > 0) from the seed's sequence. */
uint32_t rnd(uint32_t n);
/* True once in n. */
int once_in(uint32_t n);
#define PICK(array) ((array)[rnd((uint32_t)(sizeof(array) / sizeof((array)[0])))])
/* A random combination of the given flags, each with probability 1 in 4. */
uint32_t rnd_flags(const uint32_t *flags, size_t nr);
#define FLAGS(...)                                                                                 \
	rnd_flags((const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* Prints the arguments of the call about to be made; result() ends the line. */
void call(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* " = ret" or " = -1 ENAME" and the end of the line; returns ret. Reads errno. */
long result(long ret);
/* As result(), for calls whose value differs from run to run. */
long result_ok(long ret);

int rnd_fd(void);           /* 3 and up, sometimes nonsense; never 0 to 2 */
const char *rnd_name(void); /* in the current directory, existing or not, sometimes bad */
void *rnd_bad_pointer(void);
uint64_t rnd_len(void); /* small, page sized, sometimes huge */
uint64_t hash_buf(const void *buf, size_t size);

#define BUF_SIZE 16384
extern char g_buf[BUF_SIZE];
/* g_buf filled with a pattern, or, once in a while, a bad pointer. */
void *rnd_buf(void);

/*
 * Before a write that may fail on its buffer: Linux 6.18 lets such a write behind the end of a file
 * grow it up to there, which older ones do not.
 */
void settle(int fd);

/* The memory operations' arena: a fixed place that no loader uses. */
#define ARENA       ((char *)0x510000000000)
#define ARENA_PAGES 48
void mem_start(void);
void sig_start(void);
