/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors and messages of the command line: the sentence a user reads, and the same in the log file
 * that container engines read (one JSON object per line, with the field names runc and runsc use).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "err.h"

static int g_log_fd = -1;
static bool g_log_json;
static bool g_log_debug;

int rt_fail(struct rt_err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (e->code)
		return -e->code;
	e->code = code ? code : EINVAL;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -e->code;
}

int rt_fail_in(struct rt_err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	size_t n;
	va_list ap;

	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", old);
	return -e->code;
}

int rt_log_open(const char *file, const char *format, bool debug, struct rt_err *err)
{
	g_log_debug = debug;
	g_log_json = strncmp(format, "json", 4) == 0;
	if (!file || !*file)
		return 0;
	g_log_fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (g_log_fd < 0)
		return rt_fail(err, errno, "--log: cannot open %s: %s", file, strerror(errno));
	return 0;
}

/* JSON strings: quotes, backslashes and control characters are escaped. */
static void json_escape(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; *src && n + 7 < size; src++) {
		unsigned char c = (unsigned char)*src;

		if (c == '"' || c == '\\') {
			dst[n++] = '\\';
			dst[n++] = (char)c;
		} else if (c < 0x20) {
			n += (size_t)snprintf(dst + n, size - n, "\\u%04x", c);
		} else {
			dst[n++] = (char)c;
		}
	}
	dst[n] = '\0';
}

static void log_file(enum rt_level level, const char *text)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	char stamp[40], esc[2048], line[2304];
	struct timespec ts;
	struct tm tm;
	int n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (g_log_json) {
		json_escape(esc, sizeof(esc), text);
		n = snprintf(line, sizeof(line),
			     "{\"msg\":\"%s\",\"level\":\"%s\",\"time\":\"%s\"}\n", esc,
			     names[level], stamp);
	} else {
		n = snprintf(line, sizeof(line), "%s %s: %s\n", stamp, names[level], text);
	}
	if (n > 0 && write(g_log_fd, line, MIN((size_t)n, sizeof(line) - 1)) < 0)
		return; /* a full log disk is no reason to fail */
}

static void log_text(enum rt_level level, const char *text)
{
	if (g_log_fd >= 0 && (level > RT_DEBUG || g_log_debug))
		log_file(level, text);
	/* with a log, standard error is the container's */
	if (level == RT_WARN && g_log_fd < 0)
		fprintf(stderr, "husk: warning: %s\n", text);
	else if (level == RT_ERROR)
		fprintf(stderr, "husk: %s\n", text);
	else if (g_log_debug && g_log_fd < 0)
		fprintf(stderr, "husk: %s\n", text);
}

void rt_log(enum rt_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_text(level, text);
}

int rt_report(const struct rt_err *e, const char *what)
{
	if (what)
		rt_log(RT_ERROR, "%s: %s", what, e->text);
	else
		rt_log(RT_ERROR, "%s", e->text);
	/* as runsc: the sandbox failed, not the program in it */
	return 128;
}
