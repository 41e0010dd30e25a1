/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that read config.json share: the state of a reading, and readers of single fields
 * that name the one they do not like.
 */
#pragma once

#include "spec.h"

struct parser {
	struct launch_req *r;
	struct bundle *b;
	struct rt_err *err;
};

/* "config.json: FIELD WHAT": -EINVAL. */
int spec_bad(struct parser *p, const char *field, const char *what);
int spec_nomem(struct parser *p);
/* Optional members of o: 0 and untouched (strings: NULL) if they are not there or null. */
int spec_get_str(struct parser *p, json_t *o, const char *key, const char *field,
		 const char **ret_s);
int spec_get_strv(struct parser *p, json_t *o, const char *key, const char *field,
		  struct boot_strv *out);
int spec_get_bool(struct parser *p, json_t *o, const char *key, const char *field, bool *ret_b);
int spec_get_id(struct parser *p, json_t *o, const char *key, const char *field, uint64_t *ret_v);
/* A whole number >= 0. */
bool spec_whole(json_t *v, uint64_t *ret_v);

int spec_linux(struct parser *p, json_t *top);       /* spec_linux.c */
int spec_seccomp(struct parser *p, json_t *seccomp); /* spec_seccomp.c */
