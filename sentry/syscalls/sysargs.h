/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of a system call, as the registers held them; each accessor says how many bits count.
 */
#pragma once

#include <stdint.h>

#include <platform/platform.h>

struct task;

struct sysargs {
	uint64_t a[6];
};

typedef long (*sys_fn)(struct task *t, const struct sysargs *a);

static inline int arg_int(const struct sysargs *a, unsigned int n)
{
	return (int)a->a[n];
}
static inline unsigned int arg_uint(const struct sysargs *a, unsigned int n)
{
	return (unsigned int)a->a[n];
}
static inline long arg_long(const struct sysargs *a, unsigned int n)
{
	return (long)a->a[n];
}
static inline unsigned long arg_ulong(const struct sysargs *a, unsigned int n)
{
	return a->a[n];
}
static inline uaddr_t arg_addr(const struct sysargs *a, unsigned int n)
{
	return a->a[n];
}
