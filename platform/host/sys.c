/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host calls on files, descriptors, clocks and the machine: thin, one kernel entry each,
 * translating to and from our own types. Memory is in memfd.c, messages in fdpass.c, threads in
 * thread.c.
 */
#include <malloc.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "host/host.h"
#include "rawcall.h"

BUILD_ASSERT(sizeof(struct host_iov) == sizeof(struct iovec));
BUILD_ASSERT(offsetof(struct host_iov, len) == offsetof(struct iovec, iov_len));
BUILD_ASSERT(sizeof(struct host_pollfd) == sizeof(struct pollfd));
BUILD_ASSERT(HOST_POLLIN == POLLIN && HOST_POLLOUT == POLLOUT && HOST_POLLHUP == POLLHUP);
BUILD_ASSERT(HOST_POLLPRI == POLLPRI && HOST_POLLERR == POLLERR && HOST_POLLNVAL == POLLNVAL);
BUILD_ASSERT(HOST_POLLRDHUP == POLLRDHUP);

int host_close(int fd)
{
	return (int)HOST_CALL(SYS_close, fd);
}

int host_dup(int fd)
{
	return (int)HOST_CALL(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0);
}

int host_fstat(int fd, struct host_stat *ret_st)
{
	struct statx st;
	int ret = (int)HOST_CALL(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_SYNC_AS_STAT,
				 STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID, &st);

	if (ret < 0)
		return ret;
	*ret_st = (struct host_stat){
		.dev = makedev(st.stx_dev_major, st.stx_dev_minor),
		.rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor),
		.ino = st.stx_ino,
		.mode = st.stx_mode,
		.nlink = st.stx_nlink,
		.uid = st.stx_uid,
		.gid = st.stx_gid,
		.size = st.stx_size,
		.blocks = st.stx_blocks,
		.blksize = st.stx_blksize,
		.attr = (uint32_t)st.stx_attributes,
		.attr_mask = (uint32_t)st.stx_attributes_mask,
		.mnt_id = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0,
		.has_btime = st.stx_mask & STATX_BTIME,
		.atime_s = st.stx_atime.tv_sec,
		.atime_ns = st.stx_atime.tv_nsec,
		.mtime_s = st.stx_mtime.tv_sec,
		.mtime_ns = st.stx_mtime.tv_nsec,
		.ctime_s = st.stx_ctime.tv_sec,
		.ctime_ns = st.stx_ctime.tv_nsec,
		.btime_s = st.stx_btime.tv_sec,
		.btime_ns = st.stx_btime.tv_nsec,
	};
	return 0;
}

int host_ftruncate(int fd, uint64_t size)
{
	return (int)HOST_CALL(SYS_ftruncate, fd, size);
}

int host_fallocate(int fd, uint64_t off, uint64_t len, bool keep_size)
{
	return (int)HOST_CALL(SYS_fallocate, fd, keep_size ? FALLOC_FL_KEEP_SIZE : 0, off, len);
}

int host_punch(int fd, uint64_t off, uint64_t len)
{
	return (int)HOST_CALL(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off,
			      len);
}

int host_zero_range(int fd, uint64_t off, uint64_t len, bool keep_size)
{
	return (int)HOST_CALL(SYS_fallocate, fd,
			      FALLOC_FL_ZERO_RANGE | (keep_size ? FALLOC_FL_KEEP_SIZE : 0), off,
			      len);
}

ssize_t host_read(int fd, void *buf, size_t n)
{
	return HOST_CALL(SYS_read, fd, buf, n);
}

ssize_t host_write(int fd, const void *buf, size_t n)
{
	return HOST_CALL(SYS_write, fd, buf, n);
}

ssize_t host_pread(int fd, void *buf, size_t n, uint64_t off)
{
	return HOST_CALL(SYS_pread64, fd, buf, n, off);
}

ssize_t host_pwrite(int fd, const void *buf, size_t n, uint64_t off)
{
	return HOST_CALL(SYS_pwrite64, fd, buf, n, off);
}

ssize_t host_readv(int fd, const struct host_iov *iov, int nr)
{
	return HOST_CALL(SYS_readv, fd, iov, nr);
}

ssize_t host_writev(int fd, const struct host_iov *iov, int nr)
{
	return HOST_CALL(SYS_writev, fd, iov, nr);
}

/* The offset is split in two words for 32-bit kernels; the high one is ignored on 64 bits. */
ssize_t host_preadv(int fd, const struct host_iov *iov, int nr, uint64_t off)
{
	return HOST_CALL(SYS_preadv, fd, iov, nr, off, off >> 32);
}

ssize_t host_pwritev(int fd, const struct host_iov *iov, int nr, uint64_t off)
{
	return HOST_CALL(SYS_pwritev, fd, iov, nr, off, off >> 32);
}

int64_t host_lseek(int fd, int64_t off, int whence)
{
	return HOST_CALL(SYS_lseek, fd, off, whence);
}

ssize_t host_copy_file_range(int in, uint64_t in_off, int out, uint64_t out_off, size_t n)
{
	return HOST_CALL(SYS_copy_file_range, in, &in_off, out, &out_off, n, 0);
}

int host_fsync(int fd, bool data_only)
{
	return (int)HOST_CALL(data_only ? SYS_fdatasync : SYS_fsync, fd);
}

int host_sync_range(int fd, uint64_t off, uint64_t len, bool wait)
{
	unsigned int flags = SYNC_FILE_RANGE_WRITE;

	if (wait)
		flags |= SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
	return (int)HOST_CALL(SYS_sync_file_range, fd, off, len, flags);
}

int host_fadvise_dontneed(int fd, uint64_t off, uint64_t len)
{
	return (int)HOST_CALL(SYS_fadvise64, fd, off, len, POSIX_FADV_DONTNEED);
}

int host_getfl(int fd)
{
	return (int)HOST_CALL(SYS_fcntl, fd, F_GETFL);
}

int host_set_nonblock(int fd, bool on)
{
	int fl = host_getfl(fd);

	if (fl < 0)
		return fl;
	fl = on ? fl | O_NONBLOCK : fl & ~O_NONBLOCK;
	return (int)HOST_CALL(SYS_fcntl, fd, F_SETFL, fl);
}

int host_fstatfs(int fd, struct host_statfs *ret_st)
{
	struct statfs st;
	int ret = (int)HOST_CALL(SYS_fstatfs, fd, &st);

	if (ret < 0)
		return ret;
	*ret_st = (struct host_statfs){
		.type = (uint64_t)st.f_type,
		.bsize = (uint64_t)st.f_bsize,
		.blocks = st.f_blocks,
		.bfree = st.f_bfree,
		.bavail = st.f_bavail,
		.files = st.f_files,
		.ffree = st.f_ffree,
		.namelen = (uint64_t)st.f_namelen,
		.frsize = (uint64_t)st.f_frsize,
		.flags = (uint64_t)st.f_flags,
	};
	return 0;
}

int host_fd_access(int fd)
{
	int fl = host_getfl(fd), acc = 0;

	if (fl < 0)
		return fl;
	if (fl & O_PATH)
		return HOST_FD_PATH;
	if ((fl & O_ACCMODE) != O_WRONLY)
		acc |= HOST_FD_READ;
	if ((fl & O_ACCMODE) != O_RDONLY)
		acc |= HOST_FD_WRITE;
	if (fl & O_APPEND)
		acc |= HOST_FD_APPEND;
	return acc;
}

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

int host_cachestat(int fd, uint64_t off, uint64_t len, uint64_t *ret_cached)
{
	uint64_t range[2] = { off, len }, cs[5] = { 0 };
	int ret = (int)HOST_CALL(SYS_cachestat, fd, range, cs, 0);

	if (ret < 0)
		return ret;
	*ret_cached = cs[0];
	return 0;
}

/* --- terminals ------------------------------------------------------------------------------- */

int host_tty_getattr(int fd, void *termios36)
{
	return (int)HOST_CALL(SYS_ioctl, fd, TCGETS, termios36);
}

int host_tty_setattr(int fd, const void *termios36, int when)
{
	return (int)HOST_CALL(SYS_ioctl, fd,
			      when == 0 ? TCSETS :
			      when == 1 ? TCSETSW :
					  TCSETSF,
			      termios36);
}

int host_tty_getsize(int fd, void *winsize8)
{
	return (int)HOST_CALL(SYS_ioctl, fd, TIOCGWINSZ, winsize8);
}

int host_tty_setsize(int fd, const void *winsize8)
{
	return (int)HOST_CALL(SYS_ioctl, fd, TIOCSWINSZ, winsize8);
}

int host_fionread(int fd)
{
	int n = 0;
	int ret = (int)HOST_CALL(SYS_ioctl, fd, FIONREAD, &n);

	return ret < 0 ? ret : n;
}

/* --- waiting --------------------------------------------------------------------------------- */

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u),
				  .tv_nsec = (long)(ns % 1000000000u) };
}

#define FUTEX_WAIT_BITSET_ 9
#define FUTEX_WAKE_        1
#define FUTEX_PRIVATE_     128

static int futex_wait(const uint32_t *word, uint32_t val, uint64_t deadline_ns, int private)
{
	struct timespec ts, *tsp = NULL;

	if (deadline_ns != HOST_NO_DEADLINE) {
		ts = to_timespec(deadline_ns);
		tsp = &ts;
	}
	return (int)HOST_CALL(SYS_futex, word, FUTEX_WAIT_BITSET_ | private, val, tsp, NULL,
			      UINT32_MAX);
}

int host_futex_wait(const uint32_t *word, uint32_t val, uint64_t deadline_ns)
{
	return futex_wait(word, val, deadline_ns, FUTEX_PRIVATE_);
}

int host_futex_wake(const uint32_t *word, int nr)
{
	return (int)HOST_CALL(SYS_futex, word, FUTEX_WAKE_ | FUTEX_PRIVATE_, nr);
}

int host_futex_wait_shared(const uint32_t *word, uint32_t val, uint64_t deadline_ns)
{
	return futex_wait(word, val, deadline_ns, 0);
}

int host_futex_wake_shared(const uint32_t *word, int nr)
{
	return (int)HOST_CALL(SYS_futex, word, FUTEX_WAKE_, nr);
}

int host_poll(struct host_pollfd *fds, unsigned int nr, uint64_t deadline_ns)
{
	for (;;) {
		struct timespec ts, *tsp = NULL;
		int ret;

		if (deadline_ns != HOST_NO_DEADLINE) {
			uint64_t now = deadline_ns ? host_now_ns() : 0;

			ts = to_timespec(deadline_ns > now ? deadline_ns - now : 0);
			tsp = &ts;
		}
		ret = (int)HOST_CALL(SYS_ppoll, fds, nr, tsp, NULL, 0);
		if (ret != -EINTR)
			return ret;
	}
}

int host_eventfd(void)
{
	return (int)HOST_CALL(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int host_eventfd_signal(int fd)
{
	uint64_t one = 1;
	ssize_t ret = host_write(fd, &one, sizeof(one));

	/* -EAGAIN: the counter is full, so it is readable already */
	return ret < 0 && ret != -EAGAIN ? (int)ret : 0;
}

int host_eventfd_drain(int fd)
{
	uint64_t v;
	ssize_t ret = host_read(fd, &v, sizeof(v));

	return ret < 0 && ret != -EAGAIN ? (int)ret : 0;
}

int host_pipe(int ret_fds[2])
{
	return (int)HOST_CALL(SYS_pipe2, ret_fds, O_CLOEXEC);
}

/* --- time ------------------------------------------------------------------------------------ */

uint64_t host_clock_ns(enum host_clock clock)
{
	struct timespec ts = { 0 };

	clock_gettime((clockid_t)clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t host_clock_res_ns(enum host_clock clock)
{
	struct timespec ts = { .tv_nsec = 1 };

	HOST_CALL(SYS_clock_getres, clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int host_sleep_until(uint64_t deadline_ns)
{
	struct timespec ts = to_timespec(deadline_ns);

	return (int)HOST_CALL(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* The kernel's clock ids: "CPU clock (all of it)" of this process, or with 4 of this thread. */
static int cpu_clock(int id, unsigned int kind, uint64_t *ret_ns)
{
	clockid_t clock = (clockid_t)(~(unsigned int)id << 3 | kind);
	struct timespec ts;
	int ret = (int)HOST_CALL(SYS_clock_gettime, clock, &ts);

	if (ret < 0)
		return ret;
	*ret_ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	return 0;
}

int host_thread_cputime(int tid, uint64_t *ret_ns)
{
	return cpu_clock(tid, 4 | 2, ret_ns);
}

int host_process_cputime(int pid, uint64_t *ret_ns)
{
	return cpu_clock(pid, 2, ret_ns);
}

/* --- random, system facts -------------------------------------------------------------------- */

int host_getrandom(void *buf, size_t n)
{
	char *p = buf;

	while (n > 0) {
		long ret = HOST_CALL(SYS_getrandom, p, n, 0);

		if (ret == -EINTR)
			continue;
		if (ret < 0)
			return (int)ret;
		p += ret;
		n -= (size_t)ret;
	}
	return 0;
}

uint64_t host_auxval(unsigned int type)
{
	return getauxval(type);
}

int host_getpid(void)
{
	return (int)HOST_CALL(SYS_getpid);
}

int host_gettid(void)
{
	return (int)HOST_CALL(SYS_gettid);
}

int host_getcpu(void)
{
	unsigned int cpu = 0;

	HOST_CALL(SYS_getcpu, &cpu, NULL, NULL);
	return (int)cpu;
}

int host_sched_getaffinity(int tid, uint64_t *mask, size_t nr_words)
{
	long ret;

	memset(mask, 0, nr_words * sizeof(*mask));
	ret = HOST_CALL(SYS_sched_getaffinity, tid, nr_words * sizeof(*mask), mask);
	return ret < 0 ? (int)ret : (int)((size_t)ret / sizeof(*mask));
}

int host_sched_setaffinity(int tid, const uint64_t *mask, size_t nr_words)
{
	return (int)HOST_CALL(SYS_sched_setaffinity, tid, nr_words * sizeof(*mask), mask);
}

int host_nr_cpus(void)
{
	uint64_t mask[128];
	int words = host_sched_getaffinity(0, mask, ARRAY_SIZE(mask)), nr = 0;

	for (int i = 0; i < words; i++)
		nr += __builtin_popcountll(mask[i]);
	return nr > 0 ? nr : 1;
}

int host_membarrier_global(void)
{
	return (int)HOST_CALL(SYS_membarrier, 1 /* MEMBARRIER_CMD_GLOBAL */, 0, 0);
}

int host_sched_yield(void)
{
	return (int)HOST_CALL(SYS_sched_yield);
}

int host_sysinfo(struct host_sysinfo *ret_si)
{
	struct sysinfo si;
	int ret = (int)HOST_CALL(SYS_sysinfo, &si);
	uint64_t unit;

	if (ret < 0)
		return ret;
	unit = si.mem_unit ? si.mem_unit : 1;
	*ret_si = (struct host_sysinfo){
		.uptime_s = (uint64_t)si.uptime,
		.load = { si.loads[0], si.loads[1], si.loads[2] },
		.total = si.totalram * unit,
		.free = si.freeram * unit,
		.shared = si.sharedram * unit,
		.buffer = si.bufferram * unit,
		.total_swap = si.totalswap * unit,
		.free_swap = si.freeswap * unit,
		.procs = si.procs,
	};
	return 0;
}

/*
 * --- descriptors of this process ---------------------------------------------------------------
 */

static unsigned int g_fd_limit = 1024;

unsigned int host_fd_limit(void)
{
	return g_fd_limit;
}

int host_fdtable_grow(unsigned int nr)
{
	struct rlimit r;
	int fd = (int)HOST_CALL(SYS_fcntl, 0, F_DUPFD_CLOEXEC, nr - 1);

	if (HOST_CALL(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &r) == 0)
		g_fd_limit = (unsigned int)MIN(r.rlim_cur, (rlim_t)INT_MAX);
	/* a closed stdin or a limit: any open descriptor will do, or growing has to wait */
	for (int any = 1; fd == -EBADF && any < 16; any++)
		fd = (int)HOST_CALL(SYS_fcntl, any, F_DUPFD_CLOEXEC, nr - 1);
	if (fd < 0)
		return fd;
	return host_close(fd);
}

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

int host_close_except(unsigned int from, const int *keep, unsigned int nr)
{
	for (unsigned int i = 0; i <= nr; i++) {
		unsigned int last = i < nr ? (unsigned int)keep[i] : UINT32_MAX;
		long ret;

		if (i < nr && (keep[i] < 0 || last < from))
			continue;
		if (i < nr && last == from) {
			from = last + 1;
			continue;
		}
		ret = HOST_CALL(SYS_close_range, from, i < nr ? last - 1 : last, 0);
		if (ret < 0)
			return (int)ret;
		from = last + 1;
	}
	return 0;
}

void host_heap_init(void)
{
	mallopt(M_ARENA_MAX, 1);
}
