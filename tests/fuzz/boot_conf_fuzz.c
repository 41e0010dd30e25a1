/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of the boot configuration: what it accepts it can encode and read again. */
#include "fuzz.h"

#include "proto/boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boot_conf c = { 0 }, again = { 0 };
	struct boot_buf b = { 0 };

	if (boot_conf_decode((const char *)data, size, &c) != 0)
		return 0;
	if (boot_conf_encode(&c, &b) == 0) {
		FUZZ_CHECK(boot_conf_decode(b.p, b.size, &again) == 0);
		FUZZ_CHECK(again.nr_mounts == c.nr_mounts && again.args.nr == c.args.nr &&
			   again.flags == c.flags);
		boot_conf_fini(&again);
	}
	free(b.p);
	boot_conf_fini(&c);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	struct boot_conf c = { 0 };
	struct boot_buf b = { 0 };
	struct boot_mount *m;
	size_t size;

	if (nr > 0)
		return 0;
	c.id = strdup("box");
	c.uid = 7;
	c.flags = BOOT_TTY;
	FUZZ_CHECK(boot_strv_add(&c.args, "true", 4) == 0 && boot_strv_add(&c.env, "A=b", 3) == 0);
	FUZZ_CHECK(boot_mount_add(&c, &m) == 0);
	m->type = strdup("tmpfs");
	m->dst = strdup("/tmp");
	FUZZ_CHECK(boot_group_add(&c, 5) == 0 && boot_conf_encode(&c, &b) == 0 &&
		   b.size <= buf_size);
	memcpy(buf, b.p, b.size);
	size = b.size;
	free(b.p);
	boot_conf_fini(&c);
	return size;
}
