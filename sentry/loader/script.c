/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "#!" lines: the interpreter and at most one argument, which is the rest of the line (execve(2)).
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "loader/loader_int.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

int script_parse(const char *head, size_t n, struct script *ret_s)
{
	char *p, *end, *name;

	if (n > SCRIPT_HEAD)
		n = SCRIPT_HEAD;
	memcpy(ret_s->buf, head, n);
	memset(ret_s->buf + n, 0, sizeof(ret_s->buf) - n);
	p = ret_s->buf + 2;
	end = memchr(ret_s->buf, '\n', n);
	if (!end) {
		/* a line longer than what is read may be cut in its argument, not in its
		 * interpreter */
		end = ret_s->buf + SCRIPT_HEAD - 1;
		while (p < end && is_blank(*p))
			p++;
		while (p < end && *p && !is_blank(*p))
			p++;
		if (p == end)
			return -ENOEXEC;
		p = ret_s->buf + 2;
	}
	while (end > p && is_blank(end[-1]))
		end--;
	*end = '\0';
	while (is_blank(*p))
		p++;
	if (*p == '\0')
		return -ENOEXEC;
	name = p;
	while (*p && !is_blank(*p))
		p++;
	ret_s->arg = NULL;
	if (*p) {
		*p++ = '\0';
		while (is_blank(*p))
			p++;
		if (*p)
			ret_s->arg = p;
	}
	ret_s->interp = name;
	return 0;
}
