/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command line flags, with runsc's syntax: -name, --name, --name=value, --name value; a switch
 * takes a value only after '='. One table per command; values land in the command's own struct.
 */
#pragma once

#include <stddef.h>

#include "err.h"

enum flag_kind {
	FLAG_BOOL,      /* bool */
	FLAG_STR,       /* const char *: the argv string itself */
	FLAG_INT,       /* long */
	FLAG_LIST,      /* struct strlist: may be given many times */
	FLAG_CHOICE,    /* const char *, one of values "a|b|c" */
	FLAG_VOID_BOOL, /* accepted, one warning: has no meaning here */
	FLAG_VOID,      /* the same, with a value */
};

struct flag {
	const char *name;
	enum flag_kind kind;
	size_t offset;
	/* FLAG_CHOICE: what is allowed; else the placeholder shown in help */
	const char *values;
	const char *help; /* NULL: not shown */
};

struct strlist {
	const char **v; /* borrowed strings, NULL-terminated */
	size_t nr;
};

int strlist_add(struct strlist *l, const char *s);

/*
 * Parses argv[1...] up to the first word that is no flag, or past "--". Returns that index, or
 * -errno with *err set; -ENODATA after --help: the caller prints its help.
 */
int flags_parse(const struct flag *tab, size_t nr, void *base, int argc, char **argv,
		struct rt_err *err);
void flags_help(const struct flag *tab, size_t nr);
