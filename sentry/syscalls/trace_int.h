/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the tracer: the line being built, and what printers build it with. A printer prints
 * argument n of the call; guest memory it cannot read is printed as its address, as strace does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/compiler.h>

#include "syscalls/sysargs.h"
#include "syscalls/table.h"

struct lx_siginfo;

#define TRACE_LINE_MAX 4096
#define TRACE_STR_MAX  32 /* bytes of a buffer or string shown */
#define TRACE_NR_MAX   16 /* elements of an array shown */

struct trace {
	struct task *t;
	const struct syscall_row *row;
	const struct sysargs *args;
	long ret;        /* of the call; 0 before it is made */
	bool after;      /* the call was made */
	bool unfinished; /* the line's head is out already */
	bool comma_out;  /* and with it the comma before the next argument */
	bool active;
	unsigned int next_arg; /* first argument not printed yet */
	int32_t socklen;       /* an in-out length, as it was before the call; -1: unreadable */
	size_t len;
	char buf[TRACE_LINE_MAX];
};

/* One name of a value (mask all ones) or of some bits. Tables end with a NULL name. */
struct trace_name {
	uint64_t mask, value;
	const char *name;
};

void tr_printf(struct trace *tr, const char *fmt, ...) __printf(2, 3);
void tr_puts(struct trace *tr, const char *s);
/* "abc\n", with ... behind the quote if more was cut off. */
void tr_quote(struct trace *tr, const void *bytes, size_t n, bool more);
void tr_flags(struct trace *tr, uint64_t v, const struct trace_name *names);
void tr_enum(struct trace *tr, uint64_t v, const struct trace_name *names);
/* NULL if v has no name. */
const char *tr_name_of(uint64_t v, const struct trace_name *names);
void tr_signal_name(struct trace *tr, int sig);
void tr_sigset(struct trace *tr, uint64_t set);
void tr_addr(struct trace *tr, uint64_t addr);
/* A string of the guest, quoted. */
void tr_guest_str(struct trace *tr, uint64_t addr);
void tr_guest_bytes(struct trace *tr, uint64_t addr, uint64_t n);
/* Copies an object in; on failure (or for NULL) prints the address instead and returns false. */
bool tr_read(struct trace *tr, void *dst, uint64_t addr, size_t size);
/* An out argument: false, and the address printed, when the call failed. */
bool tr_read_out(struct trace *tr, void *dst, uint64_t addr, size_t size);
void tr_siginfo(struct trace *tr, const struct lx_siginfo *si);
void tr_wstatus(struct trace *tr, uint32_t status);
void tr_sockaddr(struct trace *tr, uint64_t addr, uint64_t len);
/* Before the call: remembers what its in-out length argument says. */
void trace_note_socklen(struct trace *tr);

#define KIND(name, when, printer) void trace_print_##printer(struct trace *tr, unsigned int n);
#define FLAGS(name, table)        extern const struct trace_name trace_names_##table[];
#define ENUM(name, table)         extern const struct trace_name trace_names_##table[];
#include "syscalls/kinds.def"
#undef KIND
#undef FLAGS
#undef ENUM

extern const struct trace_name trace_names_file_type[], trace_names_signal[], trace_names_poll[],
	trace_names_epoll_events[], trace_names_sa_flags[], trace_names_ss_flags[],
	trace_names_clone[], trace_names_clockid[], trace_names_policy[], trace_names_sock_type[],
	trace_names_futex_op[], trace_names_ioctl[], trace_names_fd_flags[],
	trace_names_lock_type[], trace_names_resolve[], trace_names_so_opt[], trace_names_tcp_opt[],
	trace_names_ip_opt[], trace_names_ipv6_opt[], trace_names_si_code[], trace_names_cld_code[],
	trace_names_segv_code[], trace_names_bus_code[], trace_names_fpe_code[],
	trace_names_ill_code[], trace_names_trap_code[], trace_names_sigev[], trace_names_d_type[],
	trace_names_seals[], trace_names_stx_attr[], trace_names_ipproto[], trace_names_netlink[],
	trace_names_fs_magic[];
