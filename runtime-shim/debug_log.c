/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file behind --debug-log: its name, with %ID%, %COMMAND% and %TIMESTAMP% replaced, and its
 * opening.
 */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"

static void append(char *buf, size_t size, const char *s)
{
	size_t n = strlen(buf);

	snprintf(buf + n, size - n, "%s", s);
}

int debug_log_open(const struct rt_conf *conf, const char *id, const char *command,
		   struct rt_err *err)
{
	const char *p = conf->debug_log;
	char name[1024] = "", stamp[64];
	struct timespec ts;
	struct tm tm;
	size_t len = strlen(p);
	int fd;

	if (len == 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(stamp + strlen(stamp), sizeof(stamp) - strlen(stamp), ".%06ld", ts.tv_nsec / 1000);
	while (*p) {
		char one[2] = { *p, '\0' };

		if (strncmp(p, "%ID%", 4) == 0) {
			append(name, sizeof(name), id);
			p += 4;
		} else if (strncmp(p, "%COMMAND%", 9) == 0) {
			append(name, sizeof(name), command);
			p += 9;
		} else if (strncmp(p, "%TIMESTAMP%", 11) == 0) {
			append(name, sizeof(name), stamp);
			p += 11;
		} else {
			append(name, sizeof(name), one);
			p++;
		}
	}
	if (conf->debug_log[len - 1] == '/') {
		if (mkdir(name, 0755) < 0 && errno != EEXIST)
			return rt_fail(err, errno, "--debug-log: cannot make directory %s: %s",
				       name, strerror(errno));
		append(name, sizeof(name), "husk.log.");
		append(name, sizeof(name), stamp);
		append(name, sizeof(name), ".");
		append(name, sizeof(name), command);
		append(name, sizeof(name), ".txt");
	}
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return rt_fail(err, errno, "--debug-log: cannot open %s: %s", name,
			       strerror(errno));
	return fd;
}
