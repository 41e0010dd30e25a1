/* SPDX-License-Identifier: Apache-2.0 */
/* One line per message, in the form containerd's own log has. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool g_log_debug;
static int g_fd = STDERR_FILENO;

void slog_to(int fd)
{
	g_fd = fd;
}

void slog(const char *level, const char *fmt, ...)
{
	char msg[1024], line[2400], when[32];
	struct timespec now;
	struct tm tm;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	n = (size_t)snprintf(line, sizeof(line), "time=\"%s.%09ldZ\" level=%s msg=\"", when,
			     now.tv_nsec, level);
	for (const char *p = msg; *p && n < sizeof(line) - 8; p++) {
		if (*p == '"' || *p == '\\')
			line[n++] = '\\';
		line[n++] = (unsigned char)*p < ' ' ? ' ' : *p;
	}
	n += (size_t)snprintf(line + n, sizeof(line) - n, "\"\n");
	/* A reader that went away or does not keep up costs the message, not the shim. */
	if (write(g_fd, line, n) < 0)
		return;
}
