/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the measuring programs share. Each prints lines "NAME VALUE UNIT", the median of several
 * rounds; each is static and plain, so that the same file runs natively and under any runtime.
 * BENCH_QUICK in the environment: fewer and shorter rounds.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 9

static inline double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static inline int cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static inline double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), cmp_double);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/*
 * Runs op(n) with n chosen so that a round takes about 20 ms, ROUNDS times, and prints the median
 * time of one operation. The first operation is not counted: it may rewrite what it runs through.
 */
static inline int measure(const char *name, void (*op)(long n))
{
	bool quick = getenv("BENCH_QUICK") != NULL;
	int rounds = quick ? 5 : ROUNDS;
	double v[ROUNDS], t;
	long n = 1;

	op(1);
	for (;;) {
		t = now_ns();
		op(n);
		t = now_ns() - t;
		if (t > (quick ? 2e6 : 5e6) || n > 100000000)
			break;
		n *= 4;
	}
	n = (long)((double)n * (quick ? 5e6 : 20e6) / t) + 1;
	for (int i = 0; i < rounds; i++) {
		t = now_ns();
		op(n);
		v[i] = (now_ns() - t) / (double)n;
	}
	printf("%s %.1f ns\n", name, median(v, (size_t)rounds));
	return 0;
}

static inline void must(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}
