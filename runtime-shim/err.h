/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes wrong in the command line keeps two things: the errno, for the caller, and one sentence
 * for the user, which names the file, flag or field, says what was wrong, and what to do about it.
 */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

struct rt_err {
	int code; /* positive errno, 0 while nothing went wrong */
	char text[768];
};

/* Sets *e and returns -code. The first failure stays: later ones are consequences. */
int rt_fail(struct rt_err *e, int code, const char *fmt, ...) __printf(3, 4);
/* Puts "what: " before the sentence; returns -e->code. */
int rt_fail_in(struct rt_err *e, const char *fmt, ...) __printf(2, 3);

/* Log levels of the command's own messages. */
enum rt_level { RT_DEBUG, RT_INFO, RT_WARN, RT_ERROR };

/* Where messages go; file may be NULL (stderr gets warnings and errors only). */
int rt_log_open(const char *file, const char *format, bool debug, struct rt_err *err);
void rt_log(enum rt_level level, const char *fmt, ...) __printf(2, 3);
/* Reports e on stderr and in the log; returns the exit status for it. */
int rt_report(const struct rt_err *e, const char *what);

#define rt_warn(...) rt_log(RT_WARN, __VA_ARGS__)
#define rt_dbg(...)  rt_log(RT_DEBUG, __VA_ARGS__)
