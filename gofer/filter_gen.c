/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build-time program: turns filter.def into the gofer's two seccomp programs (without and with
 * connecting to host sockets) as a C header on standard output. Runs on the building machine, for
 * the architecture named by its argument.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn_fd.h"

#define NR(a) (sizeof(a) / sizeof((a)[0]))

enum kind { KIND_ANY, KIND_CMP, KIND_MASK };

struct rule {
	const char *call;
	enum kind kind;
	unsigned int arg;
	enum scmp_compare cmp;
	uint64_t a, b;
	bool uds;
};

static const struct rule rules[] = {
#define ALLOW(call, why)                      { #call, KIND_ANY, 0, SCMP_CMP_EQ, 0, 0, false },
#define ALLOW_ARG(call, arg, cmp, v, why)     { #call, KIND_CMP, arg, cmp, v, 0, false },
#define ALLOW_MASK(call, arg, mask, v, why)   { #call, KIND_MASK, arg, SCMP_CMP_EQ, mask, v, false },
#define ALLOW_UDS(call, why)                  { #call, KIND_ANY, 0, SCMP_CMP_EQ, 0, 0, true },
#define ALLOW_UDS_ARG(call, arg, cmp, v, why) { #call, KIND_CMP, arg, cmp, v, 0, true },
#include "filter.def"
};

static const struct rule broker_rules[] = {
#include "broker_filter.def"
};

static void die(const char *what, int err)
{
	fprintf(stderr, "filter_gen: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

static void add(scmp_filter_ctx ctx, const struct rule *r)
{
	int nr = seccomp_syscall_resolve_name(r->call), ret;

	if (nr == __NR_SCMP_ERROR)
		die(r->call, -22);
	if (r->kind == KIND_ANY)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 0);
	else if (r->kind == KIND_MASK)
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1,
				       SCMP_CMP64(r->arg, SCMP_CMP_MASKED_EQ, r->a, r->b));
	else
		ret = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1,
				       SCMP_CMP64(r->arg, r->cmp, r->a, r->b));
	if (ret < 0)
		die(r->call, ret);
}

static void emit(const char *arch, const char *name, const struct rule *list, size_t nr, bool uds)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	uint32_t token = seccomp_arch_resolve_name(arch);
	struct sock_filter insn;
	int fd, ret;

	if (!ctx || !token)
		die("seccomp_init", 22);
	if (token != seccomp_arch_native()) {
		ret = seccomp_arch_add(ctx, token);
		if (ret == 0)
			ret = seccomp_arch_remove(ctx, seccomp_arch_native());
		if (ret < 0)
			die(arch, ret);
	}
	seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; i < nr; i++) {
		if (uds || !list[i].uds)
			add(ctx, &list[i]);
	}
	fd = memfd_create("filter", 0);
	ret = fd < 0 ? -1 : seccomp_export_bpf(ctx, fd);
	if (ret < 0)
		die("export", ret);
	lseek(fd, 0, SEEK_SET);
	printf("static const struct sock_filter %s[] = {\n", name);
	while (read(fd, &insn, sizeof(insn)) == (ssize_t)sizeof(insn))
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", insn.code, insn.jt, insn.jf, insn.k);
	printf("};\n");
	close(fd);
	seccomp_release(ctx);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		die("usage: filter_gen ARCH gofer|broker", 22);
	printf("/* Made by filter_gen. */\n");
	if (strcmp(argv[2], "broker") == 0) {
		emit(argv[1], "broker_filter", broker_rules, NR(broker_rules), false);
		return 0;
	}
	emit(argv[1], "gofer_filter", rules, NR(rules), false);
	emit(argv[1], "gofer_filter_uds", rules, NR(rules), true);
	return 0;
}
