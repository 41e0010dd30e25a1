/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing for differential tests. A test prints what a call returned and what it changed, and
 * nothing that may differ between two runs on Linux: no addresses, process ids, inode numbers,
 * times. Line buffering, so that fork() copies no text and a killed program shows how far it came.
 */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW_UNUSED_ __attribute__((unused))

__attribute__((constructor)) static void show_init_(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

SHOW_UNUSED_ static const char *errno_name(int err)
{
	const char *name = err ? strerrorname_np(err) : "0";

	return name ? name : "E?";
}

SHOW_UNUSED_ static long long show_ret_(const char *expr, long long ret, int err)
{
	if (ret == -1 && err)
		printf("%s = -1 %s\n", expr, errno_name(err));
	else
		printf("%s = %lld\n", expr, ret);
	return ret;
}

/* `expr = ret`, and the name of errno when ret is -1; the value is the result. */
#define SHOW(...)                                                                                  \
	({                                                                                         \
		long long show_r_;                                                                 \
		errno = 0;                                                                         \
		show_r_ = (long long)(__VA_ARGS__);                                                \
		show_ret_(#__VA_ARGS__, show_r_, errno);                                           \
	})

/* For results that differ between runs (descriptors, pids): `expr = ok` or the error. */
#define SHOW_OK(...)                                                                               \
	({                                                                                         \
		long long show_r_;                                                                 \
		errno = 0;                                                                         \
		show_r_ = (long long)(__VA_ARGS__);                                                \
		if (show_r_ == -1)                                                                 \
			show_ret_(#__VA_ARGS__, -1, errno);                                        \
		else                                                                               \
			printf("%s = ok\n", #__VA_ARGS__);                                         \
		show_r_;                                                                           \
	})

/* For functions that return an error number instead of setting errno (pthread_*, posix_*). */
#define SHOW_ERR(...)                                                                              \
	({                                                                                         \
		int show_r_ = (__VA_ARGS__);                                                       \
		printf("%s = %s\n", #__VA_ARGS__, errno_name(show_r_));                            \
		show_r_;                                                                           \
	})

/* For pointers: `expr = ok`, `NULL` or `MAP_FAILED`, with errno for the latter two. */
#define SHOWP(...)                                                                                 \
	({                                                                                         \
		void *show_p_;                                                                     \
		errno = 0;                                                                         \
		show_p_ = (void *)(uintptr_t)(__VA_ARGS__);                                        \
		if (show_p_ == MAP_FAILED || !show_p_)                                             \
			printf("%s = %s %s\n", #__VA_ARGS__, show_p_ ? "MAP_FAILED" : "NULL",      \
			       errno_name(errno));                                                 \
		else                                                                               \
			printf("%s = ok\n", #__VA_ARGS__);                                         \
		show_p_;                                                                           \
	})

/* In hexadecimal, for flags and masks. */
#define SHOWX(...) printf("%s = %#llx\n", #__VA_ARGS__, (unsigned long long)(__VA_ARGS__))

/* A terminated string, or (null). */
#define SHOWS(...)                                                                                 \
	({                                                                                         \
		const char *show_s_ = (__VA_ARGS__);                                               \
		printf("%s = \"%s\"\n", #__VA_ARGS__, show_s_ ? show_s_ : "(null)");               \
	})

/* Must hold for the test to make sense; ends it with a message otherwise. */
#define NEED(...)                                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		if (!(__VA_ARGS__)) {                                                              \
			printf("NEED %s: %s\n", #__VA_ARGS__, errno_name(errno));                  \
			exit(99);                                                                  \
		}                                                                                  \
	} while (0)

/* Bytes as text with \xNN for what is not printable. */
SHOW_UNUSED_ static void show_bytes(const char *name, const void *buf, size_t size)
{
	const unsigned char *p = buf;

	printf("%s = \"", name);
	for (size_t i = 0; i < size; i++) {
		if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
			putchar(p[i]);
		else
			printf("\\x%02x", p[i]);
	}
	printf("\"\n");
}

/* What two runs agree on: type, mode, links, owner, size (not of directories), device number. */
SHOW_UNUSED_ static void show_stat(const char *name, const struct stat *st)
{
	printf("%s: mode %06o nlink %lu uid %u gid %u", name, st->st_mode,
	       S_ISDIR(st->st_mode) ? 0UL : (unsigned long)st->st_nlink, st->st_uid, st->st_gid);
	if (!S_ISDIR(st->st_mode))
		printf(" size %lld", (long long)st->st_size);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		printf(" rdev %#llx", (unsigned long long)st->st_rdev);
	putchar('\n');
}

/* "exited 3", "killed SIGSEGV", "killed SIGABRT core" is not told apart from without core. */
SHOW_UNUSED_ static void show_status(const char *name, int status)
{
	if (WIFEXITED(status))
		printf("%s: exited %d\n", name, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		printf("%s: killed SIG%s\n", name, sigabbrev_np(WTERMSIG(status)));
	else if (WIFSTOPPED(status))
		printf("%s: stopped SIG%s, event %d\n", name,
		       sigabbrev_np(WSTOPSIG(status) & 0x7f) ?
			       sigabbrev_np(WSTOPSIG(status) & 0x7f) :
			       "?",
		       status >> 16);
	else if (WIFCONTINUED(status))
		printf("%s: continued\n", name);
	else
		printf("%s: status %#x\n", name, status);
}

SHOW_UNUSED_ static void show_sigset(const char *name, const sigset_t *set)
{
	printf("%s = {", name);
	for (int sig = 1; sig < 65; sig++) {
		if (sigismember(set, sig) == 1)
			printf(" %d", sig);
	}
	printf(" }\n");
}

/* Runs fn in a child and shows how it ended. The child's output comes before the status. */
SHOW_UNUSED_ static void show_child(const char *name, void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	NEED(pid >= 0);
	if (pid == 0) {
		fn();
		exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid);
	show_status(name, status);
}

/* A new file of the given contents in the current directory. */
SHOW_UNUSED_ static void make_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	NEED(f != NULL);
	fputs(text, f);
	NEED(fclose(f) == 0);
}
