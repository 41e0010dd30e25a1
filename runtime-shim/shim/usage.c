/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a sentry what a container uses: see usage.h. */
#include "usage.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "proto/control.h"

/* The container's number, and the directory of the one that made its sandbox. */
static bool find(const char *state, const char *id, uint32_t *ret_number, char *ret_dir,
		 size_t size)
{
	char name[8400];
	const char *sandbox, *type;
	json_t *o, *ann;
	bool found;

	snprintf(name, sizeof(name), "%s/%s/state.json", state, id);
	o = json_load_file(name, 0, NULL);
	sandbox = json_string_value(json_object_get(o, "sandbox"));
	ann = json_object_get(o, "annotations");
	type = json_string_value(json_object_get(ann, "io.kubernetes.cri.container-type"));
	if (!type)
		type = json_string_value(json_object_get(ann, "io.kubernetes.cri-o.ContainerType"));
	found = sandbox || (type && strcmp(type, "sandbox") == 0);
	*ret_number = (uint32_t)json_integer_value(json_object_get(o, "number"));
	snprintf(ret_dir, size, "%s/%s", state, sandbox ? sandbox : id);
	json_decref(o);
	return found;
}

static int ask(const char *dir, uint32_t number, char *ret_text, size_t size)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	auto_close int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct timeval tv = { .tv_sec = 2 };
	const struct ctl_usage m = { 0 };
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	uint64_t buf[512];
	struct ctl_msg msg;
	ssize_t n;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/control.sock", at);
	if (fd < 0 || at < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (send(fd, buf, ctl_encode_for(buf, number, CTL_USAGE, 1, &m, NULL, 0), MSG_NOSIGNAL) < 0)
		return -1;
	n = recv(fd, buf, sizeof(buf), 0);
	if (n <= 0 || ctl_decode(buf, (size_t)n, &msg) < 0 || msg.op != CTL_REPLY ||
	    ((const struct ctl_reply *)msg.fixed)->error || msg.text_size >= size)
		return -1;
	memcpy(ret_text, msg.text, msg.text_size);
	ret_text[msg.text_size] = 0;
	return 0;
}

static uint64_t member(json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));

	return v > 0 ? (uint64_t)v : 0;
}

bool usage_ask(const char *state, const char *id, struct usage *ret_u)
{
	char dir[8400], text[2048];
	uint32_t number;
	json_t *o;

	if (!find(state, id, &number, dir, sizeof(dir)) || ask(dir, number, text, sizeof(text)) < 0)
		return false;
	o = json_loads(text, 0, NULL);
	*ret_u = (struct usage){ member(o, "memory"), member(o, "pids"), member(o, "cpu"),
				 member(o, "oom_kills") };
	json_decref(o);
	return o;
}
