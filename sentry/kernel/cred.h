/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of a task: immutable once published, shared by reference; changing means copy, edit,
 * replace (credentials(7)). A leaf header, open to every layer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <base/auto.h>
#include <base/ref.h>

struct userns;

struct cred {
	struct ref ref;
	uint32_t uid, euid, suid, fsuid;
	uint32_t gid, egid, sgid, fsgid;
	uint64_t cap_permitted, cap_effective, cap_inheritable, cap_bounding, cap_ambient;
	uint32_t securebits;
	struct userns *userns; /* one, the root one, until the breadth issue */
	unsigned int nr_groups;
	uint32_t *groups; /* owned, sorted */
};

void cred_destroy(struct cred *c);
static inline struct cred *cred_get(const struct cred *c)
{
	struct cred *m = (struct cred *)c;

	ref_get(&m->ref);
	return m;
}
static inline void cred_put(struct cred *c)
{
	if (c && ref_put(&c->ref))
		cred_destroy(c);
}
DEFINE_AUTO_PUT(cred)
/* A private, editable copy with one reference. */
int cred_copy(const struct cred *c, struct cred **ret_c);
int cred_new_root(struct cred **ret_c);
bool cred_in_group(const struct cred *c, uint32_t gid); /* fsgid or supplementary */
static inline bool cred_capable(const struct cred *c, unsigned int cap)
{
	return (c->cap_effective >> cap) & 1;
}
