/* SPDX-License-Identifier: Apache-2.0 */
/* process_vm_readv and process_vm_writev: between parent and child, in pieces, into holes. */
#include <sys/uio.h>

#include "lib/show.h"

#define PG 4096

int main(void)
{
	char *p = mmap(NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     buf[3 * PG], c;
	struct iovec l, r[3];
	int to[2], from[2], st;
	pid_t pid;

	NEED(pipe(to) == 0 && pipe(from) == 0);
	memset(p, 'p', 4 * PG);
	pid = fork();
	if (pid == 0) {
		memset(p, 'c', 2 * PG);
		munmap(p + 3 * PG, PG);
		mprotect(p + 2 * PG, PG, PROT_READ);
		NEED(write(from[1], "x", 1) == 1);
		NEED(read(to[0], &c, 1) == 1);
		SHOW(p[0]);
		SHOW(p[PG]);
		SHOW(p[2 * PG]);
		_exit(0);
	}
	NEED(read(from[0], &c, 1) == 1);
	l = (struct iovec){ buf, sizeof(buf) };
	r[0] = (struct iovec){ p, PG };
	r[1] = (struct iovec){ p + 2 * PG - 1, 2 };
	SHOW(process_vm_readv(pid, &l, 1, r, 2, 0));
	SHOW(buf[0]);
	SHOW(buf[PG]);
	SHOW(buf[PG + 1]);
	r[0] = (struct iovec){ p + 2 * PG + 100, 3 * PG };
	SHOW(process_vm_readv(pid, &l, 1, r, 1, 0)); /* up to the hole */
	r[0] = (struct iovec){ p + 3 * PG, 1 };
	SHOW(process_vm_readv(pid, &l, 1, r, 1, 0));
	memset(buf, 'w', sizeof(buf));
	r[0] = (struct iovec){ p + PG, 10 };
	l.iov_len = 10;
	SHOW(process_vm_writev(pid, &l, 1, r, 1, 0));
	SHOW(p[PG]);
	r[0] = (struct iovec){ p + 2 * PG, 10 };
	SHOW(process_vm_writev(pid, &l, 1, r, 1, 0)); /* read-only there */
	SHOW(process_vm_readv(pid, &l, 1, r, 1, 1));
	SHOW(process_vm_readv(-1, &l, 1, r, 1, 0));
	SHOW(process_vm_readv(pid, &l, 1025, r, 1, 0));
	SHOW(process_vm_readv(pid, (struct iovec *)1, 1, r, 1, 0));
	SHOW(process_vm_readv(pid, &l, 0, r, 0, 0));
	SHOW(process_vm_readv(getpid(), &l, 1, &(struct iovec){ p, 5 }, 1, 0));
	NEED(write(to[1], "x", 1) == 1);
	wait(&st);
	show_status("child", st);
	SHOW(process_vm_readv(pid, &l, 1, r, 1, 0));
	return 0;
}
