/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V shared memory: creation, keys, attachments across fork, removal while attached,
 * permissions, errors.
 */
#include <sys/ipc.h>
#include <sys/shm.h>

#include "lib/show.h"

static void stat_seg(int id)
{
	struct shmid_ds ds;

	if (SHOW(shmctl(id, IPC_STAT, &ds)) == 0)
		printf("size %zu nattch %lu mode %o cpid %s lpid %s\n", ds.shm_segsz,
		       (unsigned long)ds.shm_nattch, ds.shm_perm.mode,
		       ds.shm_cpid == getpid() ? "me" : "other",
		       ds.shm_lpid == getpid() ? "me" :
		       ds.shm_lpid             ? "other" :
						 "0");
}

int main(void)
{
	key_t key = 0x48550000 + (key_t)(getpid() & 0xffff);
	struct shmid_ds ds;
	int id, id2, status;
	char *p, *q;
	pid_t pid;

	SHOW(shmget(key, 0, IPC_CREAT | 0600));
	SHOW(shmget(key, 100, 0));
	id = shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0640);
	SHOW(id >= 0);
	SHOW(shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0640));
	SHOW(shmget(key, 100, 0) == id);
	SHOW(shmget(key, 5001, 0));
	stat_seg(id);
	SHOWP(shmat(id, (void *)1, 0));
	SHOWP(shmat(-1, NULL, 0));
	SHOWP(shmat(id + 77777, NULL, 0));
	SHOWP(shmat(id, NULL, SHM_REMAP));
	p = SHOWP(shmat(id, NULL, 0));
	q = SHOWP(shmat(id, NULL, SHM_RDONLY));
	strcpy(p, "shared");
	SHOWS(q);
	stat_seg(id);
	SHOWP(shmat(id, p, 0));
	SHOW(shmat(id, p + 100, SHM_RND | SHM_REMAP) == p);
	SHOWS(p);
	pid = fork();
	if (pid == 0) {
		stat_seg(id);
		strcpy(p + 4096, "from the child");
		*(volatile char *)q = 1;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	show_status("writes to a read-only one", status);
	SHOWS(p + 4096);
	SHOW(p[8191]);
	SHOW(shmdt(p + 1));
	SHOW(shmdt(p + 4096));
	SHOW(shmdt(q));
	SHOW(shmdt(q));
	stat_seg(id);
	SHOW(shmctl(id, IPC_RMID, NULL));
	stat_seg(id);
	SHOW(shmget(key, 100, 0));
	SHOWS(p);
	q = SHOWP(shmat(id, NULL, 0));
	SHOWS(q);
	SHOW(shmdt(q));
	SHOW(shmdt(p));
	stat_seg(id);
	id2 = shmget(IPC_PRIVATE, 4096, 0400);
	SHOW(id2 >= 0 && id2 != id);
	if (getuid() == 0) {
		pid = fork();
		if (pid == 0) {
			setgid(1234);
			setuid(1234);
			SHOW(shmctl(id2, IPC_STAT, &ds));
			SHOWP(shmat(id2, NULL, SHM_RDONLY));
			SHOW(shmctl(id2, IPC_RMID, NULL));
			_exit(0);
		}
		waitpid(pid, &status, 0);
	}
	SHOW(shmctl(id2, IPC_STAT, (void *)8));
	SHOW(shmctl(id2, 99, &ds));
	shmctl(id2, IPC_STAT, &ds);
	ds.shm_perm.mode = 0666;
	SHOW(shmctl(id2, IPC_SET, &ds));
	stat_seg(id2);
	SHOW(shmctl(id2, SHM_LOCK, NULL));
	stat_seg(id2);
	SHOW(shmctl(id2, IPC_RMID, NULL));
	SHOW(shmctl(id2, IPC_RMID, NULL));
	return 0;
}
