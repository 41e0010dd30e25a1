/* SPDX-License-Identifier: Apache-2.0 */
/* What changing ids does to capabilities (capabilities(7)). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <abi/linux/capability.h>
#include <abi/linux/prctl.h>

#include "kernel/creds.h"

static struct cred *with_ids(const struct cred *old, uint32_t uid, uint32_t euid, uint32_t suid)
{
	struct cred *c;

	assert_int_equal(cred_copy(old, &c), 0);
	c->uid = uid;
	c->euid = euid;
	c->suid = suid;
	cred_fix_caps(old, c);
	return c;
}

static void leaving_root_drops_all(void **state)
{
	struct cred *root, *c;

	assert_int_equal(cred_new_root(&root), 0);
	root->cap_ambient = 4;
	c = with_ids(root, 1000, 1000, 1000);
	assert_int_equal(c->cap_permitted, 0);
	assert_int_equal(c->cap_effective, 0);
	assert_int_equal(c->cap_ambient, 0);
	cred_put(c);
	c = with_ids(root, 0, 1000, 0);
	assert_true(c->cap_permitted == LX_CAP_FULL_SET);
	assert_int_equal(c->cap_effective, 0);
	cred_put(c);
	root->securebits = LX_SECBIT_KEEP_CAPS;
	c = with_ids(root, 1000, 1000, 1000);
	assert_true(c->cap_permitted == LX_CAP_FULL_SET);
	assert_int_equal(c->cap_effective, 0);
	cred_put(c);
	root->securebits = LX_SECBIT_NO_SETUID_FIXUP;
	c = with_ids(root, 1000, 1000, 1000);
	assert_true(c->cap_effective == LX_CAP_FULL_SET);
	cred_put(c);
	cred_put(root);
}

static void coming_back_restores_the_effective_set(void **state)
{
	struct cred *root, *half, *c;

	assert_int_equal(cred_new_root(&root), 0);
	half = with_ids(root, 0, 1000, 0);
	c = with_ids(half, 0, 0, 0);
	assert_true(c->cap_effective == LX_CAP_FULL_SET);
	cred_put(c);
	cred_put(half);
	cred_put(root);
}

static void file_system_ids_move_file_capabilities(void **state)
{
	struct cred *root, *c;

	assert_int_equal(cred_new_root(&root), 0);
	assert_int_equal(cred_copy(root, &c), 0);
	c->fsuid = 5;
	cred_fix_caps_fsuid(root, c);
	assert_false(cred_capable(c, LX_CAP_DAC_OVERRIDE));
	assert_true(cred_capable(c, LX_CAP_SYS_ADMIN));
	cred_put(c);
	cred_put(root);
}

static void groups_are_found(void **state)
{
	uint32_t g[] = { 3, 7, 9, 100 };
	struct cred *c, *n;

	assert_int_equal(cred_new_root(&c), 0);
	c->groups = malloc(sizeof(g));
	memcpy(c->groups, g, sizeof(g));
	c->nr_groups = 4;
	assert_int_equal(cred_copy(c, &n), 0);
	assert_true(cred_in_group(n, 0));
	assert_true(cred_in_group(n, 7));
	assert_true(cred_in_group(n, 100));
	assert_false(cred_in_group(n, 8));
	cred_put(n);
	cred_put(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaving_root_drops_all),
		cmocka_unit_test(coming_back_restores_the_effective_set),
		cmocka_unit_test(file_system_ids_move_file_capabilities),
		cmocka_unit_test(groups_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
