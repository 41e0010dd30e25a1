/* SPDX-License-Identifier: Apache-2.0 */
/* See fake_maps.h. Every change builds a new table and swaps it in: simple rather than fast. */
#include "fake/fake_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define HOST_MAX_MAPS 65530

void fake_maps_init(struct fake_maps *t)
{
	*t = (struct fake_maps){ .max = HOST_MAX_MAPS };
}

static void release(struct fake_map *m, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		fake_file_ref(m[i].pf, -1);
	free(m);
}

void fake_maps_fini(struct fake_maps *t)
{
	release(t->m, t->nr);
	fake_maps_init(t);
}

const struct fake_map *fake_maps_find(const struct fake_maps *t, uaddr_t va)
{
	size_t lo = 0, hi = t->nr;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (va < t->m[mid].start)
			hi = mid;
		else if (va >= t->m[mid].end)
			lo = mid + 1;
		else
			return &t->m[mid];
	}
	return NULL;
}

/* Appends m, or extends the last row if the two are one mapping. */
static void append(struct fake_map *rows, size_t *nr, struct fake_map m)
{
	struct fake_map *last = *nr ? &rows[*nr - 1] : NULL;

	if (last && last->end == m.start && last->pf == m.pf && last->prot == m.prot &&
	    last->flags == m.flags && last->off + (last->end - last->start) == m.off) {
		last->end = m.end;
		return;
	}
	rows[(*nr)++] = m;
}

static struct fake_map cut(struct fake_map m, uaddr_t start, uaddr_t end)
{
	if (start > m.start) {
		m.off += start - m.start;
		m.start = start;
	}
	if (end < m.end)
		m.end = end;
	return m;
}

/*
 * The table with [start, end) taken out and, there, either put in (a new row), or put back with
 * prot (prot >= 0), or left empty.
 */
static int rebuild(struct fake_maps *t, uaddr_t start, uaddr_t end, const struct fake_map *put,
		   int prot)
{
	struct fake_map *rows = calloc(t->nr * 3 + 3, sizeof(*rows));
	bool placed = !put;
	size_t nr = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < t->nr; i++) {
		struct fake_map m = t->m[i];

		if (m.end <= start) {
			append(rows, &nr, m);
			continue;
		}
		if (m.start < start)
			append(rows, &nr, cut(m, m.start, start));
		if (!placed && m.end > start) {
			append(rows, &nr, *put);
			placed = true;
		}
		if (prot >= 0 && m.start < end) {
			struct fake_map mid = cut(m, start, end);

			mid.prot = prot;
			append(rows, &nr, mid);
		}
		if (m.end > end)
			append(rows, &nr, cut(m, end, m.end));
	}
	if (!placed)
		append(rows, &nr, *put);
	if (nr > t->max && nr > t->nr) {
		free(rows);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr; i++)
		fake_file_ref(rows[i].pf, 1);
	release(t->m, t->nr);
	t->m = rows;
	t->nr = nr;
	return 0;
}

int fake_maps_set(struct fake_maps *t, const struct fake_map *m)
{
	return rebuild(t, m->start, m->end, m, -1);
}

int fake_maps_clear(struct fake_maps *t, uaddr_t start, uaddr_t end)
{
	return rebuild(t, start, end, NULL, -1);
}

int fake_maps_protect(struct fake_maps *t, uaddr_t start, uaddr_t end, int prot)
{
	uaddr_t at = start;
	int ret = rebuild(t, start, end, NULL, prot);

	while (ret == 0 && at < end) {
		const struct fake_map *m = fake_maps_find(t, at);

		if (!m)
			return -ENOMEM;
		at = m->end;
	}
	return ret;
}
