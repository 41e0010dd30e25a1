/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walls around the gofer: namespaces, an empty root, the served trees and /proc/self/fd as
 * detached mounts it holds only descriptors of, capabilities, limits, seccomp. In the order of
 * main.c; all of it works for root and for the root of a user namespace.
 *
 * The trees are never attached anywhere: there is no path that leads to them, nor from them to
 * anything else ("..") at their top. /proc/self/fd is needed to open again what an O_PATH
 * descriptor stands for; only that directory is cloned, so nothing else of procfs can be reached.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "filter.h"
#include "server.h"

/* From <sys/mount.h>, which cannot be had together with <linux/mount.h>. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data);
int umount2(const char *target, int flags);
#define MNT_DETACH_ 2

#define CAPS_KEPT                                                                                  \
	(BIT64(CAP_CHOWN) | BIT64(CAP_DAC_OVERRIDE) | BIT64(CAP_FOWNER) | BIT64(CAP_FSETID))

const char *fd_name(int fd, char *buf)
{
	char *p = buf + FD_NAME_SIZE - 1;
	unsigned int v = (unsigned int)fd;
	size_t size;

	*p = '\0';
	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	size = (size_t)(buf + FD_NAME_SIZE - p);
	memmove(buf, p, size);
	return buf;
}

int reopen_fd(int fd, int flags)
{
	char name[FD_NAME_SIZE];
	int ret = openat(AT_FDCWD, fd_name(fd, name), flags | O_CLOEXEC);

	return ret >= 0 ? ret : -errno;
}

static int fail(const char *what)
{
	int err = errno;

	fprintf(stderr, "husk gofer: %s: %s\n", what, strerror(err));
	return -err;
}

static int open_tree_clone(const char *path, unsigned int flags)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, path,
			      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);

	return fd >= 0 ? fd : -errno;
}

/* Attributes for a whole detached tree; kernels before 5.12 have it for attached mounts only. */
static int tree_restrict(int fd, bool ro)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (ro ? MOUNT_ATTR_RDONLY : 0),
	};

	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) ==
	    0)
		return 0;
	/*
	 * Without it the server's own checks stand alone: it opens no devices, executes nothing,
	 * and refuses changes of read-only trees.
	 */
	return errno == ENOSYS ? 0 : -errno;
}

static int tree_open(const struct mount_spec *m, struct gmount *ret_mnt)
{
	char link[64], path[4096];
	auto_close int tree = -1;
	const char *p = m->path;
	struct stat want, got;
	ssize_t n;
	int ret;

	if (!p) {
		/* The descriptor is of the launcher's mount namespace: find the place in ours. */
		snprintf(link, sizeof(link), "/proc/self/fd/%d", m->fd);
		n = readlink(link, path, sizeof(path) - 1);
		if (n < 0 || fstat(m->fd, &want) < 0)
			return fail("descriptor of a mount");
		path[n] = '\0';
		p = path;
	}
	tree = open_tree_clone(p, AT_RECURSIVE);
	if (tree < 0) {
		errno = -tree;
		return fail(p);
	}
	if (m->fd >= 0 &&
	    (fstat(tree, &got) < 0 || got.st_dev != want.st_dev || got.st_ino != want.st_ino)) {
		fprintf(stderr, "husk gofer: %s: was replaced while the gofer started\n", p);
		return -ESTALE;
	}
	ret = tree_restrict(tree, m->ro);
	if (ret < 0) {
		errno = -ret;
		return fail("mount_setattr");
	}
	ret_mnt->root_fd = STEAL_FD(tree);
	ret_mnt->ro = m->ro;
	return 0;
}

int confine_mounts(struct confine_spec *spec, struct gmount *ret_mounts)
{
	auto_close int proc_fd = -1;
	int ret;

	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
		    (spec->new_net ? CLONE_NEWNET : 0)) < 0)
		return fail("unshare");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fail("making mounts private");
	for (unsigned int i = 0; i < spec->nr_mounts; i++) {
		ret = tree_open(&spec->mounts[i], &ret_mounts[i]);
		if (ret < 0)
			return ret;
		if (spec->mounts[i].fd >= 0)
			close(spec->mounts[i].fd);
	}
	proc_fd = open_tree_clone("/proc/self/fd", 0);
	if (proc_fd < 0) {
		errno = -proc_fd;
		return fail("/proc/self/fd");
	}
	/* /proc always exists; what is below the new mount is gone in a moment anyway. */
	if (mount("none", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY,
		  "size=4k,nr_inodes=2,mode=0") < 0)
		return fail("mounting an empty root");
	if (chdir("/proc") < 0)
		return fail("chdir");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return fail("pivot_root");
	if (umount2(".", MNT_DETACH_) < 0)
		return fail("leaving the host's root");
	if (fchdir(proc_fd) < 0)
		return fail("chdir to /proc/self/fd");
	return 0;
}

static int drop_caps(void)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2];
	uint64_t keep;

	if (syscall(SYS_capget, &h, d) < 0)
		return fail("capget");
	keep = CAPS_KEPT & ((uint64_t)d[1].permitted << 32 | d[0].permitted);
	for (int cap = 0; cap < 64; cap++) {
		/* Without CAP_SETPCAP this fails; no_new_privs makes the set meaningless anyway. */
		if (!(CAPS_KEPT & BIT64(cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break;
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		d[i].permitted = d[i].effective = (uint32_t)(keep >> (32 * i));
		d[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &h, d) < 0)
		return fail("capset");
	return 0;
}

int confine_caps(void)
{
	static const struct rlimit none = { 0, 0 };

	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return fail("setgroups");
	if (drop_caps() < 0)
		return -EPERM;
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return fail("setrlimit");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("prctl");
	return 0;
}

int confine_seccomp(bool allow_connect)
{
	struct sock_fprog prog = {
		.len = allow_connect ? ARRAY_SIZE(gofer_filter_uds) : ARRAY_SIZE(gofer_filter),
		.filter = (struct sock_filter *)(allow_connect ? gofer_filter_uds : gofer_filter),
	};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog) != 0)
		return fail("seccomp");
	return 0;
}
