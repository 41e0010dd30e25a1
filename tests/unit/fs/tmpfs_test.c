/* SPDX-License-Identifier: Apache-2.0 */
/* tmpfs: contents against a model, holes, limits, seals. */
#include "../vfs/vfstest.h"
#include "fs/tmpfs/tmpfs.h"

static ssize_t at(struct file *f, bool write, void *buf, size_t n, int64_t pos)
{
	struct uio u;

	uio_init_kernel(&u, buf, n);
	return write ? vfs_write(f, &u, &pos, 0) : vfs_read(f, &u, &pos, 0);
}

#define MODEL_SIZE (300u << 10)

static void random_calls_agree_with_an_array(void **state)
{
	struct vt *t = *state;
	static char model[MODEL_SIZE], buf[MODEL_SIZE], data[MODEL_SIZE];
	size_t size = 0;
	struct file *f;
	unsigned int seed = 5;

	assert_int_equal(vt_open(t, "/f", LX_O_CREAT | LX_O_RDWR, 0644, &f), 0);
	memset(model, 0, sizeof(model));
	for (int round = 0; round < 3000; round++) {
		size_t off = (size_t)rand_r(&seed) % MODEL_SIZE, n = (size_t)rand_r(&seed) % 9000;
		struct kattr a = { .valid = SA_SIZE, .size = off };

		n = MIN(n, MODEL_SIZE - off);
		switch (rand_r(&seed) % 6) {
		case 0:
		case 1:
			memset(data, rand_r(&seed) % 255 + 1, n);
			assert_int_equal(at(f, true, data, n, (int64_t)off), (ssize_t)n);
			memcpy(model + off, data, n);
			size = n ? MAX(size, off + n) : size;
			break;
		case 2:
			if (rand_r(&seed) % 8)
				break;
			assert_int_equal(inode_setattr(f->inode, &t->c, &a), 0);
			if (off < size)
				memset(model + off, 0, size - off);
			size = off;
			break;
		case 3:
			if (!n)
				break;
			assert_int_equal(f->ops->fallocate(f,
							   LX_FALLOC_FL_PUNCH_HOLE |
								   LX_FALLOC_FL_KEEP_SIZE,
							   (int64_t)off, (int64_t)n),
					 0);
			memset(model + off, 0, n);
			break;
		default:
			n = off >= size ? 0 : MIN(n, size - off);
			assert_int_equal(at(f, false, buf, n, (int64_t)off), (ssize_t)n);
			assert_memory_equal(buf, model + off, n);
			break;
		}
		assert_int_equal(f->inode->size, size);
	}
	file_put(f);
}

static void holes_are_seen_and_cost_nothing(void **state)
{
	struct vt *t = *state;
	struct kstat st;
	struct file *f;
	char c = 'x';

	assert_int_equal(vt_open(t, "/f", LX_O_CREAT | LX_O_RDWR, 0644, &f), 0);
	assert_int_equal(at(f, true, &c, 1, 1 << 20), 1);
	assert_int_equal(at(f, true, &c, 1, 1ll << 40), 1);
	assert_int_equal(vt_stat(t, "/f", &st), 0);
	assert_int_equal(st.blocks, 16);
	assert_int_equal(vfs_seek(f, 0, LX_SEEK_DATA), 1 << 20);
	assert_int_equal(vfs_seek(f, 1 << 20, LX_SEEK_HOLE), (1 << 20) + 4096);
	assert_int_equal(vfs_seek(f, 2 << 20, LX_SEEK_DATA), 1ll << 40);
	assert_int_equal(vfs_seek(f, (1ll << 40) + 1, LX_SEEK_DATA), -ENXIO);
	assert_int_equal(vfs_seek(f, 1ll << 40, LX_SEEK_HOLE), (1ll << 40) + 1);
	file_put(f);
}

static void limits_hold(void **state)
{
	struct vt *t = *state;
	auto_path struct path p = { 0 };
	struct super_block *sb = vt_tmpfs("size=64k,nr_inodes=4,mode=700,uid=5,gid=6");
	static char data[100000];
	struct lx_statfs sf;
	struct kstat st;
	struct file *f;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/m", 0755), 0);
	assert_int_equal(vfs_walk(&t->c, NULL, "/m", 0, &p), 0);
	assert_int_equal(vfs_mount(t->ns, &p, sb, "t", 0), 0);
	super_put(sb);
	assert_int_equal(vt_stat(t, "/m", &st), 0);
	assert_int_equal(st.mode, LX_S_IFDIR | 0700);
	assert_int_equal(st.uid, 5);
	assert_int_equal(vt_open(t, "/m/f", LX_O_CREAT | LX_O_RDWR, 0644, &f), 0);
	assert_int_equal(kwrite(f, data, sizeof(data)), 65536);
	assert_int_equal(kwrite(f, data, 1), -ENOSPC);
	assert_int_equal(
		f->ops->fallocate(f, LX_FALLOC_FL_PUNCH_HOLE | LX_FALLOC_FL_KEEP_SIZE, 0, 8192), 0);
	assert_int_equal(kwrite(f, data, 4096), 4096);
	assert_int_equal(vfs_statfs(&f->path, &sf), 0);
	assert_int_equal(sf.f_blocks, 16);
	assert_int_equal(sf.f_bfree, 1);
	assert_int_equal(vt_try(t, "/m/g", LX_O_CREAT), 0);
	assert_int_equal(vt_try(t, "/m/h", LX_O_CREAT), 0);
	assert_int_equal(vt_try(t, "/m/i", LX_O_CREAT), -ENOSPC);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/m/g"), 0);
	assert_int_equal(vt_try(t, "/m/i", LX_O_CREAT), 0);
	file_put(f);
	assert_int_equal(tmpfs_type.mount(&tmpfs_type, "t", "size=x", NULL, &sb), -EINVAL);
	assert_int_equal(tmpfs_type.mount(&tmpfs_type, "t", "nonsense=1", NULL, &sb), -EINVAL);
}

static void seals_stay_shut(void **state)
{
	struct vt *t = *state;
	struct kattr a = { .valid = SA_SIZE, .size = 10 };
	struct file *f;

	assert_int_equal(memfd_new("m", 2 /* MFD_ALLOW_SEALING */, &t->c, &f), 0);
	assert_int_equal(kwrite(f, "hello", 5), 5);
	assert_int_equal(tmpfs_add_seals(f, LX_F_SEAL_GROW), 0);
	assert_int_equal(inode_setattr(f->inode, &t->c, &a), -EPERM);
	assert_int_equal(at(f, true, (char[]){ "abc" }, 3, 0), 3);
	assert_int_equal(at(f, true, (char[]){ "abc" }, 3, 3), -EPERM);
	assert_int_equal(tmpfs_add_seals(f, LX_F_SEAL_WRITE | LX_F_SEAL_SEAL), 0);
	assert_int_equal(at(f, true, (char[]){ "abc" }, 3, 0), -EPERM);
	assert_int_equal(tmpfs_add_seals(f, LX_F_SEAL_SHRINK), -EPERM);
	assert_int_equal(tmpfs_get_seals(f), LX_F_SEAL_GROW | LX_F_SEAL_WRITE | LX_F_SEAL_SEAL);
	file_put(f);
}

struct list {
	struct dir_ctx ctx;
	char names[64][16];
	int nr, max;
};

static bool take(struct dir_ctx *ctx, const char *name, size_t len, int64_t next, uint64_t ino,
		 unsigned int type)
{
	struct list *l = container_of(ctx, struct list, ctx);

	if (l->nr == l->max)
		return false;
	memcpy(l->names[l->nr], name, len);
	l->names[l->nr++][len] = '\0';
	return true;
}

static void reading_a_directory_survives_changes(void **state)
{
	struct vt *t = *state;
	struct list l = { .ctx.emit = take, .max = 5 };
	struct file *f;
	char name[16];

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d", 0755), 0);
	for (int n = 0; n < 20; n++) {
		snprintf(name, sizeof(name), "/d/f%02d", n);
		vt_write(t, name, "x");
	}
	assert_int_equal(vt_open(t, "/d", LX_O_RDONLY | LX_O_DIRECTORY, 0, &f), 0);
	assert_int_equal(vfs_readdir(f, &l.ctx), 0);
	assert_int_equal(l.nr, 5);
	assert_string_equal(l.names[4], "f02");
	/* what was read is removed, and so is what comes next */
	for (int n = 0; n < 4; n++) {
		snprintf(name, sizeof(name), "/d/f%02d", n);
		assert_int_equal(vfs_unlink(&t->c, NULL, name), 0);
	}
	l.max = 64;
	assert_int_equal(vfs_readdir(f, &l.ctx), 0);
	assert_int_equal(l.nr, 5 + 16);
	assert_string_equal(l.names[5], "f04");
	file_put(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VT_TEST(random_calls_agree_with_an_array),
		VT_TEST(holes_are_seen_and_cost_nothing),
		VT_TEST(limits_hold),
		VT_TEST(seals_stay_shut),
		VT_TEST(reading_a_directory_survives_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
