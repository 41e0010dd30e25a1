/* SPDX-License-Identifier: Apache-2.0 */
/* System V message queues: types, sizes, full queues, sleeping, removal, errors. */
#include <sys/ipc.h>
#include <sys/msg.h>

#include "lib/asleep.h"
#include "lib/show.h"

static struct {
	long type;
	char text[9000];
} g_m;

static int g_id;

static int snd(long type, const char *text, int flags)
{
	g_m.type = type;
	strcpy(g_m.text, text);
	return msgsnd(g_id, &g_m, strlen(text) + 1, flags);
}

static void rcv(size_t size, long type, int flags)
{
	ssize_t n;

	memset(&g_m, 0, sizeof(g_m));
	n = msgrcv(g_id, &g_m, size, type, flags);
	if (n < 0)
		printf("rcv type %ld: %s\n", type, errno_name(errno));
	else
		printf("rcv type %ld: %zd bytes, type %ld, \"%s\"\n", type, n, g_m.type, g_m.text);
}

static void on_usr1(int sig) {}

int main(void)
{
	key_t key = 0x48570000 + (key_t)(getpid() & 0xffff);
	struct msqid_ds ds;
	int status;
	pid_t pid;

	SHOW(msgget(key, 0));
	g_id = msgget(key, IPC_CREAT | 0600);
	SHOW(g_id >= 0);
	SHOW(msgget(key, IPC_CREAT | IPC_EXCL | 0600));
	SHOW(msgget(key, 0) == g_id);
	SHOW(snd(0, "x", 0));
	SHOW(snd(-1, "x", 0));
	SHOW(msgsnd(g_id, &g_m, 8193, 0));
	SHOW(msgsnd(g_id, &g_m, (size_t)-1, 0));
	SHOW(msgsnd(g_id, (void *)8, 1, 0));
	SHOW(msgrcv(g_id, &g_m, (size_t)-1, 0, 0));
	rcv(10, 0, IPC_NOWAIT);
	for (int i = 0; i < 6; i++)
		snd(5 - i % 3, (char[]){ 'a' + i, 0 }, 0);
	rcv(10, 4, 0);
	rcv(10, -4, 0);
	rcv(10, 5, MSG_EXCEPT);
	rcv(10, -9, 0);
	rcv(10, 0, 0);
	rcv(10, 77, IPC_NOWAIT);
	rcv(10, 0, 0);
	rcv(10, 0, IPC_NOWAIT);
	SHOW(snd(3, "long text", 0));
	rcv(4, 0, 0);
	rcv(4, 0, MSG_NOERROR);
	rcv(4, 0, IPC_NOWAIT);
	SHOW(msgctl(g_id, IPC_STAT, &ds));
	SHOW(ds.msg_qnum);
	SHOW(ds.msg_qbytes);
	SHOW(ds.msg_lspid == getpid());
	g_m.type = 1;
	SHOW(msgsnd(g_id, &g_m, 8192, IPC_NOWAIT));
	SHOW(msgsnd(g_id, &g_m, 8192, IPC_NOWAIT));
	SHOW(msgsnd(g_id, &g_m, 1, IPC_NOWAIT));
	pid = fork();
	if (pid == 0) {
		/* its lines would race with the parent's */
		_exit(snd(2, "waited", 0) == 0 ? 0 : 1);
	}
	until_asleep(pid);
	SHOW(waitpid(pid, &status, WNOHANG));
	g_m.type = 1;
	SHOW(msgrcv(g_id, &g_m, 8192, 1, 0));
	waitpid(pid, &status, 0);
	show_status("sent", status);
	rcv(100, 2, 0);
	SHOW(msgrcv(g_id, &g_m, 8192, 1, 0));
	pid = fork();
	if (pid == 0) {
		signal(SIGUSR1, on_usr1);
		rcv(100, 9, 0);
		rcv(100, 9, 0);
		_exit(msgrcv(g_id, &g_m, 100, 9, 0) == -1 && errno == EIDRM ? 0 : 1);
	}
	until_asleep(pid);
	kill(pid, SIGUSR1);
	until_asleep(pid);
	snd(8, "not it", 0);
	snd(9, "it", 0);
	until_asleep(pid);
	ds.msg_qbytes = 100;
	SHOW(msgctl(g_id, IPC_SET, &ds));
	SHOW(msgctl(g_id, IPC_RMID, NULL));
	waitpid(pid, &status, 0);
	show_status("removed", status);
	rcv(10, 0, 0);
	SHOW(msgctl(g_id, IPC_STAT, &ds));
	return 0;
}
