/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gofer's dispatcher over a real tree: the input is a list of requests with hostile ids, names
 * and flags. Whatever is asked, no descriptor of something outside the tree comes back, and the
 * file beside the tree stays as it is. Input: 16 bytes per request (op, two name numbers, a flag
 * byte, node id, three numbers); an op byte above 0x7f makes the rest a raw message.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "server.h"

#define OUTSIDE "nobody may see or change this"

static char g_base[64], g_root[80];
static uint64_t g_req[GOFER_REQ_MAX / 8], g_rep[GOFER_REP_MAX / 8];

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	FUZZ_CHECK(snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path));
	f = fopen(path, "w");
	FUZZ_CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void tree_make(void)
{
	char path[128];

	strcpy(g_base, "/tmp/husk-fuzz-XXXXXX");
	FUZZ_CHECK(mkdtemp(g_base) != NULL);
	snprintf(g_root, sizeof(g_root), "%s/root", g_base);
	FUZZ_CHECK(mkdir(g_root, 0755) == 0);
	put_file(g_base, "outside", OUTSIDE);
	put_file(g_root, "a", "inside");
	snprintf(path, sizeof(path), "%s/d", g_root);
	FUZZ_CHECK(mkdir(path, 0755) == 0);
	put_file(path, "b", "deeper");
	snprintf(path, sizeof(path), "%s/up", g_root);
	FUZZ_CHECK(symlink("../outside", path) == 0);
	snprintf(path, sizeof(path), "%s/all", g_root);
	FUZZ_CHECK(symlink("/", path) == 0);
}

/* The tree may not have been left, by reading or by writing. */
static void tree_check(void)
{
	char path[128], text[64] = "";
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/outside", g_base);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 1);
	FUZZ_CHECK(read(fd, text, sizeof(text) - 1) == (ssize_t)strlen(OUTSIDE) &&
		   !strcmp(text, OUTSIDE));
	close(fd);
}

static void fd_check(int fd)
{
	char link[40], path[256];
	struct stat st;
	ssize_t nr;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	nr = readlink(link, path, sizeof(path) - 1);
	FUZZ_CHECK(nr > 0);
	path[nr] = '\0';
	FUZZ_CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
	FUZZ_CHECK(strncmp(path, g_root, strlen(g_root)) == 0 && path[strlen(g_root)] == '/');
}

/* Node ids seen in replies. */
static uint64_t g_ids[64];
static unsigned int g_nr_ids;

static void learn(const void *nodes, size_t nr)
{
	const struct gofer_node *n = nodes;

	for (size_t i = 0; i < nr && g_nr_ids < 64; i++) {
		if (n[i].node)
			g_ids[g_nr_ids++] = n[i].node;
	}
}

static uint64_t pick_id(uint8_t choice)
{
	return choice >= 0xf8 || g_nr_ids == 0 ? choice : g_ids[choice % g_nr_ids];
}

static void send_one(struct gofer_server *s, size_t size)
{
	struct gofer_rep rep;
	const struct gofer_hdr *h = (const void *)g_req;
	uint16_t op = h->op;
	int fds[GOFER_MANY_MAX];
	unsigned int nr_fds = 0;
	long ret = gofer_dispatch(s, g_req, size, g_rep, fds, &nr_fds);

	if (ret > 0)
		FUZZ_CHECK(gofer_rep_decode(op, g_rep, (size_t)ret, (int)nr_fds, &rep) == 0 ||
			   !gofer_op_info(op));
	if (ret > 0 && ((const struct gofer_hdr *)g_rep)->error == 0) {
		const void *p = (const struct gofer_hdr *)g_rep + 1;

		if (op == GOFER_WALK) {
			const struct gofer_walk_rep *w = p;

			learn(w + 1, w->nr_nodes);
		} else if (op == GOFER_ATTACH || op == GOFER_OPEN || op == GOFER_CREATE ||
			   op == GOFER_MKDIR || op == GOFER_SYMLINK || op == GOFER_MKNOD) {
			learn(p, 1);
		}
	}
	for (unsigned int i = 0; i < nr_fds; i++) {
		fd_check(fds[i]);
		close(fds[i]);
	}
}

static void request(struct gofer_server *s, const uint8_t *in)
{
	static const struct gofer_str names[] = {
		{ "a", 1 },           { "d", 1 },       { "b", 1 },
		{ "up", 2 },          { "all", 3 },     { "new", 3 },
		{ "root", 4 },        { "..", 2 },      { ".", 1 },
		{ "../outside", 10 }, { "outside", 7 }, { "", 0 },
		{ "proc", 4 },        { "user.x", 6 },  { "security.capability", 19 },
		{ "trusted.x", 9 },
	};
	struct gofer_str given[GOFER_MANY_MAX];
	const struct gofer_op_info *info = gofer_op_info(in[0] & 0x1f);
	uint64_t fixed[64];
	unsigned int nr;
	uint32_t word;
	long size;

	if (!info)
		return;
	/* Ids, then flags or a mode, then numbers of the input: what they mean is the message's. */
	memset(fixed, 0, sizeof(fixed));
	memcpy(&word, in + 8, 4);
	fixed[0] = pick_id(in[4]);
	switch (in[0] & 0x1f) {
	case GOFER_LINK:
	case GOFER_UNLINK:
	case GOFER_RENAME:
		fixed[1] = pick_id(in[5]);
		fixed[2] = in[12] % 4 ? 0 : pick_id(in[13]);
		fixed[3] = in[14] % 4 ? 0 : pick_id(in[15]);
		if (in[7] % 4 == 0)
			fixed[2] = fixed[4] = in[7] >> 2;
		break;
	case GOFER_CREATE:
	case GOFER_MKDIR:
	case GOFER_MKNOD:
		fixed[1] = word & (in[7] % 8 ? 07777 : UINT32_MAX);
		break;
	case GOFER_READDIR:
		fixed[1] = in[7] % 8 ? 0 : word;
		fixed[2] = 4096 | (uint64_t)(in[5] & 1) << 32;
		break;
	case GOFER_SETATTR:
		fixed[1] = (in[5] & 0xff) | (uint64_t)(word & 07777) << 32;
		fixed[3] = (uint64_t)word << (in[7] % 33);
		break;
	default:
		fixed[1] = in[7] % 4 ? in[5] % 8 : word;
		if (in[7] % 16 == 0)
			memset(&fixed[2], in[12], sizeof(fixed) - 16);
		break;
	}
	nr = info->names_min + (info->names_max > info->names_min ?
					in[6] % (info->names_max - info->names_min + 1) :
					0);
	for (unsigned int i = 0; i < nr; i++)
		given[i] = names[(in[1] + i * in[2]) % (in[7] % 4 ? 7 : ARRAY_SIZE(names))];
	size = gofer_req_encode(g_req, in[0] & 0x1f, 1 + (in[3] >> 1), fixed, given, nr,
				(in[0] & 0x1f) == GOFER_SYMLINK ? "../../.." : (const char *)in + 8,
				info->req_blob_max ? 8 : 0);
	if (size > 0)
		send_one(s, (size_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gofer_attach_req attach = { .version = GOFER_PROTO_VERSION };
	static struct gofer_server s;
	long len;

	signal(SIGXFSZ, SIG_IGN);
	FUZZ_CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1 << 20, 1 << 20 }) == 0);
	memset(&s, 0, sizeof(s));
	g_nr_ids = 0;
	tree_make();
	FUZZ_CHECK(chdir("/proc/self/fd") == 0);
	node_table_init(&s.nodes, 8);
	s.nr_mounts = 1;
	s.mounts[0].root_fd = open(g_root, O_PATH | O_CLOEXEC);
	FUZZ_CHECK(s.mounts[0].root_fd >= 0);
	len = gofer_req_encode(g_req, GOFER_ATTACH, 1, &attach, NULL, 0, NULL, 0);
	send_one(&s, (size_t)len);
	for (unsigned int nr = 0; size >= 16 && nr < 100; data += 16, size -= 16, nr++) {
		if (data[0] > 0x7f) {
			size_t left = size - 1 < sizeof(g_req) ? size - 1 : sizeof(g_req);

			memcpy(g_req, data + 1, left);
			send_one(&s, left);
			break;
		}
		request(&s, data);
	}
	node_table_fini(&s.nodes);
	close(s.mounts[0].root_fd);
	tree_check();
	nftw(g_base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	/* Walk everywhere first, then every operation on every name. */
	if (nr >= GOFER_NR_OPS)
		return 0;
	memset(buf, 0, 16 * 24);
	for (unsigned int i = 0; i < 24; i++) {
		uint8_t *in = buf + i * 16;

		in[0] = i < 6 ? GOFER_WALK : (uint8_t)nr;
		in[1] = (uint8_t)(i < 6 ? i : i - 6);
		in[2] = 1;
		in[4] = i < 6 ? 0 : (uint8_t)i;
		in[5] = (uint8_t)(i % 8);
		in[6] = (uint8_t)(i % 3);
		in[7] = 1;
		in[8] = 0xa4;
		in[9] = 1;
	}
	return 16 * 24;
}
