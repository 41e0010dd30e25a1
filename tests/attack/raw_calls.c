/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every system call number there is and many there are not, with arguments that point at
 * nothing, at the guest's own code and above its address space. Some end the process: others go on
 * with the next number.
 */
#include <sys/syscall.h>

#include "attack.h"
#include "attack_arch.h"

static volatile long *progress;

/* These do what they should, which is not what the test wants. */
static int harmless_to_skip(long nr)
{
	switch (nr) {
	case SYS_kill: /* -1 would be everybody */
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
	case SYS_reboot:
	case SYS_clone: /* children that nobody waits for */
	case SYS_clone3:
#ifdef SYS_fork
	case SYS_fork:
	case SYS_vfork:
#endif
		return 1;
	default:
		return 0;
	}
}

static void call_all(void *arg)
{
	static const unsigned long odd[] = { 0,          1,         ~0ul,      ATTACK_TOP - 1,
					     ATTACK_TOP, 1ul << 63, 0x7fffffff };
	unsigned long a = odd[*(unsigned int *)arg % 7], b = odd[(*(unsigned int *)arg / 7) % 7];

	while (*progress < 1024) {
		long nr = (*progress)++;

		if (!harmless_to_skip(nr))
			syscall(nr, a, b, a, b, a, b);
		if (nr % 8 == 0)
			syscall(nr | 0x40000000, a, b, a, b, a, b);
	}
}

int main(void)
{
	struct victim v;

	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	victim_start(&v);
	for (unsigned int n = 0; n < 49; n += 4) {
		*progress = 0;
		/* a call that blocks for good costs a second */
		for (int tries = 0; *progress < 1024 && tries < 200; tries++)
			attempt(call_all, &n, 1);
		victim_check(&v);
	}
	victim_end(&v);
	return 0;
}
