/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of a bundle's config.json. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rt_conf conf;
	struct rt_err err = { 0 };
	struct bundle b = { 0 };
	struct launch_req r;
	int ret;

	launch_req_init(&r, &conf);
	ret = spec_parse((const char *)data, size, "/nonexistent", &r, &b, &err);
	FUZZ_CHECK(ret <= 0 && (ret == 0 || err.text[0]));
	bundle_fini(&b);
	launch_req_fini(&r);
	return 0;
}

static const char full[] =
	"{\"ociVersion\":\"1.2.0\",\"process\":{\"terminal\":false,\"user\":{\"uid\":1,\"gid\":2,\"umask\":18,"
	"\"additionalGids\":[3,4]},\"args\":[\"sh\",\"-c\",\"true\"],\"env\":[\"PATH=/bin\",\"TERM=xterm\"],\"cwd\":\"/\","
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"]},"
	"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}],\"noNewPrivileges\":true,"
	"\"consoleSize\":{\"height\":24,\"width\":80},\"oomScoreAdj\":100},\"root\":{\"path\":\"rootfs\",\"readonly\":true},"
	"\"hostname\":\"box\",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	"{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"mode=1777\",\"size=64m\"]},"
	"{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/usr\",\"options\":[\"rbind\",\"ro\"]}],"
	"\"annotations\":{\"a.b\":\"c\"},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"network\"}],"
	"\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":[\"/proc/sys\"],\"sysctl\":{\"net.ipv4.ip_forward\":\"0\"},"
	"\"resources\":{\"memory\":{\"limit\":1000000},\"pids\":{\"limit\":10}},\"cgroupsPath\":\"/husk/x\"}}";

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	static const char *const seeds[] = { full, "{}",
					     "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"/\"}}",
					     "[1]" };
	size_t size;

	if (nr >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	size = strlen(seeds[nr]);
	FUZZ_CHECK(size <= buf_size);
	memcpy(buf, seeds[nr], size);
	return size;
}
