/* SPDX-License-Identifier: Apache-2.0 */
/* FIFOs: who waits for whom in open(2), non-blocking opens, two ends in one process. */
#include <fcntl.h>
#include <poll.h>

#include "lib/show.h"

int main(void)
{
	struct pollfd p;
	char buf[16] = "";
	int r, w, status, rw;
	pid_t pid;

	SHOW(mkfifo("p", 0600));
	SHOW(mkfifo("p", 0600));
	SHOW(open("p", O_WRONLY | O_NONBLOCK));
	r = SHOW(open("p", O_RDONLY | O_NONBLOCK));
	SHOW(read(r, buf, 1));
	p = (struct pollfd){ .fd = r, .events = POLLIN };
	SHOW(poll(&p, 1, 0));
	w = SHOW(open("p", O_WRONLY | O_NONBLOCK));
	SHOW(read(r, buf, 1));
	SHOW(write(w, "abc", 3));
	SHOW(poll(&p, 1, 0));
	SHOWX(p.revents);
	SHOW(close(w));
	SHOW(poll(&p, 1, 0));
	SHOWX(p.revents);
	SHOW(read(r, buf, sizeof(buf)));
	SHOW(read(r, buf, sizeof(buf)));
	SHOW(close(r));
	rw = SHOW(open("p", O_RDWR));
	SHOW(write(rw, "self", 4));
	SHOW(read(rw, buf, 16));
	SHOW(close(rw));
	pid = fork();
	if (pid == 0) {
		w = open("p", O_WRONLY);
		usleep(20000);
		_exit(write(w, "from child", 10) == 10 ? 0 : 1);
	}
	r = SHOW(open("p", O_RDONLY));
	SHOW(read(r, buf, sizeof(buf)));
	show_bytes("buf", buf, 10);
	SHOW(read(r, buf, sizeof(buf)));
	NEED(waitpid(pid, &status, 0) == pid);
	show_status("child", status);
	SHOW(lseek(r, 0, SEEK_SET));
	return 0;
}
