/* SPDX-License-Identifier: Apache-2.0 */
/* SECCOMP_FILTER_FLAG_TSYNC: all threads get the filter, or none if one has gone its own way. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib/show.h"

static pthread_barrier_t meet;

static long deny(long nr, unsigned int err, unsigned int flags)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, f };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static void *thread(void *arg)
{
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
	SHOW(syscall(SYS_getppid));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	/* a filter of its own: from now on it cannot follow */
	SHOW(deny(SYS_getuid, EXDEV, 0));
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
	SHOW(syscall(SYS_getgid) >= 0);
	return NULL;
}

int main(void)
{
	pthread_t th;
	long ret;

	NEED(pthread_barrier_init(&meet, NULL, 2) == 0);
	NEED(pthread_create(&th, NULL, thread, NULL) == 0);
	pthread_barrier_wait(&meet);
	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	SHOW(deny(SYS_getppid, EDOM, SECCOMP_FILTER_FLAG_TSYNC));
	pthread_barrier_wait(&meet);
	pthread_barrier_wait(&meet);
	ret = deny(SYS_getgid, EDOM, SECCOMP_FILTER_FLAG_TSYNC);
	SHOW(ret > 0);
	SHOW(deny(SYS_getgid, EDOM, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH));
	SHOW(syscall(SYS_getgid) >= 0);
	pthread_barrier_wait(&meet);
	pthread_join(th, NULL);
	return 0;
}
