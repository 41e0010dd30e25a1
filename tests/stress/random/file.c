/* SPDX-License-Identifier: Apache-2.0 */
/* Random calls on descriptors. Pipes and sockets are made non-blocking, so that no call waits. */
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/mman.h>
#include <unistd.h>

static void op_open(void)
{
	static const int access[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_ACCMODE };
	const char *name = rnd_name();
	int flags = PICK(access) | (int)FLAGS(O_CREAT, O_CREAT, O_CREAT, O_EXCL, O_TRUNC, O_APPEND,
					      O_NOFOLLOW, O_CLOEXEC);
	mode_t mode = rnd(01000);

	if (once_in(8))
		flags |= O_DIRECTORY;
	if (once_in(12))
		flags |= O_PATH;
	flags |= O_NONBLOCK;
	call("(\"%.20s\", %#o, %#o)", name, (unsigned int)flags, mode);
	result(open(name, flags, mode));
}

static void op_openat(void)
{
	const char *name = rnd_name();
	int dir = once_in(2) ? AT_FDCWD : rnd_fd();
	int flags = (int)FLAGS(O_CREAT, O_RDWR, O_DIRECTORY, O_PATH) | O_NONBLOCK;

	call("(%d, \"%.20s\", %#o)", dir, name, (unsigned int)flags);
	result(openat(dir, name, flags, 0600));
}

static void op_close(void)
{
	int fd = rnd_fd();

	call("(%d)", fd);
	result(close(fd));
}

static void op_read(void)
{
	int fd = rnd_fd();
	uint64_t len = rnd_len();
	void *buf = rnd_buf();
	long ret;

	call("(%d, %llu%s)", fd, (unsigned long long)len, buf == g_buf ? "" : ", bad");
	ret = result(read(fd, buf, len));
	if (ret > 0 && buf == g_buf)
		printf("  data %llx\n", (unsigned long long)hash_buf(buf, (size_t)ret));
}

static void op_write(void)
{
	int fd = rnd_fd();
	uint64_t len = rnd_len();
	void *buf = rnd_buf();

	settle(fd);
	call("(%d, %llu%s)", fd, (unsigned long long)len, buf == g_buf ? "" : ", bad");
	result(write(fd, buf, len));
}

static int64_t rnd_off(void)
{
	static const int64_t some[] = { 0,     1,      100, 4096,      5000,     8191,
					20000, 100000, -1,  INT64_MIN, 1LL << 40 };

	return once_in(3) ? PICK(some) : (int64_t)rnd(20000);
}

static void op_pread(void)
{
	int fd = rnd_fd();
	uint64_t len = rnd_len();
	int64_t off = rnd_off();
	long ret;

	call("(%d, %llu, %lld)", fd, (unsigned long long)len, (long long)off);
	ret = result(pread(fd, g_buf, len, off));
	if (ret > 0)
		printf("  data %llx\n", (unsigned long long)hash_buf(g_buf, (size_t)ret));
}

static void op_pwrite(void)
{
	int fd = rnd_fd();
	uint64_t len = rnd_len();
	int64_t off = rnd_off() % 1000000;
	void *buf = rnd_buf();

	if (buf != g_buf)
		off = 0;
	call("(%d, %llu, %lld%s)", fd, (unsigned long long)len, (long long)off,
	     buf == g_buf ? "" : ", bad");
	result(pwrite(fd, buf, len, off));
}

static int rnd_iov(struct iovec *iov)
{
	int nr = (int)rnd(4);

	for (int i = 0; i < nr; i++)
		iov[i] = (struct iovec){ g_buf + 4096 * i, rnd(4096) };
	if (nr && once_in(20))
		iov[rnd((uint32_t)nr)].iov_base = rnd_bad_pointer();
	if (nr && once_in(30))
		iov[rnd((uint32_t)nr)].iov_len = SIZE_MAX;
	return once_in(30) ? -1 : nr;
}

static void op_readv(void)
{
	struct iovec iov[4];
	int fd = rnd_fd(), nr = rnd_iov(iov);

	memset(g_buf, 0, sizeof(g_buf));
	call("(%d, %d)", fd, nr);
	if (result(readv(fd, iov, nr)) > 0)
		printf("  data %llx\n", (unsigned long long)hash_buf(g_buf, sizeof(g_buf)));
}

static void op_writev(void)
{
	struct iovec iov[4];
	int fd = rnd_fd(), nr;

	memset(g_buf, 'v', sizeof(g_buf));
	nr = rnd_iov(iov);
	settle(fd);
	call("(%d, %d)", fd, nr);
	result(writev(fd, iov, nr));
}

static void op_lseek(void)
{
	struct stat st;
	int fd = rnd_fd(), whence = once_in(20) ? 77 : (int)rnd(3);
	int64_t off = rnd_off();

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		off = whence = 0; /* positions of directories are the file system's */
	call("(%d, %lld, %d)", fd, (long long)off, whence);
	result(lseek(fd, off, whence));
}

static void op_ftruncate(void)
{
	int fd = rnd_fd();
	int64_t size = once_in(8) ? -1 : (int64_t)rnd(30000);

	call("(%d, %lld)", fd, (long long)size);
	result(ftruncate(fd, size));
}

static void op_fstat(void)
{
	struct stat st;
	int fd = rnd_fd();

	call("(%d)", fd);
	if (result(fstat(fd, &st)) != 0)
		return;
	printf("  mode %o uid %u gid %u", st.st_mode, st.st_uid, st.st_gid);
	if (S_ISREG(st.st_mode))
		printf(" size %lld nlink %lu", (long long)st.st_size, (unsigned long)st.st_nlink);
	putchar('\n');
}

static void op_dup(void)
{
	int fd = rnd_fd();

	call("(%d)", fd);
	result(dup(fd));
}

static void op_dup3(void)
{
	int fd = rnd_fd(), to = rnd_fd(),
	    flags = once_in(4)  ? O_CLOEXEC :
		    once_in(10) ? O_APPEND :
				  0;

	call("(%d, %d, %#o)", fd, to, (unsigned int)flags);
	result(flags ? dup3(fd, to, flags) : dup2(fd, to));
}

static void op_fcntl(void)
{
	static const int cmds[] = { F_GETFD,         F_SETFD,      F_GETFL,  F_SETFL,  F_DUPFD,
				    F_DUPFD_CLOEXEC, F_GETPIPE_SZ, F_GETOWN, F_GETSIG, 9999 };
	int fd = rnd_fd(), cmd = PICK(cmds);
	long arg = (long)rnd(40);

	if (cmd == F_SETFL)
		arg = (long)FLAGS(O_APPEND) | O_NONBLOCK;
	call("(%d, %d, %ld)", fd, cmd, arg);
	result(fcntl(fd, cmd, arg));
}

static void op_lock(void)
{
	static const int cmds[] = { F_SETLK, F_GETLK, F_OFD_SETLK, F_OFD_GETLK };
	struct flock l = { .l_type = (short)rnd(4),
			   .l_whence = (short)rnd(3),
			   .l_start = (long)rnd(100) - 10,
			   .l_len = (long)rnd(100) - 20 };
	int fd = rnd_fd(), cmd = PICK(cmds);
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		l.l_whence = 0; /* the size of a directory is its file system's */
	call("(%d, %d, {%d %d %ld %ld})", fd, cmd, l.l_type, l.l_whence, (long)l.l_start,
	     (long)l.l_len);
	if (result(fcntl(fd, cmd, &l)) == 0 && (cmd == F_GETLK || cmd == F_OFD_GETLK))
		printf("  type %d whence %d start %ld len %ld\n", l.l_type, l.l_whence,
		       (long)l.l_start, (long)l.l_len);
}

static void op_flock(void)
{
	static const int ops[] = { LOCK_SH, LOCK_EX, LOCK_UN, LOCK_EX, 0, 99 };
	int fd = rnd_fd(), op = PICK(ops) | LOCK_NB;

	call("(%d, %d)", fd, op);
	result(flock(fd, op));
}

static void op_pipe(void)
{
	int fds[2], flags = (int)FLAGS(O_CLOEXEC, O_DIRECT) | O_NONBLOCK;

	call("(%#o)", (unsigned int)flags);
	if (result(pipe2(once_in(30) ? rnd_bad_pointer() : fds, flags)) == 0)
		printf("  %d %d\n", fds[0], fds[1]);
}

static void op_eventfd(void)
{
	unsigned int init = rnd(5);
	int flags = (int)FLAGS(EFD_SEMAPHORE, EFD_CLOEXEC) | EFD_NONBLOCK | (once_in(20) ? 2 : 0);

	call("(%u, %#x)", init, (unsigned int)flags);
	result(eventfd(init, flags));
}

static void op_socketpair(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 99 };
	int fds[2], type = PICK(types) | SOCK_NONBLOCK | (int)FLAGS(SOCK_CLOEXEC);

	call("(AF_UNIX, %#x)", (unsigned int)type);
	if (result(socketpair(AF_UNIX, type, 0, fds)) == 0)
		printf("  %d %d\n", fds[0], fds[1]);
}

static void op_shutdown(void)
{
	int fd = rnd_fd(), how = (int)rnd(4);

	call("(%d, %d)", fd, how);
	result(shutdown(fd, how));
}

static void op_poll(void)
{
	struct pollfd p[5];
	unsigned int nr = rnd(6);

	for (unsigned int i = 0; i < nr; i++)
		p[i] = (struct pollfd){ .fd = rnd_fd(),
					.events =
						(short)FLAGS(POLLIN, POLLOUT, POLLPRI, POLLRDHUP) };
	call("(%u)", nr);
	if (result(poll(p, nr, 0)) < 0)
		return;
	for (unsigned int i = 0; i < nr; i++)
		printf("  %d %#x: %#x\n", p[i].fd, (unsigned int)p[i].events,
		       (unsigned int)p[i].revents);
}

static void op_sendfile(void)
{
	int out = rnd_fd(), in = rnd_fd();
	off_t off = (off_t)rnd(9000);
	int with_off = once_in(2);
	size_t len = (size_t)rnd_len();

	call("(%d, %d, %ld, %zu)", out, in, with_off ? (long)off : -1, len);
	if (result(sendfile(out, in, with_off ? &off : NULL, len)) >= 0 && with_off)
		printf("  off %ld\n", (long)off);
}

static void op_copy_file_range(void)
{
	int in = rnd_fd(), out = rnd_fd();
	off_t from = (off_t)rnd(9000), to = (off_t)rnd(9000);
	size_t len = (size_t)rnd_len();
	unsigned int flags = once_in(15);

	call("(%d, %ld, %d, %ld, %zu, %u)", in, (long)from, out, (long)to, len, flags);
	result(copy_file_range(in, &from, out, &to, len, flags));
}

static void op_splice(void)
{
	int in = rnd_fd(), out = rnd_fd();
	size_t len = (size_t)rnd_len();

	call("(%d, %d, %zu)", in, out, len);
	result(splice(in, NULL, out, NULL, len, SPLICE_F_NONBLOCK));
}

static void op_tee(void)
{
	int in = rnd_fd(), out = rnd_fd();
	size_t len = (size_t)rnd_len();

	call("(%d, %d, %zu)", in, out, len);
	result(tee(in, out, len, SPLICE_F_NONBLOCK));
}

static void op_memfd(void)
{
	unsigned int flags = FLAGS(MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_ALLOW_SEALING) |
			     (once_in(25) ? 0x8000u : 0);

	call("(%#x)", flags);
	result(memfd_create("m", flags));
}

static void op_seal(void)
{
	char link[40], target[64];
	int fd = rnd_fd();
	unsigned int seals = FLAGS(F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE);

	/* Whether other files have seals is a matter of their file system. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, target, sizeof(target)) < 7 || memcmp(target, "/memfd:", 7) != 0)
		fd = -1;
	call("(%d, %#x)", fd, seals);
	result(fcntl(fd, F_ADD_SEALS, seals));
	result(fcntl(fd, F_GET_SEALS));
}

static void op_fsync(void)
{
	int fd = rnd_fd();

	call("(%d)", fd);
	result(once_in(2) ? fsync(fd) : fdatasync(fd));
}

static void op_close_range(void)
{
	unsigned int first = 3 + rnd(20), last = once_in(10) ? 2 : first + rnd(4);

	call("(%u, %u)", first, last);
	result(close_range(first, last, once_in(4) ? CLOSE_RANGE_CLOEXEC : 0));
}

/* clang-format off */
const struct op file_ops[] = {
	{ "open", op_open, 20 }, { "openat", op_openat, 5 }, { "close", op_close, 7 }, { "read", op_read, 12 },
	{ "write", op_write, 14 }, { "pread", op_pread, 6 }, { "pwrite", op_pwrite, 6 }, { "readv", op_readv, 4 },
	{ "writev", op_writev, 4 }, { "lseek", op_lseek, 8 }, { "ftruncate", op_ftruncate, 4 }, { "fstat", op_fstat, 4 },
	{ "dup", op_dup, 3 }, { "dup3", op_dup3, 4 }, { "fcntl", op_fcntl, 8 }, { "fcntl_lock", op_lock, 5 },
	{ "flock", op_flock, 2 }, { "pipe2", op_pipe, 3 }, { "eventfd", op_eventfd, 2 }, { "socketpair", op_socketpair, 2 },
	{ "shutdown", op_shutdown, 1 }, { "poll", op_poll, 5 }, { "sendfile", op_sendfile, 3 },
	{ "copy_file_range", op_copy_file_range, 3 }, { "splice", op_splice, 3 }, { "tee", op_tee, 1 },
	{ "memfd_create", op_memfd, 2 }, { "add_seals", op_seal, 2 }, { "fsync", op_fsync, 1 },
	{ "close_range", op_close_range, 1 },
	{ NULL, NULL, 0 },
};
/* clang-format on */
