/* SPDX-License-Identifier: Apache-2.0 */
/* Structures the kernel's own headers describe, and libc's would contradict. */
#include <abi/linux/capability.h>
#include <abi/linux/epoll.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/filter.h>
#include <abi/linux/futex.h>
#include <abi/linux/inotify.h>
#include <abi/linux/ipc.h>
#include <abi/linux/mount.h>
#include <abi/linux/mqueue.h>
#include <abi/linux/msg.h>
#include <abi/linux/pidfd.h>
#include <abi/linux/poll.h>
#include <abi/linux/prctl.h>
#include <abi/linux/ptrace.h>
#include <abi/linux/resource.h>
#include <abi/linux/rseq.h>
#include <abi/linux/sched.h>
#include <abi/linux/seccomp.h>
#include <abi/linux/sem.h>
#include <abi/linux/shm.h>
#include <abi/linux/signal.h>
#include <abi/linux/signalfd.h>
#include <abi/linux/stat.h>
#include <abi/linux/sysinfo.h>
#include <abi/linux/time.h>
#include <abi/linux/tty.h>
#include <abi/linux/uio.h>
#include <abi/linux/utsname.h>

#include <asm/posix_types.h>
#include <asm/sigcontext.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <asm/ucontext.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/inotify.h>
#include <linux/ipc.h>
#include <linux/kcmp.h>
#include <linux/mount.h>
#include <linux/mqueue.h>
#include <linux/msg.h>
#include <linux/openat2.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/resource.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/signalfd.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/times.h>
#include <linux/timex.h>
#include <linux/uio.h>
#include <linux/utsname.h>

#include "same.h"

SAME_SIZE(struct lx_stat, struct stat);
SAME(struct lx_stat, struct stat, st_dev);
SAME(struct lx_stat, struct stat, st_ino);
SAME(struct lx_stat, struct stat, st_nlink);
SAME(struct lx_stat, struct stat, st_mode);
SAME(struct lx_stat, struct stat, st_uid);
SAME(struct lx_stat, struct stat, st_gid);
SAME(struct lx_stat, struct stat, st_rdev);
SAME(struct lx_stat, struct stat, st_size);
SAME(struct lx_stat, struct stat, st_blksize);
SAME(struct lx_stat, struct stat, st_blocks);
SAME_FIELD(struct lx_stat, st_atime_sec, struct stat, st_atime);
SAME_FIELD(struct lx_stat, st_mtime_sec, struct stat, st_mtime);
SAME_FIELD(struct lx_stat, st_ctime_sec, struct stat, st_ctime);
SAME_FIELD(struct lx_stat, st_ctime_nsec, struct stat, st_ctime_nsec);

SAME_SIZE(struct lx_statx, struct statx);
SAME(struct lx_statx, struct statx, stx_attributes);
SAME(struct lx_statx, struct statx, stx_mode);
SAME(struct lx_statx, struct statx, stx_ino);
SAME(struct lx_statx, struct statx, stx_attributes_mask);
SAME(struct lx_statx, struct statx, stx_atime);
SAME(struct lx_statx, struct statx, stx_btime);
SAME(struct lx_statx, struct statx, stx_ctime);
SAME(struct lx_statx, struct statx, stx_mtime);
SAME(struct lx_statx, struct statx, stx_rdev_major);
SAME(struct lx_statx, struct statx, stx_dev_minor);
SAME(struct lx_statx, struct statx, stx_mnt_id);
SAME(struct lx_statx, struct statx, stx_dio_offset_align);

SAME_SIZE(struct lx_statfs, struct statfs);
SAME(struct lx_statfs, struct statfs, f_bsize);
SAME(struct lx_statfs, struct statfs, f_fsid);
SAME(struct lx_statfs, struct statfs, f_namelen);
SAME(struct lx_statfs, struct statfs, f_flags);

SAME_SIZE(struct lx_flock, struct flock);
SAME(struct lx_flock, struct flock, l_start);
SAME(struct lx_flock, struct flock, l_pid);
SAME_SIZE(struct lx_f_owner_ex, struct f_owner_ex);
SAME_SIZE(struct lx_open_how, struct open_how);
SAME_SIZE(struct lx_iovec, struct iovec);
SAME_SIZE(struct lx_pollfd, struct pollfd);
SAME_SIZE(struct lx_inotify_event, struct inotify_event);
SAME_SIZE(struct lx_mount_attr, struct mount_attr);
SAME(struct lx_mount_attr, struct mount_attr, propagation);
SAME_SIZE(struct lx_epoll_event, struct epoll_event);
SAME(struct lx_epoll_event, struct epoll_event, data);

SAME_SIZE(lx_sigset_t, sigset_t);
SAME_SIZE(struct lx_sigaltstack, stack_t);
SAME(struct lx_sigaltstack, stack_t, ss_flags);
SAME(struct lx_sigaltstack, stack_t, ss_size);
SAME_SIZE(struct lx_sigaction, struct sigaction);
SAME_FIELD(struct lx_sigaction, flags, struct sigaction, sa_flags);
SAME_FIELD(struct lx_sigaction, restorer, struct sigaction, sa_restorer);
SAME_FIELD(struct lx_sigaction, mask, struct sigaction, sa_mask);
SAME_SIZE(struct lx_siginfo, siginfo_t);
SAME(struct lx_siginfo, siginfo_t, si_code);
SAME_FIELD(struct lx_siginfo, kill.uid, siginfo_t, si_uid);
SAME_FIELD(struct lx_siginfo, timer.overrun, siginfo_t, si_overrun);
SAME_FIELD(struct lx_siginfo, timer.sys_private, siginfo_t, si_sys_private);
SAME_FIELD(struct lx_siginfo, rt.value.sival_ptr, siginfo_t, si_ptr);
SAME_FIELD(struct lx_siginfo, sigchld.status, siginfo_t, si_status);
SAME_FIELD(struct lx_siginfo, sigchld.utime, siginfo_t, si_utime);
SAME_FIELD(struct lx_siginfo, sigchld.stime, siginfo_t, si_stime);
SAME_FIELD(struct lx_siginfo, sigfault.addr, siginfo_t, si_addr);
SAME_FIELD(struct lx_siginfo, sigfault.addr_lsb, siginfo_t, si_addr_lsb);
SAME_FIELD(struct lx_siginfo, sigfault.lower, siginfo_t, si_lower);
SAME_FIELD(struct lx_siginfo, sigfault.upper, siginfo_t, si_upper);
SAME_FIELD(struct lx_siginfo, sigpoll.band, siginfo_t, si_band);
SAME_FIELD(struct lx_siginfo, sigpoll.fd, siginfo_t, si_fd);
SAME_FIELD(struct lx_siginfo, sigsys.call_addr, siginfo_t, si_call_addr);
SAME_FIELD(struct lx_siginfo, sigsys.syscall, siginfo_t, si_syscall);
SAME_FIELD(struct lx_siginfo, sigsys.arch, siginfo_t, si_arch);
SAME_SIZE(struct lx_sigevent, struct sigevent);
SAME(struct lx_sigevent, struct sigevent, sigev_notify);
SAME_FIELD(struct lx_sigevent, sigev_tid, struct sigevent, sigev_notify_thread_id);
SAME_SIZE(struct lx_signalfd_siginfo, struct signalfd_siginfo);
SAME(struct lx_signalfd_siginfo, struct signalfd_siginfo, ssi_ptr);
SAME(struct lx_signalfd_siginfo, struct signalfd_siginfo, ssi_addr);
SAME(struct lx_signalfd_siginfo, struct signalfd_siginfo, ssi_arch);

SAME_SIZE(struct lx_ucontext, struct ucontext);
SAME(struct lx_ucontext, struct ucontext, uc_stack);
SAME(struct lx_ucontext, struct ucontext, uc_mcontext);
SAME(struct lx_ucontext, struct ucontext, uc_sigmask);
SAME_SIZE(struct lx_sigcontext, struct sigcontext);

SAME_SIZE(struct lx_timespec, struct __kernel_timespec);
SAME_SIZE(struct lx_itimerspec, struct __kernel_itimerspec);
SAME_SIZE(struct lx_tms, struct tms);
SAME_SIZE(struct lx_timex, struct __kernel_timex);
SAME(struct lx_timex, struct __kernel_timex, status);
SAME(struct lx_timex, struct __kernel_timex, time);
SAME(struct lx_timex, struct __kernel_timex, tick);
SAME(struct lx_timex, struct __kernel_timex, stabil);
SAME(struct lx_timex, struct __kernel_timex, tai);

SAME_SIZE(struct lx_rlimit, struct rlimit64);
SAME_SIZE(struct lx_rusage, struct rusage);
SAME(struct lx_rusage, struct rusage, ru_maxrss);
SAME(struct lx_rusage, struct rusage, ru_nivcsw);
SAME_SIZE(struct lx_clone_args, struct clone_args);
SAME(struct lx_clone_args, struct clone_args, cgroup);
SAME_SIZE(struct lx_sched_attr, struct sched_attr);
SAME(struct lx_sched_attr, struct sched_attr, sched_period);
SAME(struct lx_sched_attr, struct sched_attr, sched_util_max);
SAME_SIZE(struct lx_cap_user_header, struct __user_cap_header_struct);
SAME_SIZE(struct lx_cap_user_data, struct __user_cap_data_struct);
SAME_SIZE(struct lx_vfs_cap_data, struct vfs_ns_cap_data);
SAME_SIZE(struct lx_prctl_mm_map, struct prctl_mm_map);
SAME(struct lx_prctl_mm_map, struct prctl_mm_map, exe_fd);
SAME_SIZE(struct lx_rseq, struct rseq);
SAME(struct lx_rseq, struct rseq, rseq_cs);
SAME(struct lx_rseq, struct rseq, flags);
SAME_SIZE(struct lx_rseq_cs, struct rseq_cs);
SAME(struct lx_rseq_cs, struct rseq_cs, abort_ip);
SAME_SIZE(struct lx_robust_list_head, struct robust_list_head);
SAME_SIZE(struct lx_futex_waitv, struct futex_waitv);
SAME_SIZE(struct lx_kcmp_epoll_slot, struct kcmp_epoll_slot);
SAME_SIZE(struct lx_sock_filter, struct sock_filter);
SAME_SIZE(struct lx_sock_fprog, struct sock_fprog);
SAME(struct lx_sock_fprog, struct sock_fprog, filter);
SAME_SIZE(struct lx_seccomp_data, struct seccomp_data);
SAME_SIZE(struct lx_seccomp_notif, struct seccomp_notif);
SAME_SIZE(struct lx_seccomp_notif_resp, struct seccomp_notif_resp);
SAME_SIZE(struct lx_seccomp_notif_sizes, struct seccomp_notif_sizes);
SAME_SIZE(struct lx_ptrace_peeksiginfo_args, struct ptrace_peeksiginfo_args);
SAME_SIZE(struct lx_ptrace_syscall_info, struct ptrace_syscall_info);
SAME(struct lx_ptrace_syscall_info, struct ptrace_syscall_info, seccomp.ret_data);

SAME_SIZE(struct lx_ipc_perm, struct ipc64_perm);
SAME(struct lx_ipc_perm, struct ipc64_perm, mode);
SAME(struct lx_ipc_perm, struct ipc64_perm, seq);
SAME_SIZE(struct lx_shmid_ds, struct shmid64_ds);
SAME(struct lx_shmid_ds, struct shmid64_ds, shm_cpid);
SAME(struct lx_shmid_ds, struct shmid64_ds, shm_nattch);
SAME_SIZE(struct lx_shminfo, struct shminfo64);
SAME_SIZE(struct lx_shm_info, struct shm_info);
SAME_SIZE(struct lx_semid_ds, struct semid64_ds);
SAME(struct lx_semid_ds, struct semid64_ds, sem_ctime);
SAME(struct lx_semid_ds, struct semid64_ds, sem_nsems);
SAME_SIZE(struct lx_sembuf, struct sembuf);
SAME_SIZE(struct lx_seminfo, struct seminfo);
SAME_SIZE(struct lx_msqid_ds, struct msqid64_ds);
SAME(struct lx_msqid_ds, struct msqid64_ds, msg_qbytes);
SAME(struct lx_msqid_ds, struct msqid64_ds, msg_lrpid);
SAME_SIZE(struct lx_msginfo, struct msginfo);
SAME_SIZE(struct lx_mq_attr, struct mq_attr);

SAME_SIZE(struct lx_sysinfo, struct sysinfo);
SAME(struct lx_sysinfo, struct sysinfo, procs);
SAME(struct lx_sysinfo, struct sysinfo, totalhigh);
SAME(struct lx_sysinfo, struct sysinfo, mem_unit);
SAME_SIZE(struct lx_utsname, struct new_utsname);
SAME_SIZE(struct lx_termios, struct termios);
SAME(struct lx_termios, struct termios, c_cc);
SAME_SIZE(struct lx_termios2, struct termios2);
SAME(struct lx_termios2, struct termios2, c_ospeed);
SAME_SIZE(struct lx_termio, struct termio);
SAME_SIZE(struct lx_winsize, struct winsize);
