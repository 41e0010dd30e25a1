/* SPDX-License-Identifier: Apache-2.0 */
/* Several containers in one sandbox: see pod.h. */
#include "pod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attend.h"
#include "base/auto.h"
#include "base/bits.h"
#include "cgroup.h"
#include "ctl_client.h"

#define HINT      "dev.gvisor.spec.mount."
#define EMPTY_DIR "/volumes/kubernetes.io~empty-dir/"

/* containerd's CRI, CRI-O (and podman), and what engines driven by dockershim wrote. */
static const struct dialect {
	const char *type, *id, *sandbox, *member;
} dialects[] = {
	{ "io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-id", "sandbox",
	  "container" },
	{ "io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.SandboxID", "sandbox",
	  "container" },
	{ "io.kubernetes.docker.type", "io.kubernetes.sandbox.id", "podsandbox", "container" },
};

static const char *annotation(json_t *config, const char *key)
{
	return json_string_value(json_object_get(json_object_get(config, "annotations"), key));
}

void pod_fini(struct pod *pod)
{
	free(pod->sandbox);
	if (pod->cg)
		cgroup_fini(pod->cg);
	free(pod->cg);
	json_decref(pod->hints);
	*pod = (struct pod){ 0 };
}

int pod_role_of(json_t *config, struct pod *ret_pod, struct rt_err *err)
{
	*ret_pod = (struct pod){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
		const struct dialect *d = &dialects[i];
		const char *type = annotation(config, d->type), *id = annotation(config, d->id);

		if (!type)
			continue;
		if (strcmp(type, d->sandbox) == 0) {
			ret_pod->role = POD_SANDBOX;
			return 0;
		}
		if (strcmp(type, d->member) != 0)
			return rt_fail(err, EINVAL,
				       "config.json: annotations: %s: '%s' is neither %s nor %s",
				       d->type, type, d->sandbox, d->member);
		if (!id || !*id)
			return rt_fail(err, EINVAL,
				       "config.json: annotations: %s is '%s', but %s does not say "
				       "which container's sandbox it joins",
				       d->type, type, d->id);
		ret_pod->role = POD_MEMBER;
		ret_pod->sandbox = strdup(id);
		return ret_pod->sandbox ? 0 : rt_fail(err, ENOMEM, "out of memory");
	}
	return 0;
}

/* --- what is shared --- */

static const char *const ns_names[SPEC_NS_NR] = { "pid", "ipc", "uts" };

void pod_foreign_namespaces(const struct bundle *b)
{
	for (size_t i = 0; i < SPEC_NS_NR; i++) {
		if (b->ns_path[i])
			rt_warn("config.json: linux.namespaces: %s: the container gets one of its "
				"own instead of %s",
				ns_names[i], b->ns_path[i]);
	}
}

struct peer {
	const char *sandbox;
	pid_t pid;
	bool found;
	unsigned int number;
};

static void peer_look(struct container *c, void *arg)
{
	struct peer *p = arg;

	if (c->pid != p->pid || !c->sandbox || strcmp(c->sandbox, p->sandbox) != 0)
		return;
	p->found = true;
	p->number = c->number;
}

/* Whose namespace of kind ns the path is: the number of a container in the sandbox. */
static bool ns_owner(const struct rt_conf *conf, const struct container *s, json_t *config,
		     const struct bundle *b, int ns, unsigned int *ret_number)
{
	struct peer p = { .sandbox = s->id };
	struct rt_err ignored = { 0 };
	char kind[8], rest;
	json_t *e;
	int pid;
	size_t i;

	/* engines know containers by the pid of their monitor */
	if (sscanf(b->ns_path[ns], "/proc/%d/ns/%7[a-z]%c", &pid, kind, &rest) == 2 &&
	    strcmp(kind, ns_names[ns]) == 0) {
		if (pid == s->pid) {
			*ret_number = 0;
			return true;
		}
		p.pid = pid;
		if (pid > 0 && state_each(conf, peer_look, &p, &ignored) == 0 && p.found)
			*ret_number = p.number;
		return p.found;
	}
	/* one that was made beforehand, for the whole pod */
	json_array_foreach(json_object_get(json_object_get(config, "linux"), "namespaces"), i, e)
	{
		const char *type = json_string_value(json_object_get(e, "type"));
		const char *path = json_string_value(json_object_get(e, "path"));

		if (type && path && strcmp(type, ns_names[ns]) == 0 &&
		    strcmp(path, b->ns_path[ns]) == 0) {
			*ret_number = 0;
			return true;
		}
	}
	return false;
}

static void share(const struct rt_conf *conf, const struct container *s, json_t *config,
		  const struct bundle *b, struct boot_conf *boot)
{
	for (int ns = 0; ns < SPEC_NS_NR; ns++) {
		unsigned int number = 0;
		bool shared = !b->ns_there[ns]; /* with whoever starts it */

		if (b->ns_path[ns]) {
			shared = ns_owner(conf, s, config, b, ns, &number);
			if (!shared || (ns != SPEC_NS_PID && number != 0))
				rt_warn("config.json: linux.namespaces: %s: %s is of no container "
					"in sandbox '%s' that it can be shared with: %s",
					ns_names[ns], b->ns_path[ns], s->id,
					ns == SPEC_NS_PID ? "the container gets one of its own" :
							    "the sandbox's is shared");
			shared |= ns != SPEC_NS_PID;
		} else if (ns == SPEC_NS_IPC && !shared) {
			/*
			 * PARTIAL: a sandbox has one namespace of System V IPC and message queues
			 */
			rt_warn("config.json: linux.namespaces: ipc: the container shares that of "
				"sandbox '%s'",
				s->id);
			shared = true;
		}
		if (!shared)
			continue;
		if (ns == SPEC_NS_PID)
			boot->pid_container = number + 1;
		else
			boot->flags |= ns == SPEC_NS_UTS ? BOOT_SHARE_UTS : BOOT_SHARE_IPC;
	}
}

static bool same_network(const struct bundle *b, pid_t sandbox)
{
	struct stat x, y;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", sandbox);
	if (b->net_new || stat(path, &y) < 0)
		return !b->net_new;
	return stat(b->net_path ? b->net_path : "/proc/self/ns/net", &x) < 0 ||
	       (x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

static int usable(const struct container *s, struct rt_err *err)
{
	if (s->sandbox)
		return rt_fail(err, EINVAL,
			       "container '%s' has no sandbox of its own to join: it is in that of "
			       "'%s'",
			       s->id, s->sandbox);
	if (strcmp(s->status, "stopped") == 0 || !state_sentry_lives(s))
		return rt_fail(
			err, ESRCH,
			"sandbox '%s' has stopped: no container can join it any more; make a "
			"new one",
			s->id);
	if (strcmp(s->status, "paused") == 0)
		return rt_fail(err, EBUSY, "sandbox '%s' is paused: 'husk resume %s' first", s->id,
			       s->id);
	if (strcmp(s->version, HUSK_VERSION) != 0)
		return rt_fail(
			err, EINVAL,
			"sandbox '%s' was made by husk %s, this is %s: start its pod again, or "
			"use the husk that made it",
			s->id, *s->version ? s->version : "of an older version", HUSK_VERSION);
	return 0;
}

int pod_find(const struct rt_conf *conf, const struct bundle *b, struct boot_conf *boot,
	     struct pod *pod, struct rt_err *err)
{
	auto_free char *text = NULL;
	struct container s;
	json_t *config = NULL;
	json_error_t je;
	int ret;

	if (state_load(conf, pod->sandbox, &s, err) < 0) {
		if (err->code != ENOENT)
			return rt_fail_in(err, "the sandbox to join");
		*err = (struct rt_err){ 0 };
		return rt_fail(err, ENOENT,
			       "sandbox '%s' does not exist in %s: it is created first, with the "
			       "same --root",
			       pod->sandbox, conf->root);
	}
	ret = usable(&s, err);
	if (ret == 0)
		ret = state_config(&s, &text, err);
	/* containers are looked at one at a time: nobody waits for two */
	state_unlock(&s);
	if (ret == 0) {
		config = spec_json(text, strlen(text), &je);
		pod->sentry_pid = s.sentry_pid;
		pod->sentry_start = s.sentry_start;
		pod->hints = json_incref(json_object_get(config, "annotations"));
		pod->cg = calloc(1, sizeof(*pod->cg));
		if (!pod->cg)
			ret = rt_fail(err, ENOMEM, "out of memory");
		else
			ret = cgroup_locate(conf, s.id, config, pod->cg, err);
		share(conf, &s, config, b, boot);
		if (!same_network(b, s.pid))
			rt_warn("config.json: linux.namespaces: network: the container gets that of "
				"sandbox '%s'",
				s.id);
	}
	json_decref(config);
	container_fini(&s);
	return ret;
}

/* --- volumes --- */

/* A hint by its name: one of source, type, share, options; NULL. */
static const char *hint(json_t *annotations, const char *name, size_t size, const char *what)
{
	char key[512];

	if (snprintf(key, sizeof(key), HINT "%.*s.%s", (int)size, name, what) >= (int)sizeof(key))
		return NULL;
	return json_string_value(json_object_get(annotations, key));
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The hint (name and its size) that is about a mount from src. */
static bool hint_for(json_t *annotations, const char *src, const char **ret_name, size_t *ret_size)
{
	const char *key, *name, *end, *source;
	json_t *v;

	json_object_foreach(annotations, key, v)
	{
		if (strncmp(key, HINT, strlen(HINT)) != 0)
			continue;
		name = key + strlen(HINT);
		end = strrchr(name, '.');
		if (!end || strcmp(end, ".share") != 0)
			continue;
		*ret_name = name;
		*ret_size = (size_t)(end - name);
		source = hint(annotations, name, *ret_size, "source");
		if (source && strcmp(source, src) == 0)
			return true;
		/* one that somebody left out is where kubelet puts volumes of that name */
		if (!source && strstr(src, "/volumes/kubernetes.io~") &&
		    strlen(last_part(src)) == *ret_size &&
		    strncmp(last_part(src), name, *ret_size) == 0)
			return true;
	}
	return false;
}

static bool empty_dir(json_t *annotations, const char *src)
{
	const char *name = strstr(src, EMPTY_DIR);
	char key[512];

	if (!name)
		return false;
	name += strlen(EMPTY_DIR);
	if (!*name || strchr(name, '/'))
		return false;
	snprintf(key, sizeof(key), "dev.gvisor.empty-dir.%s.force-shared", name);
	return !json_object_get(annotations, key);
}

/* The volume's gofer writes whatever one of its mounts may: the mount itself stays read-only. */
static int make_volume(struct launch_req *r, struct boot_mount *m, struct pod *pod,
		       struct rt_err *err)
{
	m->volume = strdup(m->src);
	if (!m->volume || launch_add_tree(r, m->src, false, &m->gofer_mount) < 0)
		return rt_fail(err, ENOMEM, "out of memory");
	pod->volumes = true;
	return 0;
}

/* A tmpfs of the container's own in its place, as the hint asks. */
static int make_tmpfs(struct boot_mount *m, struct rt_err *err)
{
	free(m->type);
	free(m->src);
	m->type = strdup("tmpfs");
	m->src = strdup("tmpfs");
	m->gofer_mount = UINT64_MAX;
	m->kind = BOOT_MOUNT_DIR;
	return m->type && m->src ? 0 : rt_fail(err, ENOMEM, "out of memory");
}

static int one_mount(struct launch_req *r, json_t *annotations, struct boot_mount *m,
		     struct pod *pod, struct rt_err *err)
{
	const char *name, *type, *sharing, *options;
	size_t size;

	if (!hint_for(annotations, m->src, &name, &size))
		return empty_dir(annotations, m->src) ? make_volume(r, m, pod, err) : 0;
	type = hint(annotations, name, size, "type");
	sharing = hint(annotations, name, size, "share");
	options = hint(annotations, name, size, "options");
	if (type && strcmp(type, "tmpfs") != 0 && strcmp(type, "bind") != 0)
		return rt_fail(err, EINVAL,
			       "config.json: annotations: " HINT "%.*s.type: '%s' is neither tmpfs "
			       "nor bind",
			       (int)size, name, type);
	for (const char *o = options; o && *o; o += strcspn(o, ",") + (o[strcspn(o, ",")] == ',')) {
		if (strncmp(o, "ro", 2) == 0 && (!o[2] || o[2] == ','))
			m->flags |= 1; /* MS_RDONLY */
	}
	if (!sharing)
		return rt_fail(err, EINVAL,
			       "config.json: annotations: " HINT "%.*s.share is no string",
			       (int)size, name);
	if (strcmp(sharing, "pod") == 0)
		return make_volume(r, m, pod, err);
	if (strcmp(sharing, "container") == 0)
		return type && strcmp(type, "tmpfs") == 0 ? make_tmpfs(m, err) : 0;
	if (strcmp(sharing, "shared") == 0)
		return 0;
	return rt_fail(err, EINVAL,
		       "config.json: annotations: " HINT
		       "%.*s.share: '%s' is none of pod, container, "
		       "shared",
		       (int)size, name, sharing);
}

int pod_volumes(struct launch_req *r, json_t *config, struct pod *pod, struct rt_err *err)
{
	/* the pod's hints are on its first container; others' own come first */
	json_t *all = json_object();

	if (!all)
		return rt_fail(err, ENOMEM, "out of memory");
	json_object_update(all, pod->hints);
	json_object_update(all, json_object_get(config, "annotations"));
	for (size_t i = 0; i < r->boot.nr_mounts && !err->code; i++) {
		struct boot_mount *m = &r->boot.mounts[i];

		/* directories of the host but the root */
		if (m->gofer_mount != UINT64_MAX && m->kind == BOOT_MOUNT_DIR &&
		    strcmp(m->dst, "/") != 0)
			(void)one_mount(r, all, m, pod, err);
	}
	json_decref(all);
	return -err->code;
}

/* --- limits --- */

static json_t *part(json_t *o, const char *key)
{
	json_t *p = json_object_get(o, key);

	if (json_is_object(p))
		return p;
	json_object_set_new(o, key, json_object());
	return json_object_get(o, key);
}

json_t *pod_resources(const struct pod *pod, json_t *config)
{
	static const struct {
		const char *annotation, *part, *key;
	} whole[] = {
		{ "io.kubernetes.cri.sandbox-cpu-period", "cpu", "period" },
		{ "io.kubernetes.cri.sandbox-cpu-quota", "cpu", "quota" },
		{ "io.kubernetes.cri.sandbox-cpu-shares", "cpu", "shares" },
		{ "io.kubernetes.cri.sandbox-memory", "memory", "limit" },
	};
	json_t *own = json_object_get(json_object_get(config, "linux"), "resources"), *res;

	if (pod->role != POD_SANDBOX)
		return json_incref(own);
	res = own ? json_deep_copy(own) : json_object();
	/* two shares are for a program that sleeps */
	if (json_integer_value(json_object_get(json_object_get(res, "cpu"), "shares")) == 2)
		json_object_del(json_object_get(res, "cpu"), "shares");
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		const char *s = annotation(config, whole[i].annotation);
		char *end;
		long long v = s ? strtoll(s, &end, 10) : 0;

		if (s && *s && !*end && v > 0)
			json_object_set_new(part(res, whole[i].part), whole[i].key,
					    json_integer(v));
	}
	return res;
}

/* --- joining --- */

static int ask(int sock, struct launch_req *r, const struct launch_joined *j, struct container *c,
	       struct sandbox *sb, struct rt_err *err)
{
	struct ctl_create m = { .fds = CTL_FD_GOFER };
	const struct ctl_wait w = { .held = 1 };
	struct ctl_answer a = { 0 };
	int fds[CTL_FDS_MAX];
	unsigned int nr = 0;

	fds[nr++] = j->conf;
	for (int i = 0; i < 3; i++) {
		if (r->stdio[i] < 0)
			continue;
		m.fds |= CTL_FD_STDIN << i;
		fds[nr++] = r->stdio[i];
	}
	if (j->tty >= 0) {
		m.fds |= CTL_FD_TTY;
		fds[nr++] = j->tty;
	}
	fds[nr++] = j->gofer;
	for (size_t i = 0; i < r->boot.nr_fds && nr < CTL_FDS_MAX; i++)
		fds[nr++] = r->extra[i];
	if (ctl_send(sock, c, CTL_CREATE, 1, &m, fds, nr, err) < 0 ||
	    ctl_answer(sock, c, &a, err) < 0)
		return rt_fail_in(err, "sandbox '%s'", c->sandbox);
	c->number = sb->container = (uint32_t)a.value;
	sb->warnings = *a.text ? strdup(a.text) : NULL;
	return ctl_send(sock, c, CTL_WAIT, ATTEND_WAIT_TAG, &w, NULL, 0, err);
}

int pod_join(const struct pod *pod, struct launch_req *r, struct container *c, struct sandbox *sb,
	     struct rt_err *err)
{
	struct launch_joined j;
	auto_close int sock = -1;
	int ret;

	sb->joined = true;
	sb->gofer_stays = pod->volumes;
	sock = state_connect(c);
	if (sock < 0)
		return rt_fail(err, -sock, "sandbox '%s' does not answer: %s", c->sandbox,
			       strerror(-sock));
	if (launch_joining(r, sb, &j, err) < 0)
		return -err->code;
	/* it may outlive the container: then it is the sandbox's */
	if (pod->volumes && cgroup_join(pod->cg, sb->gofer) < 0)
		rt_dbg("the gofer stays in the container's cgroup");
	ret = ask(sock, r, &j, c, sb, err);
	close(j.conf);
	close(j.gofer);
	if (j.tty >= 0)
		close(j.tty);
	if (ret < 0)
		return ret;
	sb->ctl = STEAL_FD(sock);
	return 0;
}

void pod_leave(struct container *c)
{
	const struct ctl_delete m = { 0 };
	struct rt_err err = { 0 };
	struct ctl_answer a;

	if (!c->sandbox || !c->number || !state_sentry_lives(c))
		return;
	if (ctl_request(c, CTL_DELETE, &m, &a, &err) < 0)
		rt_dbg("%s", err.text);
}

bool pod_counts_alone(const struct container *c, json_t *config)
{
	struct rt_err ignored = { 0 };
	struct pod pod;
	bool ret;

	if (pod_role_of(config, &pod, &ignored) < 0)
		return c->sandbox;
	ret = c->sandbox || pod.role == POD_SANDBOX;
	pod_fini(&pod);
	return ret;
}
