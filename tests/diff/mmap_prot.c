/* SPDX-License-Identifier: Apache-2.0 */
/* Which access each protection allows, and the code of the fault where it does not. */
#include "lib/probe.h"

#define PG 4096

#if defined(__x86_64__)
static const unsigned char ret_insn[] = { 0xc3 };
#else
static const unsigned char ret_insn[] = { 0xc0, 0x03, 0x5f, 0xd6 };
#endif

int main(void)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC };
	char *p = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	NEED(p != MAP_FAILED);
	memcpy(p, ret_insn, sizeof(ret_insn));
	__builtin___clear_cache(p, p + 16);
	for (unsigned int i = 0; i < sizeof(prots) / sizeof(prots[0]); i++) {
		printf("prot %d\n", prots[i]);
		SHOW(mprotect(p, PG, prots[i]));
		SHOW_READ(p + 100);
		SHOW_WRITE(p + 100);
		SHOW_EXEC(p);
	}
	munmap(p, PG);
	SHOW_READ(p);
	SHOW_WRITE(p);
	SHOW_EXEC(p);
	SHOW_READ(p + PG);
	SHOW_READ(NULL);
	SHOW_WRITE((char *)8);
	SHOW_READ((char *)0x7ffffffff000);
	return 0;
}
