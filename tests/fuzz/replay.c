/* Runs a fuzz target without libFuzzer: over each file of the corpus, each of
 * its prefixes, and copies of it with random bytes changed, doubled or dropped.
 * What it must not do is crash; the sanitizers of the build decide.
 *
 *   NAME_fuzz CORPUS_FOLDER [SEED] */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { LARGEST = 64 << 10, MAX_PREFIXES = 256, MUTANTS = 500 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From a block of the exact size, so that a read past the end is seen. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_prefixes(const uint8_t *data, size_t size)
{
	size_t step = size / MAX_PREFIXES + 1;

	for (size_t len = 0; len < size; len += step)
		run(data, len);
}

/* One to four changes; returns the new size, at most 2 * size. */
static size_t mutate(uint8_t *data, size_t size, struct rng *r)
{
	for (uint32_t n = 1 + rng_below(r, 4); n > 0 && size > 0; n--) {
		size_t at = rng_below(r, (uint32_t)size);
		size_t len = 1 + rng_below(r, (uint32_t)(size - at));

		switch (rng_below(r, 4)) {
		case 0: data[at] ^= (uint8_t)(1u << rng_below(r, 8)); break;
		case 1: data[at] = (uint8_t)rng_below(r, 256); break;
		case 2: /* drop */
			memmove(data + at, data + at + len, size - at - len);
			size -= len;
			break;
		default: /* double */
			if (size + len > LARGEST)
				break;
			memmove(data + at + len, data + at, size - at);
			size += len;
		}
	}
	return size;
}

static void run_file(const char *path, uint64_t seed, uint64_t number)
{
	static uint8_t data[LARGEST], mutant[LARGEST];
	struct rng r = rng_make(seed, number, RNG_TEST, 0);
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f)
		return;
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	run(data, size);
	run_prefixes(data, size);
	for (int i = 0; i < MUTANTS; i++) {
		memcpy(mutant, data, size);
		run(mutant, mutate(mutant, size, &r));
	}
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	struct dirent **entry;
	int n_files = 0, n;

	n = argc > 1 ? scandir(argv[1], &entry, NULL, alphasort) : -1;
	if (n < 0) {
		fprintf(stderr, "usage: %s CORPUS_FOLDER [SEED]\n", argv[0]);
		return 2;
	}
	printf("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < n; i++) {
		char path[4096];

		if (entry[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", argv[1], entry[i]->d_name);
			run_file(path, seed, (uint64_t)n_files++);
		}
		free(entry[i]);
	}
	free(entry);
	printf("%d files, their prefixes and %d mutants of each\n", n_files, MUTANTS);
	return n_files > 0 ? 0 : 1;
}
