/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V semaphores: operations in one step, sleeping, undo at exit, limits, removal under
 * sleepers, errors.
 */
#include <sys/ipc.h>
#include <sys/sem.h>
#include <time.h>

#include "lib/asleep.h"
#include "lib/show.h"

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
};

static int g_id;

static int op(int num, int op, int flags)
{
	struct sembuf b = { (unsigned short)num, (short)op, (short)flags };

	return semop(g_id, &b, 1);
}

static int op2(int n1, int o1, int n2, int o2, int flags)
{
	struct sembuf b[2] = { { (unsigned short)n1, (short)o1, (short)flags },
			       { (unsigned short)n2, (short)o2, (short)flags } };

	return semop(g_id, b, 2);
}

static int val(int num)
{
	return semctl(g_id, num, GETVAL);
}

static void wait_sleepers(int num, int cmd)
{
	while (semctl(g_id, num, cmd) < 1)
		usleep(1000);
}

static void on_usr1(int sig) {}

int main(void)
{
	key_t key = 0x48560000 + (key_t)(getpid() & 0xffff);
	unsigned short vals[3] = { 1, 2, 3 };
	struct semid_ds ds;
	struct timespec ts = { 0, 20000000 };
	struct sembuf b = { 0, -1, 0 };
	int status;
	pid_t pid;

	SHOW(semget(key, 0, IPC_CREAT | 0600));
	SHOW(semget(key, -1, IPC_CREAT | 0600));
	SHOW(semget(key, 32001, IPC_CREAT | 0600));
	SHOW(semget(key, 3, 0));
	g_id = semget(key, 3, IPC_CREAT | 0600);
	SHOW(g_id >= 0);
	SHOW(semget(key, 4, 0));
	SHOW(semget(key, 2, 0) == g_id);
	SHOW(semget(key, 3, IPC_CREAT | IPC_EXCL));
	SHOW(semctl(g_id, 0, SETALL, (union semun){ .array = vals }));
	SHOW(val(2));
	SHOW(semctl(g_id, 3, GETVAL));
	SHOW(semctl(g_id, 0, SETVAL, (union semun){ .val = 32768 }));
	SHOW(semctl(g_id, 0, SETVAL, (union semun){ .val = -1 }));
	SHOW(semctl(g_id, 0, 99));
	SHOW(semctl(g_id + 999999, 0, GETVAL));
	SHOW(op(0, -1, IPC_NOWAIT));
	SHOW(op(0, -1, IPC_NOWAIT));
	SHOW(op(1, 0, IPC_NOWAIT));
	SHOW(op(0, 0, IPC_NOWAIT));
	SHOW(op(3, 1, 0));
	SHOW(op(0, 32767, 0));
	SHOW(op(0, 1, 0));
	SHOW(semctl(g_id, 0, SETVAL, (union semun){ .val = 0 }));
	SHOW(op2(1, -2, 0, -1, IPC_NOWAIT));
	SHOW(val(1));
	SHOW(op2(1, -2, 0, 1, IPC_NOWAIT));
	SHOW(val(0));
	SHOW(val(1));
	SHOW(semop(g_id, &b, 0));
	SHOW(semop(g_id, &b, 501));
	SHOW(semop(g_id, (void *)8, 1));
	SHOW(semtimedop(g_id, &(struct sembuf){ 1, -1, 0 }, 1, &ts));
	ts.tv_nsec = -1;
	SHOW(semtimedop(g_id, &b, 1, &ts));
	SHOW(semctl(g_id, 0, GETPID) == getpid());

	/* a sleeper is served by the poster */
	semctl(g_id, 0, SETVAL, (union semun){ .val = 0 });
	pid = fork();
	if (pid == 0)
		_exit(op2(0, -2, 1, 5, 0) ? errno : 0);
	wait_sleepers(0, GETNCNT);
	SHOW(semctl(g_id, 0, GETNCNT));
	SHOW(semctl(g_id, 0, GETZCNT));
	SHOW(op(0, 1, 0));
	SHOW(waitpid(pid, &status, WNOHANG));
	SHOW(op(0, 1, 0));
	SHOW(waitpid(pid, &status, 0) == pid);
	show_status("got two", status);
	SHOW(val(0));
	SHOW(val(1));
	pid = fork();
	if (pid == 0)
		_exit(op(1, 0, 0) ? errno : 0);
	wait_sleepers(1, GETZCNT);
	SHOW(op(1, -5, 0));
	waitpid(pid, &status, 0);
	show_status("saw zero", status);

	/* undo */
	semctl(g_id, 2, SETVAL, (union semun){ .val = 10 });
	pid = fork();
	if (pid == 0) {
		op(2, -3, SEM_UNDO);
		op(2, -1, 0);
		op(2, 2, SEM_UNDO);
		_exit(val(2));
	}
	waitpid(pid, &status, 0);
	show_status("in the child", status);
	SHOW(val(2));
	pid = fork();
	if (pid == 0) {
		op(2, -4, SEM_UNDO);
		semctl(g_id, 2, SETVAL, (union semun){ .val = 1 });
		raise(SIGKILL);
	}
	waitpid(pid, &status, 0);
	SHOW(val(2));

	/* interrupted, and removed under a sleeper */
	pid = fork();
	if (pid == 0) {
		sigaction(SIGUSR1,
			  &(struct sigaction){ .sa_handler = on_usr1, .sa_flags = SA_RESTART },
			  NULL);
		SHOW(op(0, -1, 0));
		SHOW(op(0, -1, 0));
		_exit(0);
	}
	wait_sleepers(0, GETNCNT);
	kill(pid, SIGUSR1);
	until_asleep(pid);
	wait_sleepers(0, GETNCNT);
	SHOW(semctl(g_id, 0, IPC_STAT, (union semun){ .buf = &ds }));
	SHOW(ds.sem_nsems);
	SHOWX(ds.sem_perm.mode);
	if (semctl(g_id, 0, IPC_RMID) != 0) /* silent: the child prints now */
		printf("not removed\n");
	waitpid(pid, &status, 0);
	show_status("removed", status);
	SHOW(op(0, 1, 0));
	SHOW(semctl(g_id, 0, IPC_RMID));
	return 0;
}
