/* SPDX-License-Identifier: Apache-2.0 */
/* The small attributes of prctl(2): their values, their ranges, their spare arguments. */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib/caps.h"

static int child(void)
{
	int v = -1, ret = prctl(PR_GET_PDEATHSIG, &v);

	printf("child: pdeathsig %d (%d), subreaper ", v, ret);
	prctl(PR_GET_CHILD_SUBREAPER, &v);
	printf("%d, nnp %d, slack %ld\n", v, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
	       (long)prctl(PR_GET_TIMERSLACK));
	return 0;
}

static void names(void)
{
	char name[16];

	SHOW(prctl(PR_SET_NAME, "short"));
	SHOW(prctl(PR_GET_NAME, name));
	show_bytes("name", name, 16);
	SHOW(prctl(PR_SET_NAME, "a name longer than fifteen bytes"));
	SHOW(prctl(PR_GET_NAME, name));
	show_bytes("name", name, 16);
	SHOW(prctl(PR_SET_NAME, ""));
	SHOW(prctl(PR_GET_NAME, name));
	show_bytes("name", name, 16);
	SHOW(prctl(PR_SET_NAME, 8L));
	SHOW(prctl(PR_GET_NAME, 8L));
}

static void slack(void)
{
	SHOW(prctl(PR_GET_TIMERSLACK));
	SHOW(prctl(PR_SET_TIMERSLACK, 123456));
	SHOW(prctl(PR_GET_TIMERSLACK));
	SHOW(prctl(PR_SET_TIMERSLACK, 0));
	SHOW(prctl(PR_GET_TIMERSLACK));
}

static void machine_checks(void)
{
	SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
	SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 7, 0, 0));
	SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0));
	SHOW(prctl(PR_MCE_KILL, 9, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL_GET, 1, 0, 0, 0));
}

int main(void)
{
	int v = 7, status;

	SHOW(prctl(PR_GET_PDEATHSIG, &v));
	SHOW(v);
	SHOW(prctl(PR_SET_PDEATHSIG, 10));
	SHOW(prctl(PR_SET_PDEATHSIG, 65));
	SHOW(prctl(PR_SET_PDEATHSIG, -1));
	SHOW(prctl(PR_GET_PDEATHSIG, &v));
	SHOW(v);
	SHOW(prctl(PR_GET_PDEATHSIG, 8L));
	SHOW(prctl(PR_SET_CHILD_SUBREAPER, 5));
	SHOW(prctl(PR_GET_CHILD_SUBREAPER, &v));
	SHOW(v);
	names();
	slack();
	SHOW(prctl(PR_SET_TIMERSLACK, 77777));

	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(prctl(PR_SET_DUMPABLE, 0));
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(prctl(PR_SET_DUMPABLE, 2));
	SHOW(prctl(PR_SET_DUMPABLE, -1));
	SHOW(prctl(PR_SET_DUMPABLE, 1));

	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));

	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 1));
	SHOW(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	SHOW(prctl(PR_GET_TIMING));
	SHOW(prctl(PR_SET_TIMING, 1));
	SHOW(prctl(PR_SET_TIMING, 0));
	SHOW(prctl(PR_GET_SECCOMP));
	machine_checks();
	SHOW(prctl(PR_TASK_PERF_EVENTS_DISABLE));
	SHOW(prctl(PR_SET_PTRACER, getppid()));
	SHOW(prctl(PR_GET_UNALIGN, &v));
	SHOW(prctl(PR_SET_FPEMU, 1));
	SHOW(prctl(PR_GET_ENDIAN, &v));
	SHOW(prctl(4711));
	SHOW(prctl(-1));
	SHOW(prctl(PR_GET_SPECULATION_CTRL, 99, 0, 0, 0));
	SHOW(prctl(PR_GET_SPECULATION_CTRL, 0, 1, 0, 0));
	SHOW(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &v, 0, 0));
	SHOW(v);
	SHOW(prctl(PR_SET_MM, PR_SET_MM_ARG_START, 0, 1, 0));
	SHOW(prctl(PR_SET_MM, PR_SET_MM_ARG_START, 0, 0, 1));

	fflush(stdout);
	if (fork() == 0)
		_exit(child());
	wait(&status);
	show_status("child", status);
	return 0;
}
