/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of table.def as an array, and the index from this architecture's numbers to rows. Arity
 * is counted from the kinds, never typed.
 */
#include "syscalls/table.h"

#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>

#include "syscalls/arch.h"
#include "syscalls/handlers.h"

/* ARGS(FD, SIZE): the two initialisers .nr_args and .args; ARGS() has none. */
#define ARGS(...)                             ARGS_(0, ##__VA_ARGS__, A6, A5, A4, A3, A2, A1, A0)(__VA_ARGS__)
#define ARGS_(z, a, b, c, d, e, f, pick, ...) pick
#define A0(...)                               .nr_args = 0
#define A1(a)                                 .nr_args = 1, .args = { ARG_##a }
#define A2(a, b)                              .nr_args = 2, .args = { ARG_##a, ARG_##b }
#define A3(a, b, c)                           .nr_args = 3, .args = { ARG_##a, ARG_##b, ARG_##c }
#define A4(a, b, c, d)                        .nr_args = 4, .args = { ARG_##a, ARG_##b, ARG_##c, ARG_##d }
#define A5(a, b, c, d, e)                     .nr_args = 5, .args = { ARG_##a, ARG_##b, ARG_##c, ARG_##d, ARG_##e }
#define A6(a, b, c, d, e, f)                                                                       \
	.nr_args = 6, .args = { ARG_##a, ARG_##b, ARG_##c, ARG_##d, ARG_##e, ARG_##f }

#define NA SYSCALL_NR_NONE
#define ROW(x86, arm64, nm, level, r)                                                              \
	.name = #nm, .nr_x86_64 = (x86), .nr_aarch64 = (arm64), .support = (level), .ret = ARG_##r

#define SYSCALL(x86, arm64, nm, r, ...)                                                            \
	{ ROW(x86, arm64, nm, SUPPORT_FULL, r), .handler = sys_##nm, .cap = -1, ARGS(__VA_ARGS__) },
#define PARTIAL(x86, arm64, nm, r, why, ...)                                                       \
	{ ROW(x86, arm64, nm, SUPPORT_PARTIAL, r), .handler = sys_##nm, .cap = -1, .note = why,    \
	  ARGS(__VA_ARGS__) },
#define MISSING(x86, arm64, nm, r, ...)                                                            \
	{ ROW(x86, arm64, nm, SUPPORT_MISSING, r), .err = ENOSYS, .cap = -1,                       \
	  .note = "not written yet", ARGS(__VA_ARGS__) },
#define ABSENT(x86, arm64, nm, e, why)                                                             \
	{ ROW(x86, arm64, nm, SUPPORT_ABSENT, INT), .err = e, .cap = -1, .note = why,              \
	  ARGS(HEX, HEX, HEX, HEX) },
#define DENIED(x86, arm64, nm, e, c, why)                                                          \
	{ ROW(x86, arm64, nm, SUPPORT_DENIED, INT), .err = e, .cap = LX_CAP_##c, .note = why,      \
	  ARGS(HEX, HEX, HEX, HEX) },

static const struct syscall_row g_rows[] = {
#include "syscalls/table.def"
};

#undef SYSCALL
#undef PARTIAL
#undef MISSING
#undef ABSENT
#undef DENIED

/* First pass over table.def: the row's position. Second: number -> position + 1, 0 for a hole. */
enum {
#define SYSCALL(x86, arm64, nm, ...) POS_##nm,
#define PARTIAL                      SYSCALL
#define MISSING                      SYSCALL
#define ABSENT                       SYSCALL
#define DENIED                       SYSCALL
#include "syscalls/table.def"
	NR_ROWS
};
#undef SYSCALL

_Static_assert(sizeof(g_rows) / sizeof(g_rows[0]) == NR_ROWS, "one position per row");

#define NR_MAX 512

/* Rows this architecture lacks land in the one slot behind the numbers. */
#define SYSCALL(x86, arm64, nm, ...)                                                               \
	[ARCH_NR(x86, arm64) < 0 ? NR_MAX : ARCH_NR(x86, arm64)] = POS_##nm + 1,

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const uint16_t g_index[NR_MAX + 1] = {
#include "syscalls/table.def"
};
#pragma GCC diagnostic pop

const struct syscall_row *syscall_lookup(uint64_t nr)
{
	if (nr >= NR_MAX || !g_index[nr])
		return NULL;
	return &g_rows[g_index[nr] - 1];
}

const struct syscall_row *syscall_lookup_name(const char *name)
{
	for (size_t i = 0; i < NR_ROWS; i++)
		if (!strcmp(g_rows[i].name, name))
			return &g_rows[i];
	return NULL;
}

int syscall_row_nr(const struct syscall_row *row)
{
	return ARCH_NR(row->nr_x86_64, row->nr_aarch64);
}

int syscall_table_foreach(int (*fn)(const struct syscall_row *row, void *arg), void *arg)
{
	int ret;

	for (size_t i = 0; i < NR_ROWS; i++) {
		ret = fn(&g_rows[i], arg);
		if (ret)
			return ret;
	}
	return 0;
}
