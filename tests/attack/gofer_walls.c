/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gofer seen from outside. Starts `husk gofer` on a tree of its own, checks what /proc says of
 * the process, and then plays a hostile sentry while another thread plays a hostile host: names
 * that lead out, entries that change between file, link, directory and FIFO while they are opened.
 * Whatever happens, only what is inside the tree comes back, and nothing hangs. Argument: the husk
 * binary. Needs root, or user namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/gofer.h"

#define INSIDE  "inside the tree"
#define OUTSIDE "outside the tree"
#define ROUNDS  4000

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #cond,       \
				errno);                                                            \
			cleanup();                                                                 \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static char g_base[64];
static pid_t g_pid;
static int g_sock = -1;
static uint32_t g_tag;
static uint64_t g_req[GOFER_REQ_MAX / 8], g_rep_buf[GOFER_REP_MAX / 8];
static struct gofer_rep g_rep;
static int g_fd = -1; /* donated with the last reply */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void cleanup(void)
{
	if (g_pid > 0)
		kill(g_pid, SIGKILL);
	if (g_base[0])
		nftw(g_base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_file(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", g_base, name);
	f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static const char *in_base(const char *name)
{
	static char paths[4][160];
	static int n;
	char *p = paths[n++ & 3];

	snprintf(p, sizeof(paths[0]), "%s/%s", g_base, name);
	return p;
}

/* --- the hostile sentry --- */

/* The error of the reply; descriptors in g_fd. */
static int call_raw(size_t size)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(4 * sizeof(int))];
	} control;
	struct iovec iov = { g_rep_buf, sizeof(g_rep_buf) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct gofer_hdr *h = (struct gofer_hdr *)g_req;
	struct cmsghdr *c;
	ssize_t n;
	int nr = 0;

	if (g_fd >= 0)
		close(g_fd);
	g_fd = -1;
	CHECK(send(g_sock, g_req, size, MSG_NOSIGNAL) == (ssize_t)size);
	n = recvmsg(g_sock, &msg, MSG_CMSG_CLOEXEC);
	CHECK(n > 0 && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)));
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		CHECK(c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)));
		memcpy(&g_fd, CMSG_DATA(c), sizeof(int));
		nr++;
	}
	if (!gofer_op_info(h->op))
		return ((struct gofer_hdr *)g_rep_buf)->error;
	CHECK(gofer_rep_decode(h->op, g_rep_buf, (size_t)n, nr, &g_rep) == 0);
	CHECK(g_rep.tag == h->tag);
	return g_rep.error;
}

static int call(uint16_t op, const void *fixed, const char *name)
{
	struct gofer_str s = { name, name ? (uint32_t)strlen(name) : 0 };
	long size = gofer_req_encode(g_req, op, ++g_tag, fixed, &s, name ? 1 : 0, NULL, 0);

	CHECK(size > 0);
	return call_raw((size_t)size);
}

static uint64_t attach(void)
{
	struct gofer_attach_req q = { .version = GOFER_PROTO_VERSION };

	CHECK(call(GOFER_ATTACH, &q, NULL) == 0);
	return ((const struct gofer_attach_rep *)g_rep.fixed)->root.node;
}

static uint64_t walk(uint64_t dir, const char *name)
{
	struct gofer_walk_req q = { .node = dir };
	struct gofer_node node;

	if (call(GOFER_WALK, &q, name) < 0 ||
	    ((const struct gofer_walk_rep *)g_rep.fixed)->nr_nodes != 1)
		return 0;
	memcpy(&node, g_rep.blob.p, sizeof(node));
	return node.node;
}

static void forget(uint64_t node)
{
	struct gofer_forget_req q = { .nr = 1 };
	long size = gofer_req_encode(g_req, GOFER_FORGET, GOFER_TAG_NONE, &q, NULL, 0, &node,
				     sizeof(node));

	if (node)
		CHECK(send(g_sock, g_req, (size_t)size, MSG_NOSIGNAL) == size);
}

/* A donated descriptor is a regular file with the text of the inside. */
static void check_donated(void)
{
	char buf[64] = "";
	struct stat st;

	if (g_fd < 0)
		return;
	CHECK(fstat(g_fd, &st) == 0 && S_ISREG(st.st_mode));
	CHECK(!(fcntl(g_fd, F_GETFL) & (O_APPEND | O_PATH)));
	CHECK(pread(g_fd, buf, sizeof(buf) - 1, 0) >= 0);
	CHECK(strcmp(buf, INSIDE) == 0);
}

/* --- what /proc says --- */

static unsigned long long status_field(const char *name, int base)
{
	char path[64], line[256];
	unsigned long long v = ~0ull;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)g_pid);
	f = fopen(path, "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			v = strtoull(line + strlen(name) + 1, NULL, base);
	}
	fclose(f);
	return v;
}

static void check_namespace(const char *ns)
{
	char path[64], mine[64] = "", its[64] = "";

	snprintf(path, sizeof(path), "/proc/self/ns/%s", ns);
	CHECK(readlink(path, mine, sizeof(mine) - 1) > 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)g_pid, ns);
	CHECK(readlink(path, its, sizeof(its) - 1) > 0);
	CHECK(strcmp(mine, its) != 0);
}

static void check_process(void)
{
	const unsigned long long caps = 0x1b; /* CHOWN DAC_OVERRIDE FOWNER FSETID */
	char path[64], line[512];
	int nr = 0;
	FILE *f;

	CHECK(status_field("Seccomp", 10) == 2);
	CHECK(status_field("NoNewPrivs", 10) == 1);
	CHECK((status_field("CapEff", 16) & ~caps) == 0);
	CHECK((status_field("CapPrm", 16) & ~caps) == 0);
	CHECK(status_field("CapInh", 16) == 0);
	CHECK(status_field("CapAmb", 16) == 0);
	check_namespace("mnt");
	check_namespace("ipc");
	check_namespace("uts");
	check_namespace("net");
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)g_pid);
	f = fopen(path, "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		CHECK(strstr(line, " - tmpfs ") && strstr(line, " ro,"));
		nr++;
	}
	fclose(f);
	CHECK(nr == 1);
}

/* --- the hostile host --- */

static atomic_bool g_stop;

/*
 * "x" is by turns a file, a link out, a directory, a FIFO and a link to a device; "d" a directory
 * and a link out.
 */
static void *host(void *arg)
{
	static const char *const kinds[] = { "root/.file", "root/.link", "root/.dir", "root/.fifo",
					     "root/.dev" };
	char from[5][160], x[160], d[160], real[160], out[160];
	unsigned int n = 0;

	for (int i = 0; i < 5; i++)
		snprintf(from[i], sizeof(from[i]), "%s/%s", g_base, kinds[i]);
	snprintf(x, sizeof(x), "%s/root/x", g_base);
	snprintf(d, sizeof(d), "%s/root/d", g_base);
	snprintf(real, sizeof(real), "%s/root/.realdir", g_base);
	snprintf(out, sizeof(out), "%s/root/.outdir", g_base);
	while (!atomic_load(&g_stop)) {
		int i = (int)(n++ % 5);

		renameat2(AT_FDCWD, from[i], AT_FDCWD, x, RENAME_EXCHANGE);
		renameat2(AT_FDCWD, n & 1 ? real : out, AT_FDCWD, d, RENAME_EXCHANGE);
		sched_yield();
		renameat2(AT_FDCWD, from[i], AT_FDCWD, x, RENAME_EXCHANGE);
		renameat2(AT_FDCWD, n & 1 ? real : out, AT_FDCWD, d, RENAME_EXCHANGE);
	}
	return NULL;
}

static void race(uint64_t root)
{
	struct gofer_open_req q = { .node = root };
	unsigned int donated = 0, walked = 0;
	pthread_t t;

	CHECK(pthread_create(&t, NULL, host, NULL) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t dir;

		q.node = root;
		q.flags = i & 1 ? GOFER_OPEN_WRITE : 0;
		if (call(GOFER_OPEN, &q, "x") == 0) {
			uint64_t node = ((const struct gofer_open_rep *)g_rep.fixed)->node.node;

			donated += g_fd >= 0;
			check_donated();
			forget(node);
		}
		dir = walk(root, "d");
		if (dir) {
			struct gofer_open_req in = { .node = dir };

			walked++;
			if (call(GOFER_OPEN, &in, "secret") == 0) {
				uint64_t node =
					((const struct gofer_open_rep *)g_rep.fixed)->node.node;

				check_donated();
				forget(node);
			}
			forget(dir);
		}
	}
	atomic_store(&g_stop, true);
	pthread_join(t, NULL);
	CHECK(donated > 0 && walked > 0);
}

static void names(uint64_t root)
{
	static const char *const bad[] = { "..",         ".",        "",           "/",
					   "../outside", "d/secret", "/etc/passwd" };
	struct gofer_walk_req q = { .node = root };
	struct gofer_open_req o = { .node = root };
	struct gofer_link_req l = { .node = root };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(call(GOFER_WALK, &q, bad[i]) == -EINVAL);
		CHECK(call(GOFER_OPEN, &o, bad[i]) == -EINVAL && g_fd < 0);
	}
	CHECK(call(GOFER_OPEN, &o, "up") == 0 && g_fd < 0);
	CHECK(call(GOFER_OPEN, &o, "all") == 0 && g_fd < 0);
	o.node = walk(root, "up");
	CHECK(o.node && call(GOFER_OPEN, &o, NULL) == -ELOOP && g_fd < 0);
	q.node = walk(root, "all");
	CHECK(q.node && call(GOFER_WALK, &q, "etc") == 0);
	CHECK(((const struct gofer_walk_rep *)g_rep.fixed)->nr_nodes == 0);
	/* A hard link to the symbolic link links the link. */
	l.target = o.node;
	CHECK(call(GOFER_LINK, &l, "hard") == 0);
	o.node = root;
	CHECK(call(GOFER_OPEN, &o, "hard") == 0 && g_fd < 0);
	o.node = walk(root, "fifo");
	CHECK(o.node && call(GOFER_OPEN, &o, NULL) == -ENXIO);
	o.node = 0xdeadbeef00000001;
	CHECK(call(GOFER_OPEN, &o, NULL) == -ESTALE);
}

static void start(const char *husk, const char *root)
{
	char num[16], spec[160];
	int sv[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0);
	snprintf(spec, sizeof(spec), "rw,path=%s", root);
	snprintf(num, sizeof(num), "%d", sv[1]);
	g_pid = fork();
	CHECK(g_pid >= 0);
	if (g_pid == 0) {
		fcntl(sv[1], F_SETFD, 0);
		if (geteuid() != 0 && unshare(CLONE_NEWUSER) < 0)
			_exit(77);
		execl(husk, "husk", "gofer", "--conn-fd", num, "--new-net", "--mount", spec, NULL);
		_exit(127);
	}
	close(sv[1]);
	g_sock = sv[0];
}

static void make_tree(void)
{
	strcpy(g_base, "/tmp/husk-walls-XXXXXX");
	CHECK(mkdtemp(g_base) && chmod(g_base, 0755) == 0);
	put_file("outside", OUTSIDE);
	CHECK(mkdir(in_base("outdir"), 0755) == 0);
	put_file("outdir/secret", OUTSIDE);
	CHECK(mkdir(in_base("root"), 0755) == 0);
	put_file("root/.file", INSIDE);
	CHECK(symlink("../outside", in_base("root/.link")) == 0);
	CHECK(mkdir(in_base("root/.dir"), 0755) == 0);
	CHECK(mkfifo(in_base("root/.fifo"), 0666) == 0);
	CHECK(symlink("/dev/zero", in_base("root/.dev")) == 0);
	put_file("root/x", INSIDE);
	CHECK(mkdir(in_base("root/.realdir"), 0755) == 0);
	put_file("root/.realdir/secret", INSIDE);
	CHECK(symlink("../outdir", in_base("root/.outdir")) == 0);
	CHECK(mkdir(in_base("root/d"), 0755) == 0);
	put_file("root/d/secret", INSIDE);
	CHECK(symlink("../outside", in_base("root/up")) == 0);
	CHECK(symlink("/", in_base("root/all")) == 0);
	CHECK(mkfifo(in_base("root/fifo"), 0666) == 0);
}

int main(int argc, char **argv)
{
	char buf[64] = "";
	int status, fd;
	uint64_t root;

	if (argc != 2)
		return 2;
	alarm(50); /* a FIFO that was opened blindly would hang */
	make_tree();
	start(argv[1], in_base("root"));
	root = attach();
	check_process();
	names(root);
	race(root);
	/* Something that is no message ends the gofer, and nothing else happens. */
	memset(g_req, 0xff, 64);
	CHECK(send(g_sock, g_req, 64, MSG_NOSIGNAL) == 64);
	CHECK(waitpid(g_pid, &status, 0) == g_pid && WIFEXITED(status));
	/* So does the end of the connection. */
	start(argv[1], in_base("root"));
	attach();
	close(g_sock);
	CHECK(waitpid(g_pid, &status, 0) == g_pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	g_pid = 0;
	fd = open(in_base("outside"), O_RDONLY);
	CHECK(fd >= 0 && read(fd, buf, sizeof(buf)) == (ssize_t)strlen(OUTSIDE) &&
	      strcmp(buf, OUTSIDE) == 0);
	cleanup();
	return 0;
}
