/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests that need somebody to be asleep: they wait for that, not for a time in which it should
 * have come about. Whoever waits must not be what the other one looks at in turn: these sleep too.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASLEEP_LOOKS 5     /* in a row, 1 ms apart: it stays so */
#define ASLEEP_MAX   20000 /* looks in all */

/* The state letter of a process, or of a thread of this one; 0: it is not there. */
__attribute__((unused)) static char state_of(pid_t tid)
{
	static const char *const where[] = { "/proc/self/task/%d/stat", "/proc/%d/stat" };
	char path[64], line[512], state = 0;

	for (int i = 0; i < 2 && !state; i++) {
		const char *p;
		FILE *f;

		snprintf(path, sizeof(path), where[i], (int)tid);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(line, sizeof(line), f) && (p = strrchr(line, ')')) && p[1] == ' ')
			state = p[2];
		fclose(f);
	}
	return state;
}

__attribute__((unused)) static void until_state(pid_t tid, char state)
{
	for (int n = 0, i = 0; n < ASLEEP_LOOKS && i < ASLEEP_MAX; i++) {
		char now = state_of(tid);

		if (!now || now == 'Z')
			return;
		n = now == state ? n + 1 : 0;
		usleep(1000);
	}
}

__attribute__((unused)) static void until_asleep(pid_t tid)
{
	until_state(tid, 'S');
}

/* nr threads of this process sleep, besides the one that asks. */
__attribute__((unused)) static void until_threads_asleep(int nr)
{
	for (int n = 0, i = 0; n < ASLEEP_LOOKS && i < ASLEEP_MAX; i++) {
		DIR *d = opendir("/proc/self/task");
		int asleep = 0;

		for (struct dirent *e; d && (e = readdir(d));) {
			pid_t tid = (pid_t)atoi(e->d_name);

			asleep += tid > 0 && tid != gettid() && state_of(tid) == 'S';
		}
		if (d)
			closedir(d);
		n = asleep >= nr ? n + 1 : 0;
		usleep(1000);
	}
}
