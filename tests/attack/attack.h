/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the attacking guests share: a victim beside them that must notice nothing, and a frame in
 * which an attack may kill its own process. A program prints "held" and exits 0 if all is well
 * afterwards.
 */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIE(...)                                                                                   \
	do {                                                                                       \
		fprintf(stderr, __VA_ARGS__);                                                      \
		fputc('\n', stderr);                                                               \
		exit(1);                                                                           \
	} while (0)

struct victim {
	pid_t pid;
	int to, from;
};

/* Answers each byte with the sum of its memory, which nobody may have changed. */
static inline void victim_start(struct victim *v)
{
	int a[2], b[2];

	if (pipe(a) < 0 || pipe(b) < 0)
		DIE("pipe: %s", strerror(errno));
	v->pid = fork();
	if (v->pid < 0)
		DIE("fork: %s", strerror(errno));
	if (v->pid == 0) {
		unsigned char *m = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char c;

		close(a[1]);
		close(b[0]);
		memset(m, 7, 1 << 20);
		while (read(a[0], &c, 1) == 1) {
			uint32_t sum = 0;

			for (int i = 0; i < 1 << 20; i++)
				sum += m[i];
			if (write(b[1], &sum, sizeof(sum)) != sizeof(sum))
				_exit(2);
		}
		_exit(0);
	}
	close(a[0]);
	close(b[1]);
	v->to = a[1];
	v->from = b[0];
}

static inline void victim_check(const struct victim *v)
{
	uint32_t sum = 0;

	if (write(v->to, "?", 1) != 1 || read(v->from, &sum, sizeof(sum)) != sizeof(sum))
		DIE("the victim does not answer");
	if (sum != 7u << 20)
		DIE("the victim's memory changed");
}

static inline void victim_end(struct victim *v)
{
	int status;

	victim_check(v);
	close(v->to);
	if (waitpid(v->pid, &status, 0) != v->pid || status != 0)
		DIE("the victim ended with %#x", status);
	puts("held");
}

/*
 * Runs fn(arg) in a process of its own for at most a few seconds: its wait status. What it does to
 * itself is its own affair.
 */
static inline int attempt(void (*fn)(void *arg), void *arg, unsigned int seconds)
{
	int status = -1;
	pid_t pid = fork();

	if (pid < 0)
		DIE("fork: %s", strerror(errno));
	if (pid == 0) {
		alarm(seconds);
		fn(arg);
		_exit(0);
	}
	/* the alarm can be blocked by the attack: SIGKILL cannot */
	for (unsigned int i = 0; i < seconds * 20 + 20; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(i < 10 ? 2000 : 50000);
	}
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		DIE("a killed process does not end");
	return status;
}
