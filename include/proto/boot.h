/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot configuration: what the command tells the sentry through a sealed descriptor before any
 * guest code runs. The rows are in boot.def; this header has the struct and both directions of the
 * codec, so that they cannot part. The decoder is bounded: what it reads came from a bundle.
 *
 * On the wire: magic, then records of { u16 tag, u16 zero, u32 size, bytes }, numbers
 * little-endian.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BOOT_MAGIC       "huskboot"
#define BOOT_VERSION     1u
#define BOOT_MAX_SIZE    (8u << 20)
#define BOOT_MAX_LIST    65536u
#define BOOT_MAX_MOUNTS  1024u
#define BOOT_MAX_RLIMIT  16u
#define BOOT_MAX_FDS     48u
#define BOOT_MAX_SECCOMP (4096u * 8)
#define BOOT_TAG_MOUNT   100 /* begins a mount; no bytes */
#define BOOT_TAG_RLIMIT  101 /* u64 resource, soft, hard */
#define BOOT_TAG_GROUP   102 /* u64 additional group */
#define BOOT_TAG_FILTER  103 /* the seccomp program of the first process: struct sock_filter[] */
#define BOOT_TAG_FD      104 /* u64: which descriptor of the guest the next one handed over is */

/* boot_conf.flags */
#define BOOT_ROOT_RDONLY  0x0001u
#define BOOT_TTY          0x0002u /* the guest gets a pseudo-terminal, pumped over tty_fd */
#define BOOT_NO_PATCH     0x0004u
#define BOOT_STRACE       0x0008u
#define BOOT_DEBUG        0x0010u
#define BOOT_NO_NEW_PRIVS 0x0020u
#define BOOT_FOREGROUND   0x0040u /* end of file on the control socket ends the sandbox */
#define BOOT_ROOT_SHARED  0x0080u /* --file-access=shared */
#define BOOT_ROOT_OVERLAY 0x0100u /* writes to the root stay in the sandbox */
#define BOOT_WAIT_START   0x0200u /* do not start the program before CTL_START */
#define BOOT_LOG_JSON     0x0400u
#define BOOT_ROOTLESS     0x0800u
#define BOOT_PLAIN_INIT   0x1000u /* the first process gets signals as any other */
#define BOOT_LOG_STDERR                                                                            \
	0x2000u /* the log is the caller\'s standard error: only what is our fault */

/* a container that joins a sandbox: it has the sandbox's own host name, or System V IPC */
#define BOOT_SHARE_UTS 0x4000u
#define BOOT_SHARE_IPC 0x8000u

/* boot_mount.kind */
#define BOOT_MOUNT_DIR    0u
#define BOOT_MOUNT_FILE   1u /* bind mount of a single file */
#define BOOT_MOUNT_DEV    2u /* a character device; options: "c MAJOR MINOR MODE UID GID" */
#define BOOT_MOUNT_COPYUP 3u /* starts with a copy of what it covers */

struct boot_strv {
	char **v; /* owned, NULL-terminated when nr > 0 */
	size_t nr;
};

struct boot_mount {
	char *type, *dst, *src, *options;
	uint64_t flags;       /* LX_MS_* */
	uint64_t gofer_mount; /* number of the gofer's mount; UINT64_MAX: none */
	uint64_t kind;
	/*
	 * Bind mounts of the same name in several containers of a sandbox are one file system in
	 * there: the first that comes makes it, through its gofer. NULL: the container's own.
	 */
	char *volume;
};

struct boot_rlimit {
	uint64_t resource, soft, hard;
};

struct boot_conf {
	char *id, *hostname, *domainname, *cwd, *platform, *strace_syscalls, *exe;
	struct boot_strv args, env, masked_paths, readonly_paths, sysctls;
	struct boot_strv devices; /* "TYPE MAJOR MINOR MODE(octal) UID GID PATH" */
	uint64_t uid, gid, umask;
	uint64_t cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
	uint64_t flags, nr_cpus, rows, cols, oom_score_adj, total_memory, seed;
	/* processes and threads of the guest at the same time, 0: no limit given */
	/*
	 * limits that were asked for, 0: none; for the guest's cgroup files. quota and period in us
	 */
	uint64_t memory_max, pids_max, cpu_quota, cpu_period;
	uint64_t max_tasks;
	/* of one that joins: whose process numbers it shares, plus 1; 0: it has its own */
	uint64_t pid_container;
	uint64_t niceness; /* nice value of the first process, as an int64_t */
	/* with BOOT_TTY: bit n: descriptor n of the guest is the terminal */
	uint64_t tty_mask;
	/* bits 4n..4n+3: descriptor n is the same open file as this one (n: its own) */
	uint64_t stdio_same;
	struct boot_mount *mounts; /* owned; [0] is the root */
	size_t nr_mounts;
	struct boot_rlimit rlimits[BOOT_MAX_RLIMIT];
	size_t nr_rlimits;
	uint32_t *groups; /* owned */
	size_t nr_groups;
	void *seccomp; /* owned: not yet checked */
	size_t seccomp_size;
	uint64_t fds[BOOT_MAX_FDS]; /* numbers in the guest of further descriptors */
	size_t nr_fds;
};

static inline void boot_strv_fini(struct boot_strv *l)
{
	for (size_t i = 0; i < l->nr; i++)
		free(l->v[i]);
	free(l->v);
}

static inline void boot_conf_fini(struct boot_conf *c)
{
	for (size_t i = 0; i < c->nr_mounts; i++) {
#define BOOT_U64(tag, f)
#define BOOT_STR(tag, f)
#define BOOT_LIST(tag, f)
#define BOOT_MU64(tag, f)
#define BOOT_MSTR(tag, f) free(c->mounts[i].f);
#include "proto/boot.def"
#undef BOOT_MSTR
#undef BOOT_STR
#undef BOOT_LIST
	}
	free(c->mounts);
	free(c->groups);
	free(c->seccomp);
#define BOOT_MSTR(tag, f)
#define BOOT_STR(tag, f)  free(c->f);
#define BOOT_LIST(tag, f) boot_strv_fini(&c->f);
#include "proto/boot.def"
#undef BOOT_U64
#undef BOOT_STR
#undef BOOT_LIST
#undef BOOT_MU64
#undef BOOT_MSTR
	*c = (struct boot_conf){ 0 };
}

/* Appends a copy of n bytes as a string; they may hold no NUL. */
static inline int boot_strv_add(struct boot_strv *l, const char *s, size_t n)
{
	char **v, *copy;

	if (l->nr >= BOOT_MAX_LIST)
		return -E2BIG;
	v = realloc(l->v, (l->nr + 2) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	l->v = v;
	copy = strndup(s, n);
	if (!copy)
		return -ENOMEM;
	v[l->nr++] = copy;
	v[l->nr] = NULL;
	return 0;
}

static inline int boot_mount_add(struct boot_conf *c, struct boot_mount **ret_m)
{
	struct boot_mount *m;

	if (c->nr_mounts >= BOOT_MAX_MOUNTS)
		return -E2BIG;
	m = realloc(c->mounts, (c->nr_mounts + 1) * sizeof(*m));
	if (!m)
		return -ENOMEM;
	c->mounts = m;
	m += c->nr_mounts++;
	*m = (struct boot_mount){ .gofer_mount = UINT64_MAX };
	*ret_m = m;
	return 0;
}

static inline int boot_group_add(struct boot_conf *c, uint32_t gid)
{
	uint32_t *g;

	if (c->nr_groups >= BOOT_MAX_LIST)
		return -E2BIG;
	g = realloc(c->groups, (c->nr_groups + 1) * sizeof(*g));
	if (!g)
		return -ENOMEM;
	c->groups = g;
	g[c->nr_groups++] = gid;
	return 0;
}

/* --- encoding --- */
struct boot_buf {
	char *p; /* owned */
	size_t size, cap;
};

static inline int boot_put(struct boot_buf *b, unsigned int tag, const void *p, size_t n)
{
	uint16_t t = (uint16_t)tag, zero = 0;
	uint32_t len = (uint32_t)n;

	if (n > BOOT_MAX_SIZE || b->size + n + 8 > BOOT_MAX_SIZE)
		return -E2BIG;
	if (b->size + n + 8 > b->cap) {
		size_t cap = (b->size + n + 8) * 2;
		char *np = realloc(b->p, cap);

		if (!np)
			return -ENOMEM;
		b->p = np;
		b->cap = cap;
	}
	memcpy(b->p + b->size, &t, 2);
	memcpy(b->p + b->size + 2, &zero, 2);
	memcpy(b->p + b->size + 4, &len, 4);
	if (n)
		memcpy(b->p + b->size + 8, p, n);
	b->size += n + 8;
	return 0;
}

/* The whole configuration as bytes: the caller frees ret_b->p. 0, -ENOMEM, -E2BIG. */
static inline int boot_conf_encode(const struct boot_conf *c, struct boot_buf *ret_b)
{
	struct boot_buf b = { 0 };
	uint64_t version = BOOT_VERSION;
	int ret = boot_put(&b, 0, BOOT_MAGIC, 8);

	ret = ret < 0 ? ret : boot_put(&b, 0, &version, 8);
#define BOOT_U64(tag, f) ret = ret < 0 ? ret : boot_put(&b, tag, &c->f, 8);
#define BOOT_STR(tag, f)                                                                           \
	if (c->f)                                                                                  \
		ret = ret < 0 ? ret : boot_put(&b, tag, c->f, strlen(c->f));
#define BOOT_LIST(tag, f)                                                                          \
	for (size_t i = 0; i < c->f.nr && ret >= 0; i++)                                           \
		ret = boot_put(&b, tag, c->f.v[i], strlen(c->f.v[i]));
#define BOOT_MU64(tag, f)
#define BOOT_MSTR(tag, f)
#include "proto/boot.def"
#undef BOOT_U64
#undef BOOT_STR
#undef BOOT_LIST
#undef BOOT_MU64
#undef BOOT_MSTR
	for (size_t m = 0; m < c->nr_mounts && ret >= 0; m++) {
		ret = boot_put(&b, BOOT_TAG_MOUNT, NULL, 0);
#define BOOT_U64(tag, f)
#define BOOT_STR(tag, f)
#define BOOT_LIST(tag, f)
#define BOOT_MU64(tag, f) ret = ret < 0 ? ret : boot_put(&b, tag, &c->mounts[m].f, 8);
#define BOOT_MSTR(tag, f)                                                                          \
	if (c->mounts[m].f)                                                                        \
		ret = ret < 0 ? ret : boot_put(&b, tag, c->mounts[m].f, strlen(c->mounts[m].f));
#include "proto/boot.def"
#undef BOOT_U64
#undef BOOT_STR
#undef BOOT_LIST
#undef BOOT_MU64
#undef BOOT_MSTR
	}
	for (size_t i = 0; i < c->nr_rlimits && ret >= 0; i++)
		ret = boot_put(&b, BOOT_TAG_RLIMIT, &c->rlimits[i], sizeof(c->rlimits[i]));
	for (size_t i = 0; i < c->nr_groups && ret >= 0; i++) {
		uint64_t g = c->groups[i];

		ret = boot_put(&b, BOOT_TAG_GROUP, &g, 8);
	}
	if (c->seccomp_size)
		ret = ret < 0 ? ret : boot_put(&b, BOOT_TAG_FILTER, c->seccomp, c->seccomp_size);
	for (size_t i = 0; i < c->nr_fds && ret >= 0; i++)
		ret = boot_put(&b, BOOT_TAG_FD, &c->fds[i], 8);
	if (ret < 0) {
		free(b.p);
		return ret;
	}
	*ret_b = b;
	return 0;
}

/* --- decoding --- */
static inline int boot_take_u64(const char *p, uint32_t size, uint64_t *ret_v)
{
	if (size != 8)
		return -EBADMSG;
	memcpy(ret_v, p, 8);
	return 0;
}

static inline int boot_take_str(const char *p, uint32_t size, char **field)
{
	if (memchr(p, 0, size))
		return -EBADMSG;
	free(*field);
	*field = strndup(p, size);
	return *field ? 0 : -ENOMEM;
}

static inline int boot_take_list(const char *p, uint32_t size, struct boot_strv *l)
{
	return memchr(p, 0, size) ? -EBADMSG : boot_strv_add(l, p, size);
}

static inline int boot_take(struct boot_conf *c, unsigned int tag, const char *p, uint32_t size)
{
	struct boot_mount *m = c->nr_mounts ? &c->mounts[c->nr_mounts - 1] : NULL;
	uint64_t v = 0;
	int ret;

	switch (tag) {
#define BOOT_U64(t, f)                                                                             \
	case t:                                                                                    \
		return boot_take_u64(p, size, &c->f);
#define BOOT_STR(t, f)                                                                             \
	case t:                                                                                    \
		return boot_take_str(p, size, &c->f);
#define BOOT_LIST(t, f)                                                                            \
	case t:                                                                                    \
		return boot_take_list(p, size, &c->f);
#define BOOT_MU64(t, f)                                                                            \
	case t:                                                                                    \
		return m ? boot_take_u64(p, size, &m->f) : -EBADMSG;
#define BOOT_MSTR(t, f)                                                                            \
	case t:                                                                                    \
		return m ? boot_take_str(p, size, &m->f) : -EBADMSG;
#include "proto/boot.def"
#undef BOOT_U64
#undef BOOT_STR
#undef BOOT_LIST
#undef BOOT_MU64
#undef BOOT_MSTR
	case BOOT_TAG_MOUNT:
		return boot_mount_add(c, &m);
	case BOOT_TAG_RLIMIT:
		if (size != sizeof(c->rlimits[0]) || c->nr_rlimits >= BOOT_MAX_RLIMIT)
			return -EBADMSG;
		memcpy(&c->rlimits[c->nr_rlimits++], p, size);
		return 0;
	case BOOT_TAG_GROUP:
		ret = boot_take_u64(p, size, &v);
		return ret < 0 ? ret : boot_group_add(c, (uint32_t)v);
	case BOOT_TAG_FILTER:
		if (size == 0 || size > BOOT_MAX_SECCOMP || size % 8 || c->seccomp)
			return -EBADMSG;
		c->seccomp = malloc(size);
		if (!c->seccomp)
			return -ENOMEM;
		memcpy(c->seccomp, p, size);
		c->seccomp_size = size;
		return 0;
	case BOOT_TAG_FD:
		ret = boot_take_u64(p, size, &v);
		if (ret < 0 || c->nr_fds >= BOOT_MAX_FDS || v > 1048576)
			return -EBADMSG;
		c->fds[c->nr_fds++] = v;
		return 0;
	default:
		return -EBADMSG;
	}
}

/* 0 with *ret_c filled (boot_conf_fini), or -EBADMSG, -ENOMEM, -E2BIG with nothing left behind. */
static inline int boot_conf_decode(const char *p, size_t size, struct boot_conf *ret_c)
{
	struct boot_conf c = { 0 };
	uint64_t version;
	size_t pos = 32;
	int ret = 0;

	if (size < pos || size > BOOT_MAX_SIZE || memcmp(p + 8, BOOT_MAGIC, 8) != 0)
		return -EBADMSG;
	memcpy(&version, p + 24, 8);
	if (version != BOOT_VERSION)
		return -EBADMSG;
	while (pos < size && ret >= 0) {
		uint16_t tag, zero;
		uint32_t len;

		ret = -EBADMSG;
		if (size - pos < 8)
			break;
		memcpy(&tag, p + pos, 2);
		memcpy(&zero, p + pos + 2, 2);
		memcpy(&len, p + pos + 4, 4);
		pos += 8;
		if (zero || len > size - pos)
			break;
		ret = boot_take(&c, tag, p + pos, len);
		pos += len;
	}
	if (ret < 0) {
		boot_conf_fini(&c);
		return ret;
	}
	*ret_c = c;
	return 0;
}
