/* SPDX-License-Identifier: Apache-2.0 */
/* The arm64 column of table.def against <asm-generic/unistd.h>, also when built on x86-64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What arch/arm64/include/uapi/asm/unistd.h asks of the generic list. */
#define __BITS_PER_LONG 64
#define __ARCH_WANT_RENAMEAT
#define __ARCH_WANT_NEW_STAT
#define __ARCH_WANT_SET_GET_RLIMIT
#define __ARCH_WANT_TIME32_SYSCALLS
#define __ARCH_WANT_SYS_CLONE3
#define __ARCH_WANT_MEMFD_SECRET
#include <asm-generic/unistd.h>
#include <cmocka.h>

#define STR_(x)                      #x
#define STR(x)                       STR_(x)
#define NA                           -1
#define SYSCALL(x86, arm64, nm, ...) { #nm, arm64, STR(__NR_##nm) },
#define PARTIAL                      SYSCALL
#define MISSING                      SYSCALL
#define ABSENT                       SYSCALL
#define DENIED                       SYSCALL

static const struct {
	const char *name;
	int nr;
	const char *host;
} rows[] = {
#include "syscalls/table.def"
};

static void every_arm64_number_is_the_generic_one(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].host[0] == '_') {
			if (rows[i].nr >= 0 && rows[i].nr <= 450)
				fail_msg("%s: %d, not in the generic list", rows[i].name,
					 rows[i].nr);
		} else if (atoi(rows[i].host) != rows[i].nr) {
			fail_msg("%s: %d, generic %s", rows[i].name, rows[i].nr, rows[i].host);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		every_arm64_number_is_the_generic_one) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
