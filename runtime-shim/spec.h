/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be run: an OCI config.json read into the boot configuration, and the parts that `do`
 * and `run` share. The parser names the field it does not like.
 */
#pragma once

#include <jansson.h>

#include "launch.h"

#define SPEC_CAPS_ALL ((1ULL << 41) - 1) /* CAP_CHOWN .. CAP_CHECKPOINT_RESTORE */

/* "CHOWN", "DAC_OVERRIDE", ... by number; NULL after the last. */
const char *spec_cap_name(unsigned int nr);
/* Settings that come from the global flags and the host: platform, CPUs, memory, seed, tracing. */
void spec_common(struct boot_conf *b, const struct rt_conf *conf);
/* /proc, /sys, /dev, /dev/pts, /dev/shm, /dev/mqueue, as containers have them. */
int spec_default_mounts(struct boot_conf *b);
/* A bind mount through the gofer, of a directory or a file. */
int spec_bind_mount(struct launch_req *r, struct boot_mount *m, const char *src, const char *dst,
		    bool ro, struct rt_err *err);
/* Which descriptors the guest gets, and whether it gets a terminal. */
void spec_stdio(struct launch_req *r);
/* The guest gets our descriptors, terminals or not; or a terminal of its own on all three. */
void spec_streams(struct launch_req *r);
void spec_terminal(struct launch_req *r);
/* --preserve-fds N and --pass-fd M:N: descriptors of ours that become the program's. */
int spec_pass_fds(struct launch_req *r, long preserve, const struct strlist *pass,
		  struct rt_err *err);

/* Namespaces that containers of one sandbox can share. */
enum { SPEC_NS_PID, SPEC_NS_IPC, SPEC_NS_UTS, SPEC_NS_NR };

/* The rest of a bundle that the sentry need not know. */
struct bundle {
	char *dir;         /* owned; absolute */
	char *root;        /* owned; absolute */
	char *text;        /* owned: config.json as it is */
	char *annotations; /* owned: JSON object, or NULL */
	bool terminal;
	bool oom_score_set;
	bool user_ns; /* a new user namespace, with these mappings */
	struct id_map uids, gids;
	json_t *config; /* owned: the whole document */
	/* the network namespace: a new one, one that exists (owned), or the caller's */
	bool net_new;
	char *net_path;
	/* these, by SPEC_NS_*: named at all, and the path of one that exists (owned) */
	bool ns_there[SPEC_NS_NR];
	char *ns_path[SPEC_NS_NR];
};
void bundle_fini(struct bundle *b);
/* Reads DIR/config.json and fills r->boot and the trees. */
int spec_load(const char *dir, struct launch_req *r, struct bundle *ret_b, struct rt_err *err);
/* A process object alone (exec --process). */
int spec_process(json_t *proc, struct launch_req *r, struct bundle *b, struct rt_err *err);
/* JSON as containers' documents have it, with numbers up to 2^64-1. To be json_decref'd; NULL. */
json_t *spec_json(const char *text, size_t size, json_error_t *ret_e);
/* Parses the text; for spec_load and the fuzz harness. */
int spec_parse(const char *text, size_t size, const char *dir, struct launch_req *r,
	       struct bundle *b, struct rt_err *err);
