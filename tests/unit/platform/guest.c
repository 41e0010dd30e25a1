/* SPDX-License-Identifier: Apache-2.0 */
/* See guest.h. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define FILE_SIZE (1u << 20)

int guest_env_open(struct guest_env *e, const char *platform)
{
	const struct platform_params params = { .nr_cpus = host_nr_cpus(),
						.device_fd = -1,
						.kick_looks = 4 };
	void *map;
	int ret;

	if (!platform)
		platform = getenv("HUSK_TEST_PLATFORM");
	e->o = platform_find(platform && *platform ? platform : "ptrace");
	ret = e->o->open(&params, &e->p);
	if (ret < 0)
		return ret;
	e->fd = host_memfd_create("guest", 0);
	if (e->fd < 0 || host_ftruncate(e->fd, FILE_SIZE) < 0 ||
	    host_mmap(NULL, FILE_SIZE, HOST_PROT_READ | HOST_PROT_WRITE, HOST_MAP_SHARED, e->fd, 0,
		      &map) < 0)
		return -1;
	e->mem = map;
	return e->o->file_new(e->p, e->fd, &e->pf);
}

void guest_env_close(struct guest_env *e)
{
	e->o->file_put(e->pf);
	e->o->close(e->p);
	host_munmap(e->mem, FILE_SIZE);
	host_close(e->fd);
}

uaddr_t guest_put(struct guest_env *e, unsigned int slot, const unsigned char *start,
		  const unsigned char *end)
{
	memcpy(e->mem + slot * 256, start, (size_t)(end - start));
	return GUEST_CODE + slot * 256;
}

int guest_aspace(struct guest_env *e, struct aspace **ret_as)
{
	int ret = e->o->aspace_new(e->p, ret_as);

	if (ret == 0)
		ret = e->o->map(*ret_as, GUEST_CODE, PAGE_SIZE, e->pf, 0,
				PF_PROT_READ | PF_PROT_EXEC, 0);
	return ret;
}
