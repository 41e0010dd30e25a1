/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_CPU: SIGXCPU at the soft limit, SIGKILL at the hard one; inherited by children. */
#include <sys/resource.h>

#include "lib/show.h"

static volatile int g_hits;

static void handler(int sig)
{
	g_hits++;
}

static void burn(void)
{
	for (;;)
		getppid();
}

static void handled(void)
{
	struct rlimit lim = { 1, 10 };

	signal(SIGXCPU, handler);
	SHOW(setrlimit(RLIMIT_CPU, &lim));
	while (!g_hits)
		getppid();
	_exit(4);
}

static void inherited(void)
{
	struct rlimit lim = { 1, 10 };

	setrlimit(RLIMIT_CPU, &lim);
	show_child("grandchild", burn);
}

int main(void)
{
	show_child("handled", handled);
	show_child("inherited", inherited);
	return 0;
}
