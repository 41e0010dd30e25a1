/* SPDX-License-Identifier: Apache-2.0 */
/* A line-wise reader of a subset of TOML. */
#include "toml.h"

#include <errno.h>
#include <string.h>

static char *blanks(char *p)
{
	return p + strspn(p, " \t\r");
}

/* A quoted string at *p: undone in place, *p behind it. NULL if it has no end. */
static char *quoted(char **p)
{
	char quote = **p, *r = *p + 1, *w = r, *start = r;

	for (; *r && *r != quote; r++) {
		if (quote == '"' && *r == '\\' && r[1]) {
			r++;
			*w++ = *r == 'n' ? '\n' : *r == 't' ? '\t' : *r;
		} else {
			*w++ = *r;
		}
	}
	if (!*r)
		return NULL;
	*p = r + 1;
	*w = '\0';
	return start;
}

static int one_line(char *line, unsigned int nr, char **table, toml_fn *fn, void *arg,
		    struct rt_err *err)
{
	char *p = blanks(line), *key, *value;

	if (!*p || *p == '#')
		return 0;
	if (*p == '[') {
		char *end = strrchr(p, ']');

		if (!end || p[1] == '[')
			return rt_fail(err, EINVAL, "line %u: not a table's name", nr);
		*end = '\0';
		*table = blanks(p + 1);
		return 0;
	}
	key = p;
	if (*p == '"' || *p == '\'') {
		key = quoted(&p);
	} else {
		p += strcspn(p, " \t\r=");
	}
	if (!key || !*key)
		return rt_fail(err, EINVAL, "line %u: a key is missing", nr);
	value = blanks(p);
	if (*value != '=')
		return rt_fail(err, EINVAL, "line %u: '=' expected after the key", nr);
	*value = '\0';
	*p = '\0';
	p = blanks(value + 1);
	if (*p == '[' || *p == '{')
		return rt_fail(err, EINVAL,
			       "line %u: '%s': arrays and inline tables have no use here", nr, key);
	value = p;
	if (*p == '"' || *p == '\'') {
		value = quoted(&p);
		if (value) {
			p = blanks(p);
			if (*p && *p != '#')
				value = NULL;
		}
	} else {
		p += strcspn(p, " \t\r#");
		*p = '\0';
		if (!*value)
			value = NULL;
	}
	if (!value)
		return rt_fail(err, EINVAL, "line %u: '%s': the value is not well-formed", nr, key);
	return fn(arg, *table, key, value, err);
}

int toml_parse(char *text, toml_fn *fn, void *arg, struct rt_err *err)
{
	char *table = (char *)"", *next;
	unsigned int nr = 1;
	int ret;

	for (char *line = text; line; line = next, nr++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		ret = one_line(line, nr, &table, fn, arg, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}
