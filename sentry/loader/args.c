/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strings of an execve: copied once, packed, and bounded as Linux bounds them: each string by
 * MAX_ARG_STRLEN, all strings and the pointers to them by a quarter of the stack limit, within 128
 * KiB and 6 MiB.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>

#include "loader/loader_int.h"

#define MAX_ARG_STRLEN (32ul * PAGE_SIZE)
#define ARG_MAX_LEAST  (128ul << 10)
#define ARG_MAX_MOST   (6ul << 20)
#define NR_POINTERS    64

static void args_init(struct loader_args *a, uint64_t stack_limit)
{
	uint64_t limit = MIN((uint64_t)ARG_MAX_MOST, stack_limit / 4);

	*a = (struct loader_args){ .limit = MAX(limit, (uint64_t)ARG_MAX_LEAST) };
}

void loader_args_fini(struct loader_args *args)
{
	free(args->buf);
	args->buf = NULL;
}

/* Room for n more bytes; -E2BIG when they would pass the limit. */
static int args_room(struct loader_args *a, size_t n)
{
	uint64_t used = a->len + 8ull * (MAX(a->argc, 1u) + a->envc);
	size_t cap = a->cap ? a->cap : 4096;
	char *buf;

	if (used + n > a->limit)
		return -E2BIG;
	if (a->len + n <= a->cap)
		return 0;
	while (cap < a->len + n)
		cap *= 2;
	buf = realloc(a->buf, cap);
	if (!buf)
		return -ENOMEM;
	a->buf = buf;
	a->cap = cap;
	return 0;
}

static int args_add(struct loader_args *a, const char *s)
{
	size_t n = strlen(s) + 1;
	int ret;

	if (n > MAX_ARG_STRLEN)
		return -E2BIG;
	ret = args_room(a, n);
	if (ret < 0)
		return ret;
	memcpy(a->buf + a->len, s, n);
	a->len += n;
	return 0;
}

/* One guest string; tries a short one first, so that a small exec allocates little. */
static int args_add_guest(struct loader_args *a, struct mm *mm, uaddr_t src)
{
	uint64_t used = a->len + 8ull * (MAX(a->argc, 1u) + a->envc);
	size_t most, room;

	if (used >= a->limit)
		return -E2BIG;
	most = MIN(a->limit - used, MAX_ARG_STRLEN);
	for (room = MIN((size_t)256, most);; room = MIN(room * 8, most)) {
		ssize_t n;
		int ret = args_room(a, room);

		if (ret < 0)
			return ret;
		n = mm_copyin_str(mm, a->buf + a->len, src, room);
		if (n >= 0) {
			a->len += (size_t)n + 1;
			return 0;
		}
		if (n != -ENAMETOOLONG)
			return (int)n;
		if (room == most)
			return -E2BIG;
	}
}

static int vector_from_guest(struct loader_args *a, struct mm *mm, uaddr_t vec, unsigned int *count)
{
	uint64_t ptrs[NR_POINTERS];
	uaddr_t strings = vec;

	if (!vec)
		return 0;
	for (;;) {
		/* up to the end of the page: the vector may end right before a hole */
		size_t n = MIN((size_t)NR_POINTERS, (PAGE_SIZE - page_offset(strings)) / 8);
		unsigned int i;

		if (!n)
			n = 1;
		if (mm_copyin(mm, ptrs, strings, n * 8) < 0)
			return -EFAULT;
		for (i = 0; i < n && ptrs[i]; i++) {
			int ret;

			++*count;
			ret = args_add_guest(a, mm, ptrs[i]);
			if (ret < 0)
				return ret;
		}
		if (i < n)
			return 0;
		strings += n * 8;
	}
}

static int vector_from_kernel(struct loader_args *a, char *const *vec, unsigned int *count)
{
	for (; vec && *vec; vec++) {
		int ret;

		++*count;
		ret = args_add(a, *vec);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* A program gets at least an empty name, since many rely on argv[0]. */
static int args_need_first(struct loader_args *a)
{
	int ret;

	if (a->argc)
		return 0;
	ret = args_add(a, "");
	a->argc = 1;
	return ret;
}

int loader_args_from_guest(struct mm *mm, uaddr_t argv, uaddr_t envp, uint64_t stack_limit,
			   struct loader_args *ret_args)
{
	struct loader_args a;
	int ret;

	args_init(&a, stack_limit);
	ret = vector_from_guest(&a, mm, argv, &a.argc);
	if (ret == 0)
		ret = args_need_first(&a);
	a.env_at = a.len;
	if (ret == 0)
		ret = vector_from_guest(&a, mm, envp, &a.envc);
	if (ret < 0) {
		loader_args_fini(&a);
		return ret;
	}
	*ret_args = a;
	return 0;
}

int loader_args_from_kernel(char *const *argv, char *const *envp, uint64_t stack_limit,
			    struct loader_args *ret_args)
{
	struct loader_args a;
	int ret;

	args_init(&a, stack_limit);
	ret = vector_from_kernel(&a, argv, &a.argc);
	if (ret == 0)
		ret = args_need_first(&a);
	a.env_at = a.len;
	if (ret == 0)
		ret = vector_from_kernel(&a, envp, &a.envc);
	if (ret < 0) {
		loader_args_fini(&a);
		return ret;
	}
	*ret_args = a;
	return 0;
}

int loader_args_replace_first(struct loader_args *args, const char *const *by, unsigned int n)
{
	size_t old = strlen(args->buf) + 1, add = 0;
	int ret;

	for (unsigned int i = 0; i < n; i++) {
		size_t len = strlen(by[i]) + 1;

		if (len > MAX_ARG_STRLEN)
			return -E2BIG;
		add += len;
	}
	ret = args_room(args, add);
	if (ret < 0)
		return ret;
	memmove(args->buf + add, args->buf + old, args->len - old);
	for (unsigned int i = 0, at = 0; i < n; i++) {
		size_t len = strlen(by[i]) + 1;

		memcpy(args->buf + at, by[i], len);
		at += (unsigned int)len;
	}
	args->len = args->len - old + add;
	args->env_at = args->env_at - old + add;
	args->argc += n - 1;
	return 0;
}
