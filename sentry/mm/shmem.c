/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nameless object behind MAP_SHARED|MAP_ANONYMOUS: a fixed range of the memory file.
 * /proc/pid/maps calls it
 * "/dev/zero (deleted)", as Linux does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/mm_int.h"

struct shmem_anon {
	struct ref ref;
	struct mappable m;
	uint64_t base, size, ino; /* const after init */
};

static struct shmem_anon *shmem_of(struct mappable *m)
{
	return container_of(m, struct shmem_anon, m);
}

static void shmem_get(struct mappable *m)
{
	ref_get(&shmem_of(m)->ref);
}

static void shmem_put(struct mappable *m)
{
	struct shmem_anon *s = shmem_of(m);

	if (!ref_put(&s->ref))
		return;
	pagefile_free(s->base, s->size);
	mappable_fini(m);
	free(s);
}

static int shmem_translate(struct mappable *m, uint64_t off, uint64_t size, bool write,
			   struct backing *ret_b)
{
	struct shmem_anon *s = shmem_of(m);

	/* mremap can make the mapping longer than the object */
	if (off >= s->size)
		return -ENXIO;
	return pagefile_backing(s->base + off, MIN(size, s->size - off), ret_b);
}

static int shmem_punch(struct mappable *m, uint64_t off, uint64_t size)
{
	struct shmem_anon *s = shmem_of(m);

	/* in place: the host takes the pages out of every mapping */
	if (off < s->size)
		pagefile_punch(s->base + off, MIN(size, s->size - off));
	return 0;
}

static void shmem_id(struct mappable *m, struct mappable_id *ret_id)
{
	*ret_id = (struct mappable_id){ .dev_major = 0, .dev_minor = 1, .ino = shmem_of(m)->ino };
}

static int shmem_name(struct mappable *m, char *buf, size_t size)
{
	static const char name[] = "/dev/zero (deleted)";

	if (size < sizeof(name))
		return -ENAMETOOLONG;
	memcpy(buf, name, sizeof(name));
	return sizeof(name) - 1;
}

static const struct mappable_ops shmem_ops = {
	.get = shmem_get,
	.put = shmem_put,
	.translate = shmem_translate,
	.punch = shmem_punch,
	.id = shmem_id,
	.name = shmem_name,
};

int shmem_anon_new(uint64_t size, struct mappable **ret_m)
{
	static _Atomic uint64_t inos = 1024;
	struct shmem_anon *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	ret = pagefile_alloc(size, size >= (2ul << 20) ? 2ul << 20 : PAGE_SIZE, PAGEFILE_SHMEM,
			     &s->base);
	if (ret < 0) {
		free(s);
		return ret;
	}
	ref_init(&s->ref);
	mappable_init(&s->m, &shmem_ops);
	s->size = size;
	s->ino = atomic_fetch_add(&inos, 1);
	*ret_m = &s->m;
	return 0;
}
