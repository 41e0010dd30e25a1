/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host system calls, one function per call and purpose: the only way by which the sentry enters the
 * real kernel. All return 0 or a result, or -errno; times are nanoseconds. Types and constants are
 * our own, so that no host ABI header meets guest code. Each call has a line in the sentry's
 * seccomp list (platform/host/filter), except those marked "before lock-down" or "launcher".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"

/* --- memory ---------------------------------------------------------------------------------- */

#define HOST_PROT_NONE  0
#define HOST_PROT_READ  1
#define HOST_PROT_WRITE 2
#define HOST_PROT_EXEC  4 /* before lock-down only */

#define HOST_MAP_SHARED    0x01u
#define HOST_MAP_PRIVATE   0x02u
#define HOST_MAP_FIXED     0x10u /* replaces what is there: inside a reservation of one's own */
#define HOST_MAP_ANON      0x20u /* fd is -1 */
#define HOST_MAP_NORESERVE 0x4000u
#define HOST_MAP_POPULATE  0x8000u

int host_mmap(void *hint, size_t size, int prot, unsigned int flags, int fd, uint64_t off,
	      void **ret_addr);
int host_munmap(void *addr, size_t size);
int host_mprotect(void *addr, size_t size, int prot);

enum host_advice {
	HOST_ADV_DONTNEED,
	HOST_ADV_WILLNEED,
	HOST_ADV_SEQUENTIAL,
	HOST_ADV_RANDOM,
	HOST_ADV_HUGEPAGE,
	HOST_ADV_NOHUGEPAGE,
	HOST_ADV_DONTDUMP,
	HOST_ADV_POPULATE_READ, /* Linux 5.14; -EINVAL before */
	HOST_ADV_POPULATE_WRITE,
};
int host_madvise(void *addr, size_t size, enum host_advice advice);
/* One byte per page into vec, bit 0 = in core. */
int host_mincore(void *addr, size_t size, unsigned char *vec);

/*
 * Executable mappings of it are allowed (guests run from it) unless noexec. Always close-on-exec.
 */
#define HOST_MEMFD_NOEXEC  1u
#define HOST_MEMFD_SEALING 2u
int host_memfd_create(const char *name, unsigned int flags);
int host_memfd_seal(int fd); /* no write, grow, shrink or further seal; before lock-down */

/* --- files ----------------------------------------------------------------------------------- */

struct host_iov {
	void *base;
	size_t len;
};

struct host_stat {
	uint64_t dev, ino, rdev;
	uint32_t mode, nlink, uid, gid;
	uint64_t size, blocks; /* blocks of 512 bytes */
	uint32_t blksize;
	uint32_t attr, attr_mask; /* STATX_ATTR_* as the host gave them */
	uint64_t mnt_id;
	bool has_btime;
	int64_t atime_s, mtime_s, ctime_s, btime_s;
	uint32_t atime_ns, mtime_ns, ctime_ns, btime_ns;
};

int host_close(int fd);
int host_dup(int fd); /* close-on-exec */
int host_fstat(int fd, struct host_stat *ret_st);
int host_ftruncate(int fd, uint64_t size);
int host_fallocate(int fd, uint64_t off, uint64_t len, bool keep_size);
int host_punch(int fd, uint64_t off, uint64_t len); /* makes a hole: pages are freed */
int host_zero_range(int fd, uint64_t off, uint64_t len, bool keep_size);
ssize_t host_read(int fd, void *buf, size_t n);
ssize_t host_write(int fd, const void *buf, size_t n);
ssize_t host_pread(int fd, void *buf, size_t n, uint64_t off);
ssize_t host_pwrite(int fd, const void *buf, size_t n, uint64_t off);
ssize_t host_readv(int fd, const struct host_iov *iov, int nr);
ssize_t host_writev(int fd, const struct host_iov *iov, int nr);
ssize_t host_preadv(int fd, const struct host_iov *iov, int nr, uint64_t off);
ssize_t host_pwritev(int fd, const struct host_iov *iov, int nr, uint64_t off);
#define HOST_SEEK_DATA 3
#define HOST_SEEK_HOLE 4
int64_t host_lseek(int fd, int64_t off, int whence); /* HOST_SEEK_DATA, HOST_SEEK_HOLE, 0, 1, 2 */
ssize_t host_copy_file_range(int in, uint64_t in_off, int out, uint64_t out_off, size_t n);
int host_fsync(int fd, bool data_only);
int host_sync_range(int fd, uint64_t off, uint64_t len, bool wait);
int host_fadvise_dontneed(int fd, uint64_t off, uint64_t len);
int host_getfl(int fd); /* O_* of the host: see host_fd_access() */
int host_set_nonblock(int fd, bool on);

struct host_statfs {
	uint64_t type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize, flags;
};
int host_fstatfs(int fd, struct host_statfs *ret_st);

/* What a descriptor may be used for, from F_GETFL. */
#define HOST_FD_READ   1
#define HOST_FD_WRITE  2
#define HOST_FD_PATH   4
#define HOST_FD_APPEND 8
int host_fd_access(int fd);

/* cachestat(2), Linux 6.5; -ENOSYS before. Pages. */
int host_cachestat(int fd, uint64_t off, uint64_t len, uint64_t *ret_cached);

/*
 * --- terminals and descriptors handed in from outside ------------------------------------------
 */

/* The kernel's struct termios (36 bytes) and struct winsize (8 bytes), passed through unread. */
int host_tty_getattr(int fd, void *termios36);
int host_tty_setattr(int fd, const void *termios36, int when); /* 0 now, 1 drain, 2 flush */
int host_tty_getsize(int fd, void *winsize8);
int host_tty_setsize(int fd, const void *winsize8);
int host_fionread(int fd);

/* --- waiting --------------------------------------------------------------------------------- */

#define HOST_NO_DEADLINE UINT64_MAX /* of CLOCK_MONOTONIC */

/*
 * Sleeps while *word == val until woken or the deadline. 0, -EAGAIN (value differed), -ETIMEDOUT,
 * -EINTR. The plain form is private to this process; the shared one for words in shared mappings.
 */
int host_futex_wait(const uint32_t *word, uint32_t val, uint64_t deadline_ns);
int host_futex_wake(const uint32_t *word, int nr);
int host_futex_wait_shared(const uint32_t *word, uint32_t val, uint64_t deadline_ns);
int host_futex_wake_shared(const uint32_t *word, int nr);

#define HOST_POLLIN    0x001
#define HOST_POLLPRI   0x002
#define HOST_POLLOUT   0x004
#define HOST_POLLERR   0x008
#define HOST_POLLHUP   0x010
#define HOST_POLLNVAL  0x020
#define HOST_POLLRDHUP 0x2000
struct host_pollfd {
	int fd;
	short events, revents;
};
/* Number of ready entries; 0 at the deadline. */
int host_poll(struct host_pollfd *fds, unsigned int nr, uint64_t deadline_ns);
int host_eventfd(void); /* nonblocking, close-on-exec */
int host_eventfd_signal(int fd);
int host_eventfd_drain(int fd);
int host_pipe(int ret_fds[2]); /* close-on-exec */

/* --- time ------------------------------------------------------------------------------------- */

/* The host's numbers. */
enum host_clock {
	HOST_CLOCK_REALTIME = 0,
	HOST_CLOCK_MONOTONIC = 1,
	HOST_CLOCK_PROCESS_CPU = 2,
	HOST_CLOCK_THREAD_CPU = 3,
	HOST_CLOCK_MONOTONIC_RAW = 4,
	HOST_CLOCK_REALTIME_COARSE = 5,
	HOST_CLOCK_MONOTONIC_COARSE = 6,
	HOST_CLOCK_BOOTTIME = 7,
	HOST_CLOCK_TAI = 11,
};
uint64_t host_clock_ns(enum host_clock clock); /* through the vDSO */
uint64_t host_clock_res_ns(enum host_clock clock);
static inline uint64_t host_now_ns(void)
{
	return host_clock_ns(HOST_CLOCK_MONOTONIC);
}
int host_sleep_until(uint64_t deadline_ns);
/* CPU time of a thread of this process; the host does not tell that of others' threads. */
int host_thread_cputime(int tid, uint64_t *ret_ns);
/* CPU time of any process, all threads together. */
int host_process_cputime(int pid, uint64_t *ret_ns);

/*
 * --- random, system facts ----------------------------------------------------------------------
 */

int host_getrandom(void *buf, size_t n); /* all of n; never blocks after boot */
/* An entry of the auxiliary vector this process was started with (LX_AT_*); 0 if there is none. */
uint64_t host_auxval(unsigned int type);
int host_getpid(void);
int host_gettid(void);
int host_getcpu(void);
int host_nr_cpus(void); /* by affinity; no file is read */
int host_sched_getaffinity(int tid, uint64_t *mask, size_t nr_words); /* words filled */
int host_sched_setaffinity(int tid, const uint64_t *mask, size_t nr_words);
int host_sched_yield(void);
int host_membarrier_global(void); /* every thread of the host has passed a barrier; milliseconds */
struct host_sysinfo {
	uint64_t uptime_s, load[3], total, free, shared, buffer, total_swap, free_swap; /* bytes */
	uint32_t procs;
};
int host_sysinfo(struct host_sysinfo *ret_si);

/*
 * --- messages with descriptors: fdpass.c ---------------------------------------------------------
 */

#define HOST_FDS_MAX 64 /* per message */

/* One message. Blocks unless dontwait; -EAGAIN then. */
#define HOST_MSG_DONTWAIT 1u
/*
 * host_recv: descriptors that this process's table had no room for cost the descriptors, not the
 * message: *nr_fds is HOST_FDS_LOST then, and none is kept.
 */
#define HOST_MSG_FDS_LOSSY 2u
#define HOST_FDS_LOST      (~0u)
ssize_t host_send(int sock, const void *buf, size_t n, const int *fds, unsigned int nr_fds,
		  unsigned int flags);
/*
 * *nr_fds is the room in fds (at most HOST_FDS_MAX) and becomes the number received, all
 * close-on-exec. More descriptors or bytes than there is room for: -EMSGSIZE and nothing is kept.
 * 0: the peer closed.
 */
ssize_t host_recv(int sock, void *buf, size_t n, int *fds, unsigned int *nr_fds,
		  unsigned int flags);
ssize_t host_sendv(int sock, const struct host_iov *iov, int nr, const int *fds,
		   unsigned int nr_fds, unsigned int flags);
ssize_t host_recvv(int sock, const struct host_iov *iov, int nr, int *fds, unsigned int *nr_fds,
		   unsigned int flags);
/* Launcher and before lock-down: a connected pair. */
enum host_socktype {
	HOST_SOCK_STREAM = 1,
	HOST_SOCK_SEQPACKET = 5,
};
int host_socketpair(enum host_socktype type, int ret_fds[2]);
int host_shutdown(int sock);
/* Before lock-down: a receive that finds nothing for so long gives -EAGAIN. */
int host_set_recv_timeout(int sock, unsigned int ms);
/* One connection of a listening socket: close-on-exec. */
int host_accept(int sock);

/*
 * --- processes and signals -----------------------------------------------------------------------
 */

int host_tgkill(int tgid, int tid, int sig);
int host_pidfd_open(int pid);
int host_pidfd_kill(int pidfd, int sig);
/*
 * Waits for the child behind a pidfd to die and reaps it. 1 and its wait status in host encoding
 * (as WIFEXITED and friends read it), 0 if it lives on (nohang).
 */
int host_pidfd_wait(int pidfd, bool nohang, int *ret_status);
/* True if the process behind pidfd is dead (reaped or not). */
bool host_pidfd_dead(int pidfd);
__noreturn void host_exit(int code);
/*
 * Our callers on standard error, for a death that is our own bug. frame: where to start, NULL here.
 */
void host_backtrace(const void *frame);
/* A signal of the sentry's own. handler runs on any thread; SA_RESTART. */
int host_signal_handle(int sig, void (*handler)(int sig));
int host_signal_ignore(int sig);
/* No SIGCHLD for stops of traced threads: it would wake some thread at every one of them. */
int host_signal_quiet_children(void);
/* Blocks all signals but the synchronous ones and SIGCHLD in the calling thread. */
int host_signals_block_all(void);

/*
 * --- threads: thread.c -------------------------------------------------------------------------
 */

struct host_thread;
#define HOST_STACK_TASK (64u << 10) /* the stack of a task thread */

/* name: at most 15 bytes are shown. A joinable thread; join or detach it exactly once. */
int host_thread_start(const char *name, size_t stack_size, void (*fn)(void *arg), void *arg,
		      struct host_thread **ret_thread);
/*
 * The same, but with the CPU affinity of its creator; others begin with the one given to
 * host_threads_home(), if it was called.
 */
int host_thread_start_near(const char *name, size_t stack_size, void (*fn)(void *arg), void *arg,
			   struct host_thread **ret_thread);
void host_threads_home(const uint64_t *mask, size_t nr_words);
/*
 * Threads that serve guests had best be on this CPU; -1: anywhere at home. Each that cares looks
 * when it is woken.
 */
void host_threads_at(int cpu);
void host_thread_follow(void);
void host_thread_join(struct host_thread *th);   /* consumes th */
void host_thread_detach(struct host_thread *th); /* consumes th */
void host_thread_set_name(const char *name);

/*
 * --- descriptors of this process: before lock-down
 * --------------------------------------------------
 */

/* Grows the descriptor table to nr entries while still single-threaded. */
int host_fdtable_grow(unsigned int nr);
/*
 * RLIMIT_NOFILE of this process as host_fdtable_grow() found it: one more than the highest
 * descriptor.
 */
unsigned int host_fd_limit(void);
/*
 * One heap for the C library, before threads are made. With several it opens files under /sys and
 * /proc (how many CPUs, may a heap shrink), which the filter kills.
 */
void host_heap_init(void);
/* Closes everything >= from except the nr sorted descriptors in keep. */
int host_close_except(unsigned int from, const int *keep, unsigned int nr);
