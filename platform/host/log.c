/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer behind base/log.h: formats a line on the stack and hands it to the descriptor in one
 * write(). Locking: none; the settings are written before the first thread starts.
 */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "host/host.h"
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"

#define LINE_MAX_ 2048 /* longer lines are cut */
#define RATE_NR   10
#define NS_PER_S  UINT64_C(1000000000)

atomic_int g_log_level = LOG_LEVEL_WARN;

static int g_fd = STDERR_FILENO;    /* const after start */
static bool g_json;                 /* const after start */
static const char *g_name = "husk"; /* const after start */

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&g_log_level, (int)level, memory_order_relaxed);
}

void log_set_fd(int fd)
{
	tzset(); /* the first line would read /etc/localtime otherwise, perhaps behind a filter */
	g_fd = fd;
}

int log_fd(void)
{
	return g_fd;
}

void log_set_json(bool json)
{
	g_json = json;
}

void log_set_name(const char *name)
{
	g_name = name;
}

char *log_escape(char *dst, size_t dst_size, const char *src, size_t src_size)
{
	static const char hex[] = "0123456789abcdef";
	size_t at = 0, cut = 0; /* cut: the last place where the dots still fit */

	if (dst_size == 0)
		return dst;
	for (size_t i = 0; i < src_size; i++) {
		unsigned char c = (unsigned char)src[i];
		char esc[4];
		size_t nr;

		if (c == '\n' || c == '\t' || c == '\\' || c == '"') {
			esc[0] = '\\';
			esc[1] = c == '\n' ? 'n' : c == '\t' ? 't' : (char)c;
			nr = 2;
		} else if (c >= 0x20 && c < 0x7f) {
			esc[0] = (char)c;
			nr = 1;
		} else {
			esc[0] = '\\';
			esc[1] = 'x';
			esc[2] = hex[c >> 4];
			esc[3] = hex[c & 15];
			nr = 4;
		}
		if (at + 3 < dst_size)
			cut = at;
		if (at + nr >= dst_size) {
			for (at = cut; at < cut + 3 && at + 1 < dst_size; at++)
				dst[at] = '.';
			break;
		}
		memcpy(dst + at, esc, nr);
		at += nr;
	}
	dst[at] = '\0';
	return dst;
}

/* JSON strings know no \x: control and high bytes become \u00NN, the rest stays. */
static void json_escape(char *dst, size_t dst_size, const char *src)
{
	size_t at = 0;

	for (; *src && at + 7 < dst_size; src++) {
		unsigned char c = (unsigned char)*src;

		if (c == '"' || c == '\\') {
			dst[at++] = '\\';
			dst[at++] = (char)c;
		} else if (c < 0x20 || c >= 0x7f) {
			at += (size_t)snprintf(dst + at, dst_size - at, "\\u%04x", c);
		} else {
			dst[at++] = (char)c;
		}
	}
	dst[at] = '\0';
}

static void put_line(const char *line, size_t size)
{
	while (size > 0) {
		ssize_t nr = write(g_fd, line, size);

		if (nr < 0 && errno == EINTR)
			continue;
		if (nr <= 0)
			return; /* nobody to tell */
		line += nr;
		size -= (size_t)nr;
	}
}

void log_vwrite(enum log_level level, const char *tag, const char *fmt, va_list ap)
{
	static const char *const level_names[] = { "error", "warning", "info", "debug" };
	char msg[LINE_MAX_], line[LINE_MAX_ * 2 + 256];
	int saved = errno, nr;
	struct timespec ts;
	struct tm tm;
	char when[40];

	if (g_fd < 0)
		return;
	vsnprintf(msg, sizeof(msg), fmt, ap);
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm); /* local time would read /etc */
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	if (g_json) {
		char esc[LINE_MAX_ * 2];

		json_escape(esc, sizeof(esc), msg);
		nr = snprintf(
			line, sizeof(line),
			"{\"level\":\"%s\",\"time\":\"%s.%06ldZ\",\"process\":\"%s\",\"tag\":\"%s\",\"msg\":\"%s\"}\n",
			level_names[level], when, ts.tv_nsec / 1000, g_name, tag, esc);
	} else {
		nr = snprintf(line, sizeof(line), "%c %s.%06ldZ %s %s: %s\n", "EWID"[level], when,
			      ts.tv_nsec / 1000, g_name, tag, msg);
	}
	if (nr > 0)
		put_line(line, MIN((size_t)nr, sizeof(line) - 1));
	errno = saved;
}

void log_write(enum log_level level, const char *tag, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vwrite(level, tag, fmt, ap);
	va_end(ap);
}

bool log_ratelimit_ok(struct log_ratelimit *rl)
{
	struct timespec ts;
	uint64_t now, start;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
	start = atomic_load(&rl->window_ns);
	if (start == 0 || now - start >= NS_PER_S) {
		if (atomic_compare_exchange_strong(&rl->window_ns, &start, now)) {
			unsigned int dropped = atomic_exchange(&rl->dropped, 0);

			atomic_store(&rl->nr, 0);
			if (dropped)
				log_write(LOG_LEVEL_INFO, "log", "%u lines like the next dropped",
					  dropped);
		}
	}
	if (atomic_fetch_add(&rl->nr, 1) < RATE_NR)
		return true;
	atomic_fetch_add(&rl->dropped, 1);
	return false;
}

void assert_failed(const char *cond, const char *file, int line, const char *func)
{
	log_write(LOG_LEVEL_ERR, "assert", "%s:%d: %s: %s", file, line, func, cond);
	host_backtrace(NULL);
	abort();
}
