/* SPDX-License-Identifier: Apache-2.0 */
/* The auxiliary vector: which entries, and those values that are the same everywhere. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>

#include "lib/show.h"

extern char **environ;

int main(int argc, char **argv)
{
	unsigned long *v, buf[128];
	const unsigned char *rnd = (unsigned char *)getauxval(AT_RANDOM);
	const ElfW(Phdr) *ph = (void *)getauxval(AT_PHDR);
	int sum = 0, fd, phdr_seen = 0;
	char **e = environ;
	ssize_t n;

	while (*e)
		e++;
	v = (unsigned long *)(e + 1);
	printf("entries:");
	for (int i = 0; v[2 * i] != AT_NULL; i++)
		printf(" %lu", v[2 * i]);
	printf("\n");
	SHOW(getauxval(AT_PAGESZ));
	SHOW(getauxval(AT_CLKTCK));
	SHOW(getauxval(AT_PHENT));
	SHOW(getauxval(AT_FLAGS));
	SHOW(getauxval(AT_SECURE));
	SHOW(getauxval(AT_UID) == getuid());
	SHOW(getauxval(AT_EUID) == geteuid());
	SHOW(getauxval(AT_GID) == getgid());
	SHOW(getauxval(AT_EGID) == getegid());
	SHOWS((char *)getauxval(AT_PLATFORM));
	SHOW(strcmp((char *)getauxval(AT_EXECFN), argv[0]));
	SHOWX(getauxval(AT_HWCAP));
	SHOWX(getauxval(AT_HWCAP2));
	SHOW(getauxval(51));
	SHOW(getauxval(27));
	SHOW(getauxval(28));
	for (int i = 0; i < 16; i++)
		sum |= rnd[i];
	SHOW(sum != 0);
	SHOW(getauxval(AT_SYSINFO_EHDR) % 4096);
	SHOW(memcmp((void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, 4));
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
		phdr_seen |= ph[i].p_type == PT_PHDR;
	SHOW(phdr_seen);
	SHOW((unsigned long)argv % 16);
	SHOW((unsigned long)(argv - 1) % 16);
	fd = open("/proc/self/auxv", O_RDONLY);
	n = read(fd, buf, sizeof(buf));
	SHOW(n > 0 && memcmp(buf, v, n) == 0);
	return 0;
}
