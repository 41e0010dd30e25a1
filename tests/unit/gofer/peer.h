/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gofer inside the test's own process, spoken to without a socket: encodes a request, dispatches
 * it and decodes the reply, so that both decoders are under test. The tree is a fresh directory.
 */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server.h"

struct peer {
	struct gofer_server s;
	char dir[64];
	int dirfd;
	uint64_t root;
	struct gofer_rep rep;
	int fd; /* of the last reply; closed by the next call */
	int fds[GOFER_MANY_MAX];
	unsigned int nr_fds; /* all of it */
	uint64_t req_buf[GOFER_REQ_MAX / 8], rep_buf[GOFER_REP_MAX / 8];
};

/* The error of the reply. */
static int peer_call(struct peer *p, uint16_t op, const void *fixed, const char *n1, const char *n2,
		     const void *blob, size_t blob_size)
{
	struct gofer_str names[2] = { { n1, n1 ? (uint32_t)strlen(n1) : 0 },
				      { n2, n2 ? (uint32_t)strlen(n2) : 0 } };
	long size;

	for (unsigned int i = 0; i < p->nr_fds; i++)
		close(p->fds[i]);
	p->fd = -1;
	p->nr_fds = 0;
	size = gofer_req_encode(p->req_buf, op, 7, fixed, names, !!n1 + !!n2, blob, blob_size);
	assert_true(size > 0);
	size = gofer_dispatch(&p->s, p->req_buf, (size_t)size, p->rep_buf, p->fds, &p->nr_fds);
	assert_true(size > 0);
	assert_int_equal(gofer_rep_decode(op, p->rep_buf, (size_t)size, (int)p->nr_fds, &p->rep),
			 0);
	if (p->nr_fds > 0)
		p->fd = p->fds[0];
	assert_int_equal(p->rep.tag, 7);
	return p->rep.error;
}

__maybe_unused static int peer_walk(struct peer *p, uint64_t dir, const char *name,
				    struct gofer_node *ret_node)
{
	struct gofer_walk_req q = { .node = dir };
	const struct gofer_walk_rep *r;
	int ret = peer_call(p, GOFER_WALK, &q, name, NULL, NULL, 0);

	if (ret < 0)
		return ret;
	r = p->rep.fixed;
	if (r->nr_nodes == 1)
		memcpy(ret_node, p->rep.blob.p, sizeof(*ret_node));
	return r->nr_nodes == 1 ? 0 : r->stop;
}

__maybe_unused static int peer_open(struct peer *p, uint64_t node, const char *name, uint32_t flags)
{
	struct gofer_open_req q = { .node = node, .flags = flags };

	return peer_call(p, GOFER_OPEN, &q, name, NULL, NULL, 0);
}

static struct peer *peer_new(bool ro, unsigned int fd_budget)
{
	struct gofer_attach_req q = { .version = GOFER_PROTO_VERSION };
	struct peer *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->fd = -1;
	strcpy(p->dir, "/tmp/husk-gofer-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->dirfd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->dirfd >= 0);
	assert_int_equal(chdir("/proc/self/fd"), 0);
	umask(0);
	node_table_init(&p->s.nodes, fd_budget);
	p->s.nr_mounts = 1;
	p->s.mounts[0].root_fd = open(p->dir, O_PATH | O_CLOEXEC);
	p->s.mounts[0].ro = ro;
	assert_int_equal(peer_call(p, GOFER_ATTACH, &q, NULL, NULL, NULL, 0), 0);
	p->root = ((const struct gofer_attach_rep *)p->rep.fixed)->root.node;
	return p;
}

static void peer_free(struct peer *p)
{
	char cmd[128];

	for (unsigned int i = 0; i < p->nr_fds; i++)
		close(p->fds[i]);
	close(p->dirfd);
	close(p->s.mounts[0].root_fd);
	node_table_fini(&p->s.nodes);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
}

/* A file with a text in the tree, made behind the gofer's back. */
__maybe_unused static void peer_put_file(struct peer *p, const char *path, const char *text)
{
	int fd = openat(p->dirfd, path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}
