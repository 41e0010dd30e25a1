/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz harness without libFuzzer: HARNESS [-n ROUNDS] [-s SEED] [-w DIR] [FILE...] feeds it
 * the files, its own seeds and ROUNDS random mutations of them. The same SEED gives the same
 * inputs. The input of a round that crashes is written to crash-<pid> in the current directory.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX 65536
#define SEEDS_MAX 64

static struct {
	uint8_t *data;
	size_t size;
} g_seeds[SEEDS_MAX];
static unsigned int g_nr_seeds;

static uint8_t g_input[INPUT_MAX];
static size_t g_size;
static unsigned long g_round;
static uint64_t g_state = 1;

static uint32_t rnd(uint32_t n)
{
	g_state ^= g_state << 13;
	g_state ^= g_state >> 7;
	g_state ^= g_state << 17;
	return (uint32_t)((g_state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % n;
}

static void on_crash(int sig)
{
	char name[40], msg[120];
	int fd, nr;

	snprintf(name, sizeof(name), "crash-%d", (int)getpid());
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0 && write(fd, g_input, g_size) == (ssize_t)g_size)
		close(fd);
	nr = snprintf(msg, sizeof(msg), "round %lu ended with signal %d; its input is %s\n",
		      g_round, sig, name);
	if (write(STDERR_FILENO, msg, (size_t)nr) != nr)
		_exit(1);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void add_seed(const uint8_t *data, size_t size)
{
	if (g_nr_seeds == SEEDS_MAX || size > INPUT_MAX)
		return;
	g_seeds[g_nr_seeds].data = malloc(size ? size : 1);
	if (!g_seeds[g_nr_seeds].data)
		abort();
	memcpy(g_seeds[g_nr_seeds].data, data, size);
	g_seeds[g_nr_seeds++].size = size;
}

static void put_number(size_t at)
{
	static const uint64_t odd[] = { 0,          1,          0x7f,      0x80,
					0xff,       0x7fff,     0xffff,    0x7fffffff,
					0x80000000, 0xffffffff, INT64_MAX, UINT64_MAX,
					0x1000,     0xfff,      16,        UINT64_MAX - 0xfff };
	uint64_t v = odd[rnd(sizeof(odd) / sizeof(odd[0]))] + rnd(3) - 1;
	size_t width = (size_t)1 << rnd(4);

	at &= ~(width - 1);
	if (at + width <= g_size)
		memcpy(g_input + at, &v, width);
}

static void mutate(void)
{
	uint32_t nr = 1 + rnd(6);

	while (nr-- > 0 && g_size > 0) {
		size_t at = rnd((uint32_t)g_size), len = 1 + rnd(16);

		switch (rnd(7)) {
		case 0:
			g_input[at] ^= (uint8_t)(1 << rnd(8));
			break;
		case 1:
			g_input[at] = (uint8_t)rnd(256);
			break;
		case 2:
		case 3:
			put_number(at);
			break;
		case 4:
			g_size = at;
			break;
		case 5: /* insert */
			if (g_size + len <= INPUT_MAX) {
				memmove(g_input + at + len, g_input + at, g_size - at);
				memset(g_input + at, (int)rnd(256), len);
				g_size += len;
			}
			break;
		default: /* remove */
			if (at + len <= g_size) {
				memmove(g_input + at, g_input + at + len, g_size - at - len);
				g_size -= len;
			}
			break;
		}
	}
}

static void run(void)
{
	/* A copy of exactly this size, so that the sanitizer sees a read past the end. */
	uint8_t *copy = malloc(g_size ? g_size : 1);

	if (!copy)
		abort();
	memcpy(copy, g_input, g_size);
	LLVMFuzzerTestOneInput(copy, g_size);
	free(copy);
}

static void load(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		exit(1);
	}
	g_size = fread(g_input, 1, INPUT_MAX, f);
	fclose(f);
	add_seed(g_input, g_size);
}

static void write_seed(const char *dir, unsigned int i)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/seed-%u", dir, i);
	f = fopen(path, "w");
	if (!f || fwrite(g_seeds[i].data, 1, g_seeds[i].size, f) != g_seeds[i].size ||
	    fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	unsigned long rounds = 20000;
	const char *dir = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:w:")) != -1) {
		if (opt == 'n')
			rounds = strtoul(optarg, NULL, 0);
		else if (opt == 's')
			g_state = strtoull(optarg, NULL, 0) * 2 + 1;
		else if (opt == 'w')
			dir = optarg;
		else
			return 2;
	}
	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	signal(SIGBUS, on_crash);
	for (int i = optind; i < argc; i++)
		load(argv[i]);
	for (unsigned int nr = 0; fuzz_seed && (g_size = fuzz_seed(nr, g_input, INPUT_MAX)) > 0;
	     nr++)
		add_seed(g_input, g_size);
	add_seed((const uint8_t *)"", 0);
	for (unsigned int i = 0; dir && i < g_nr_seeds; i++)
		write_seed(dir, i);
	for (unsigned int i = 0; i < g_nr_seeds; i++) {
		g_size = g_seeds[i].size;
		memcpy(g_input, g_seeds[i].data, g_size);
		run();
	}
	for (g_round = 1; g_round <= rounds; g_round++) {
		unsigned int i = rnd(g_nr_seeds);

		g_size = g_seeds[i].size;
		memcpy(g_input, g_seeds[i].data, g_size);
		if (g_size == 0)
			for (g_size = rnd(200), i = 0; i < g_size; i++)
				g_input[i] = (uint8_t)rnd(256);
		mutate();
		run();
	}
	printf("%u seeds, %lu rounds\n", g_nr_seeds, rounds);
	while (g_nr_seeds > 0)
		free(g_seeds[--g_nr_seeds].data);
	return 0;
}
