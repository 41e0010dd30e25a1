/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging, and ASSERT() for our own invariants. A file names its tag before it includes this:
 *
 *   #define LOG_TAG "mm"
 *   #include "base/log.h"
 *
 * One call is one line, written with one write() to the descriptor of log_set_fd() (stderr until
 * then). Strings that come from a guest go through log_escape(). What a guest can trigger is logged
 * with log_ratelimited(), at most at LOG_LEVEL_INFO.
 */
#pragma once

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#ifndef LOG_TAG
#define LOG_TAG "husk"
#endif

enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DBG,
};

/* A site that may log a burst of lines and then some per second; the number dropped is reported. */
struct log_ratelimit {
	_Atomic uint64_t window_ns;
	atomic_uint nr, dropped;
};

extern atomic_int g_log_level; /* lines above it are not formatted; default WARN */

/* Implemented in platform/host/log.c. Set up before the first thread starts. */
void log_set_level(enum log_level level);
void log_set_fd(int fd);             /* borrowed; -1: drop everything */
void log_set_json(bool json);        /* one JSON object per line instead of text */
void log_set_name(const char *name); /* of the process, in each line; borrowed */
int log_fd(void);

void log_write(enum log_level level, const char *tag, const char *fmt, ...) __printf(3, 4);
void log_vwrite(enum log_level level, const char *tag, const char *fmt, va_list ap) __printf(3, 0);
bool log_ratelimit_ok(struct log_ratelimit *rl);

/*
 * Writes src as printable ASCII with \n, \t, \\, \" and \xNN escapes into dst, always terminated;
 * a text that does not fit ends in "...". Returns dst.
 */
char *log_escape(char *dst, size_t dst_size, const char *src, size_t src_size);

__noreturn __cold void assert_failed(const char *cond, const char *file, int line,
				     const char *func);

static inline bool log_enabled(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&g_log_level, memory_order_relaxed);
}

#define log_at_(level, ...)                                                                        \
	do {                                                                                       \
		if (unlikely(log_enabled(level)))                                                  \
			log_write(level, LOG_TAG, __VA_ARGS__);                                    \
	} while (0)

#define log_err(...)  log_at_(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...) log_at_(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_at_(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_dbg(...)  log_at_(LOG_LEVEL_DBG, __VA_ARGS__)

/* log_ratelimited(LOG_LEVEL_INFO, "..."): per calling line, 10 a second. */
#define log_ratelimited(level, ...)                                                                \
	do {                                                                                       \
		static struct log_ratelimit rl_;                                                   \
		if (log_enabled(level) && log_ratelimit_ok(&rl_))                                  \
			log_write(level, LOG_TAG, __VA_ARGS__);                                    \
	} while (0)

/* For invariants of our own code, never for input. Stays in every build. */
#define ASSERT(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(!(cond)))                                                             \
			assert_failed(#cond, __FILE__, __LINE__, __func__);                        \
	} while (0)
