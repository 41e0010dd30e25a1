/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build-time program: turns filter.def into the sentry's seccomp program, a C array on standard
 * output. Runs on the building machine, for the architecture named by its argument.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "marks.h"

#define MAX_CONDITIONS 4

struct rule {
	const char *call;
	int refuse; /* errno, or 0 to allow */
	struct scmp_arg_cmp cmp[MAX_CONDITIONS + 1];
};

#define EQ(n, v)        SCMP_CMP64(n, SCMP_CMP_EQ, (unsigned long)(v))
#define MASKED(n, m, v) SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, (unsigned long)(m), (unsigned long)(v))
/* an argument number that no call has ends the list */
#define NO_MORE 6

/* Both lists: the second is for a sentry with sockets of the host. */
static const struct rule rules[] = {
#define ALLOW(call, why, ...)  { #call, 0, { __VA_ARGS__ __VA_OPT__(, ){ .arg = NO_MORE } } },
#define REFUSE(call, err, why) { #call, err, { { .arg = NO_MORE } } },
#include "filter.def"
};

static const struct rule net_rules[] = {
#include "filter_net.def"
};

/* Calls that libseccomp of the building machine may not know; the same numbers everywhere. */
static const struct {
	const char *name;
	int nr;
} newer_calls[] = {
	{ "cachestat", 451 },
};

static void die(const char *what, int err)
{
	fprintf(stderr, "filter: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

static int resolve(const char *name, uint32_t arch)
{
	int nr = seccomp_syscall_resolve_name_rewrite(arch, name);

	for (size_t i = 0; i < sizeof(newer_calls) / sizeof(newer_calls[0]); i++) {
		if (nr == __NR_SCMP_ERROR && strcmp(name, newer_calls[i].name) == 0)
			nr = newer_calls[i].nr;
	}
	if (nr == __NR_SCMP_ERROR)
		die(name, ENOSYS);
	return nr;
}

static void add(scmp_filter_ctx ctx, const struct rule *r, uint32_t arch)
{
	uint32_t action = r->refuse ? SCMP_ACT_ERRNO(r->refuse) : SCMP_ACT_ALLOW;
	struct scmp_arg_cmp not_name = SCMP_CMP64(0, SCMP_CMP_NE, PR_SET_NAME);
	unsigned int n = 0;
	int ret;

	while (r->cmp[n].arg != NO_MORE)
		n++;
	/* libseccomp wants the alternatives of a call to exclude each other where actions differ */
	if (r->refuse && strcmp(r->call, "prctl") == 0)
		ret = seccomp_rule_add_exact_array(ctx, action, resolve(r->call, arch), 1,
						   &not_name);
	else
		ret = seccomp_rule_add_array(ctx, action, resolve(r->call, arch), n, r->cmp);
	if (ret < 0)
		die(r->call, ret);
}

static void emit(uint32_t arch, const char *name, bool net)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct sock_filter insn;
	int fd, ret;

	if (!ctx)
		die("seccomp_init", ENOMEM);
	if (arch != seccomp_arch_native()) {
		ret = seccomp_arch_add(ctx, arch);
		if (ret == 0)
			ret = seccomp_arch_remove(ctx, seccomp_arch_native());
		if (ret < 0)
			die("architecture", ret);
	}
	seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		add(ctx, &rules[i], arch);
	for (size_t i = 0; net && i < sizeof(net_rules) / sizeof(net_rules[0]); i++)
		add(ctx, &net_rules[i], arch);
	fd = memfd_create("filter", 0);
	ret = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);
	if (ret < 0)
		die("export", ret);
	lseek(fd, 0, SEEK_SET);
	printf("static const struct bpf_insn %s[] = {\n", name);
	while (read(fd, &insn, sizeof(insn)) == (ssize_t)sizeof(insn))
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
	printf("};\n");
	close(fd);
	seccomp_release(ctx);
}

int main(int argc, char **argv)
{
	uint32_t arch = argc == 2 ? seccomp_arch_resolve_name(argv[1]) : 0;

	if (!arch)
		die("usage: gen ARCH", EINVAL);
	printf("/* Made from filter.def and filter_net.def. */\n");
	emit(arch, "sentry_filter", false);
	emit(arch, "sentry_net_filter", true);
	return fflush(stdout) == 0 ? 0 : 1;
}
