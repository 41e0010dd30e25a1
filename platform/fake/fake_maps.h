/* SPDX-License-Identifier: Apache-2.0 */
/* The fake platform's table of mappings: sorted, not overlapping, merged as a host merges. */
#pragma once

#include <platform/fake.h>

struct fake_maps {
	struct fake_map *m;
	size_t nr, room, max;
};

/* A map was made (+1) or went (-1) of pf; implemented by fake.c. */
void fake_file_ref(struct platform_file *pf, int delta);

void fake_maps_init(struct fake_maps *t);
void fake_maps_fini(struct fake_maps *t);
const struct fake_map *fake_maps_find(const struct fake_maps *t, uaddr_t va);
/* -ENOMEM if more than max rows would result: nothing changed then. */
int fake_maps_set(struct fake_maps *t, const struct fake_map *m);
int fake_maps_clear(struct fake_maps *t, uaddr_t start, uaddr_t end);
/* -ENOMEM for a range with holes, as mprotect(2) says; what is mapped is changed all the same. */
int fake_maps_protect(struct fake_maps *t, uaddr_t start, uaddr_t end, int prot);
