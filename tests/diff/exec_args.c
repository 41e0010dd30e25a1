/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and environment through exec: many, long, empty, none, too much. */
#include <limits.h>
#include <sys/resource.h>

#include "lib/show.h"

static char self[PATH_MAX];

static void try(const char *what, char **argv, char **envp)
{
	int st;

	printf("-- %s\n", what);
	if (fork() == 0) {
		execve(self, argv, envp);
		printf("execve: %s\n", errno_name(errno));
		_exit(0);
	}
	wait(&st);
	if (st)
		show_status("status", st);
}

static char **many(int n, int len)
{
	char **v = calloc(n + 4, sizeof(*v)), *s = malloc(len + 1);

	memset(s, 'v', len);
	s[len] = 0;
	v[0] = "show";
	v[1] = "-";
	for (int i = 0; i < n; i++)
		v[2 + i] = s;
	return v;
}

int main(int argc, char **argv, char **envp)
{
	char *none[] = { NULL }, *two[] = { "show", "", "b c", NULL },
	     *env[] = { "A=1", "no equals", "", "B=2", NULL };
	char **v, *big;
	struct rlimit rl;

	if (argc == 0 || !strcmp(argv[0], "show") || !argv[0][0]) {
		unsigned long bytes = 0;
		int n = 0;

		for (int i = 0; i < argc; i++)
			bytes += strlen(argv[i]) + 1;
		for (n = 0; envp[n]; n++)
			if (n < 5)
				printf("env %s\n", envp[n]);
		printf("argc %d bytes %lu envc %d\n", argc, bytes, n);
		for (int i = 0; i < argc && i < 4; i++)
			printf("argv[%d] %.20s\n", i, argv[i]);
		SHOW(argv[argc] == NULL);
		return 0;
	}
	NEED(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	getrlimit(RLIMIT_STACK, &rl);
	rl.rlim_cur = 8 << 20;
	setrlimit(RLIMIT_STACK, &rl);
	try("two", two, env);
	try("no environment", two, none);
	try("NULL environment", two, NULL);
	try("no arguments", none, env);
	try("NULL arguments", NULL, env);
	v = many(20000, 10);
	try("20,000 of ten", v, none);
	v = many(20, 100000);
	try("a hundred thousand each", v, none);
	v = many(1, 131071);
	try("longest", v, none);
	v = many(1, 131072);
	try("one longer", v, none);
	v = many(15, 131000);
	try("just under two megabytes", v, none);
	v = many(17, 131000);
	try("over two megabytes", v, none);
	try("over in the environment", two, v);
	v = many(250000, 1);
	try("pointers count too", v, none);
	rl.rlim_cur = 512 << 10;
	setrlimit(RLIMIT_STACK, &rl);
	v = many(1, 120000);
	try("small stack", v, none);
	v = many(2, 120000);
	try("small stack, more", v, none);
	big = malloc(1);
	free(big);
	return 0;
}
