/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_AS and RLIMIT_DATA against mmap, brk, mprotect and mremap. */
#include <sys/resource.h>

#include "lib/show.h"

#define MB   (1ul << 20)
#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static unsigned long vm_kb(const char *key)
{
	char line[256];
	unsigned long kb = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			kb = strtoul(line + strlen(key), NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

static void as(void)
{
	struct rlimit rl = { (vm_kb("VmSize:") << 10) + 64 * MB, RLIM_INFINITY };
	char *p;

	NEED(setrlimit(RLIMIT_AS, &rl) == 0);
	p = SHOWP(mmap(NULL, 32 * MB, RW, ANON, -1, 0));
	SHOWP(mmap(NULL, 128 * MB, RW, ANON, -1, 0));
	SHOWP(mmap(NULL, 128 * MB, PROT_NONE, ANON | MAP_NORESERVE, -1, 0));
	SHOWP(mremap(p, 32 * MB, 256 * MB, MREMAP_MAYMOVE));
	SHOWP(mmap(p, 32 * MB, RW, ANON | MAP_FIXED, -1, 0)); /* replaces: no more than before */
	SHOW(munmap(p, 32 * MB));
	SHOWP(sbrk(512 * MB));
}

static void data(void)
{
	struct rlimit rl = { (vm_kb("VmData:") << 10) + 16 * MB, RLIM_INFINITY };
	char *p;

	NEED(setrlimit(RLIMIT_DATA, &rl) == 0);
	SHOWP(mmap(NULL, 32 * MB, RW, ANON, -1, 0));
	p = SHOWP(mmap(NULL, 32 * MB, PROT_READ, ANON, -1, 0));
	SHOW(mprotect(p, 32 * MB, RW));
	SHOW(mprotect(p, 4 * MB, RW));
	SHOWP(mmap(NULL, 32 * MB, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

int main(void)
{
	show_child("RLIMIT_AS", as);
	show_child("RLIMIT_DATA", data);
	return 0;
}
