/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of command line flags: see flags.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flags.h"

int strlist_add(struct strlist *l, const char *s)
{
	const char **v = realloc(l->v, (l->nr + 2) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	l->v = v;
	v[l->nr++] = s;
	v[l->nr] = NULL;
	return 0;
}

static const struct flag *find(const struct flag *tab, size_t nr, const char *name, size_t len)
{
	for (size_t i = 0; i < nr; i++) {
		if (strlen(tab[i].name) == len && memcmp(tab[i].name, name, len) == 0)
			return &tab[i];
	}
	return NULL;
}

static bool choice_ok(const char *values, const char *v)
{
	size_t len = strlen(v);

	for (const char *p = values; p; p = strchr(p, '|')) {
		if (*p == '|')
			p++;
		if (strncmp(p, v, len) == 0 && (p[len] == '|' || p[len] == '\0'))
			return true;
	}
	return false;
}

static int set_bool(const struct flag *f, const char *v, bool *ret_b, struct rt_err *err)
{
	if (!v || strcmp(v, "true") == 0 || strcmp(v, "1") == 0 || strcmp(v, "t") == 0)
		*ret_b = true;
	else if (strcmp(v, "false") == 0 || strcmp(v, "0") == 0 || strcmp(v, "f") == 0)
		*ret_b = false;
	else
		return rt_fail(err, EINVAL, "--%s: '%s' is not true or false", f->name, v);
	return 0;
}

static int set(const struct flag *f, void *base, const char *v, struct rt_err *err)
{
	void *p = (char *)base + f->offset;
	char *end;
	long n;

	switch (f->kind) {
	case FLAG_BOOL:
		return set_bool(f, v, p, err);
	case FLAG_STR:
		*(const char **)p = v;
		return 0;
	case FLAG_INT:
		errno = 0;
		n = strtol(v, &end, 0);
		if (errno || *end || end == v)
			return rt_fail(err, EINVAL, "--%s: '%s' is not a number", f->name, v);
		*(long *)p = n;
		return 0;
	case FLAG_LIST:
		if (strlist_add(p, v) < 0)
			return rt_fail(err, ENOMEM, "out of memory");
		return 0;
	case FLAG_CHOICE:
		if (!choice_ok(f->values, v))
			return rt_fail(err, EINVAL, "--%s: '%s' is none of %s", f->name, v,
				       f->values);
		*(const char **)p = v;
		return 0;
	case FLAG_VOID_BOOL:
	case FLAG_VOID:
		rt_warn("--%s has no meaning in husk and is ignored", f->name);
		return 0;
	}
	return 0;
}

int flags_parse(const struct flag *tab, size_t nr, void *base, int argc, char **argv,
		struct rt_err *err)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *s = argv[i], *eq, *v = NULL;
		const struct flag *f;
		int ret;

		if (s[0] != '-' || s[1] == '\0')
			break;
		if (strcmp(s, "--") == 0)
			return i + 1;
		s += s[1] == '-' ? 2 : 1;
		if (strcmp(s, "help") == 0 || strcmp(s, "h") == 0)
			return -ENODATA;
		eq = strchr(s, '=');
		f = find(tab, nr, s, eq ? (size_t)(eq - s) : strlen(s));
		if (!f)
			return rt_fail(err, EINVAL, "unknown flag '%s' (see '%s --help')", argv[i],
				       argv[0]);
		if (eq) {
			v = eq + 1;
		} else if (f->kind != FLAG_BOOL && f->kind != FLAG_VOID_BOOL) {
			if (i + 1 >= argc)
				return rt_fail(err, EINVAL, "--%s needs a value", f->name);
			v = argv[++i];
		}
		ret = set(f, base, v, err);
		if (ret < 0)
			return ret;
	}
	return i;
}

void flags_help(const struct flag *tab, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		char left[80];

		if (!tab[i].help)
			continue;
		if (tab[i].kind == FLAG_BOOL || tab[i].kind == FLAG_VOID_BOOL)
			snprintf(left, sizeof(left), "--%s", tab[i].name);
		else
			snprintf(left, sizeof(left), "--%s=%s", tab[i].name,
				 tab[i].values ? tab[i].values : "VALUE");
		printf("  %-36s %s\n", left, tab[i].help);
	}
}
