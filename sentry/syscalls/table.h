/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system call table: rows of table.def as data. Constant; no locking. Both architectures'
 * numbers are in every row; lookups go by the number of the architecture this is built for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "syscalls/sysargs.h"

enum arg_kind {
#define KIND(name, when, printer) ARG_##name,
#define FLAGS(name, table)        ARG_##name,
#define ENUM(name, table)         ARG_##name,
#include "syscalls/kinds.def"
#undef KIND
#undef FLAGS
#undef ENUM
	NR_ARG_KINDS
};

enum syscall_support {
	SUPPORT_FULL,
	SUPPORT_PARTIAL,
	SUPPORT_MISSING, /* planned */
	SUPPORT_ABSENT,
	SUPPORT_DENIED, /* by capability */
};

#define SYSCALL_NR_NONE (-1)

struct syscall_row {
	const char *name;
	sys_fn handler;    /* NULL unless full or partial */
	const char *note;  /* what is missing, or why it is absent; NULL if full */
	int16_t nr_x86_64; /* SYSCALL_NR_NONE: the architecture does not have it */
	int16_t nr_aarch64;
	int16_t err;     /* errno of absent and denied rows, ENOSYS of missing ones */
	int8_t cap;      /* denied: err without this capability, ENOSYS with it; else -1 */
	uint8_t support; /* enum syscall_support */
	uint8_t ret;     /* enum arg_kind */
	uint8_t nr_args;
	uint8_t args[6]; /* enum arg_kind */
};

/* By number of this architecture; NULL: no such call (ENOSYS). */
const struct syscall_row *syscall_lookup(uint64_t nr);
const struct syscall_row *syscall_lookup_name(const char *name);
/* Number of the row here; SYSCALL_NR_NONE if this architecture does not have it. */
int syscall_row_nr(const struct syscall_row *row);
/* Calls fn for every row, in table order, until it returns other than 0; returns that. */
int syscall_table_foreach(int (*fn)(const struct syscall_row *row, void *arg), void *arg);

enum syscall_table_format { SYSCALL_TABLE_TEXT, SYSCALL_TABLE_JSON, SYSCALL_TABLE_CSV };
/* `husk help syscalls`; 0 or -errno of the stream. */
int syscall_table_print(FILE *out, enum syscall_table_format format);
