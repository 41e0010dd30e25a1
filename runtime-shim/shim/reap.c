/* SPDX-License-Identifier: Apache-2.0 */
/* Starting commands and fetching the ends of children. */
#include "reap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/list.h"
#include "log.h"

enum child_kind { CHILD_COMMAND, CHILD_FORGOTTEN, CHILD_CLAIMED, CHILD_UNKNOWN };

struct child {
	struct list_head link;
	enum child_kind kind;
	pid_t pid;
	bool ended;
	int status;
	struct timespec when;
	reap_fn *fn;
	void *arg;
};

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_ended = PTHREAD_COND_INITIALIZER;
static LIST_HEAD(g_children);
static unsigned int g_holds;
static bool g_alone; /* const once threads run */

static struct child *find_locked(pid_t pid, bool ended)
{
	struct child *c;

	list_for_each_entry(c, &g_children, link) {
		if (c->pid == pid && c->ended == ended)
			return c;
	}
	return NULL;
}

static struct child *add_locked(pid_t pid, enum child_kind kind)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pid = pid;
	c->kind = kind;
	list_add_tail(&c->link, &g_children);
	return c;
}

static void drop_locked(struct child *c)
{
	list_del(&c->link);
	free(c);
}

#define EXTRA_MAX 5
/* Descriptors to be handed over are copied to numbers from here on, above every number they get. */
#define COPIES_FROM 16

/* What the new process gets: its descriptors. copies[] are the caller's to close. */
static int actions(const struct spawn *s, posix_spawn_file_actions_t *fa, int *copies)
{
	int fds[3 + EXTRA_MAX] = { s->in, s->out, s->err };
	int n = 3 + (int)s->nr_extra, e = 0;

	for (int i = 3; i < n; i++)
		fds[i] = s->extra[i - 3];
	for (int i = 0; i < n; i++) {
		if (fds[i] < 0) {
			e |= posix_spawn_file_actions_addopen(fa, i, "/dev/null",
							      i ? O_WRONLY : O_RDONLY, 0);
			continue;
		}
		copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, COPIES_FROM);
		if (copies[i] < 0)
			return -errno;
		e |= posix_spawn_file_actions_adddup2(fa, copies[i], i);
	}
	if (s->cwd)
		e |= posix_spawn_file_actions_addchdir_np(fa, s->cwd);
	return e ? -ENOMEM : 0;
}

pid_t reap_spawn(const struct spawn *s)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	struct child *c;
	int copies[3 + EXTRA_MAX];
	pid_t pid = -1;
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		copies[i] = -1;
	if (s->nr_extra > EXTRA_MAX)
		return -EINVAL;
	if (posix_spawn_file_actions_init(&fa))
		return -ENOMEM;
	if (posix_spawnattr_init(&at)) {
		posix_spawn_file_actions_destroy(&fa);
		return -ENOMEM;
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setsigdefault(&at, &all);
	posix_spawnattr_setpgroup(&at, 0);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
					      POSIX_SPAWN_SETPGROUP);
	ret = actions(s, &fa, copies);
	if (ret == 0) {
		/* The lock is held until the pid is on the list: its end cannot be missed. */
		pthread_mutex_lock(&g_lock);
		ret = -posix_spawnp(&pid, s->argv[0], &fa, &at, s->argv, s->env ? s->env : environ);
		if (ret == 0) {
			c = add_locked(pid, CHILD_COMMAND);
			if (!c)
				ret = -ENOMEM;
		}
		pthread_mutex_unlock(&g_lock);
	}
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		if (copies[i] >= 0)
			close(copies[i]);
	}
	return ret ? ret : pid;
}

int reap_wait(pid_t pid)
{
	struct child *c;
	int status = -1;

	if (g_alone)
		waitpid(pid, &status, 0);
	pthread_mutex_lock(&g_lock);
	for (; !g_alone;) {
		c = find_locked(pid, true);
		if (c && c->kind == CHILD_COMMAND) {
			status = c->status;
			drop_locked(c);
			break;
		}
		if (!find_locked(pid, false))
			break;
		pthread_cond_wait(&g_ended, &g_lock);
	}
	pthread_mutex_unlock(&g_lock);
	return status;
}

void reap_alone(void)
{
	g_alone = true;
}

void reap_forget(pid_t pid)
{
	struct child *c;

	pthread_mutex_lock(&g_lock);
	c = find_locked(pid, true);
	if (c)
		drop_locked(c);
	else if ((c = find_locked(pid, false)))
		c->kind = CHILD_FORGOTTEN;
	pthread_mutex_unlock(&g_lock);
}

void reap_hold(void)
{
	pthread_mutex_lock(&g_lock);
	g_holds++;
	pthread_mutex_unlock(&g_lock);
}

void reap_release(void)
{
	struct child *c, *next;

	pthread_mutex_lock(&g_lock);
	if (--g_holds == 0) {
		list_for_each_entry_safe(c, next, &g_children, link) {
			if (c->kind == CHILD_UNKNOWN)
				drop_locked(c);
		}
	}
	pthread_mutex_unlock(&g_lock);
}

int reap_claim(pid_t pid, reap_fn *fn, void *arg)
{
	struct child *c, end = { 0 };

	pthread_mutex_lock(&g_lock);
	c = find_locked(pid, true);
	if (c && c->kind == CHILD_UNKNOWN) {
		end = *c;
		drop_locked(c);
	} else {
		c = add_locked(pid, CHILD_CLAIMED);
		if (c) {
			c->fn = fn;
			c->arg = arg;
		}
	}
	pthread_mutex_unlock(&g_lock);
	if (end.ended)
		fn(arg, pid, end.status, &end.when);
	return end.ended || c ? 0 : -ENOMEM;
}

/* Notes one end; true with *ret_claimed set if somebody is to be called. */
static bool note_locked(pid_t pid, int status, struct child *ret_claimed)
{
	struct child *c = find_locked(pid, false);

	if (!c) {
		if (!g_holds)
			return false;
		c = add_locked(pid, CHILD_UNKNOWN);
		if (!c)
			return false;
	}
	c->ended = true;
	c->status = status;
	clock_gettime(CLOCK_REALTIME, &c->when);
	if (c->kind == CHILD_CLAIMED) {
		*ret_claimed = *c;
		drop_locked(c);
		return true;
	}
	if (c->kind == CHILD_FORGOTTEN)
		drop_locked(c);
	else
		pthread_cond_broadcast(&g_ended);
	return false;
}

void reap_all(void)
{
	struct child claimed;
	bool call;
	pid_t pid;
	int status;

	for (;;) {
		/* Under the lock: a pid that was fetched is free to be given to a new command. */
		pthread_mutex_lock(&g_lock);
		pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0) {
			pthread_mutex_unlock(&g_lock);
			return;
		}
		call = note_locked(pid, status, &claimed);
		pthread_mutex_unlock(&g_lock);
		if (call)
			claimed.fn(claimed.arg, pid, status, &claimed.when);
	}
}
