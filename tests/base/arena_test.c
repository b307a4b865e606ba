#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"

enum { SEED = 11, KIB = 1 << 10, MIB = 1 << 20 };

static void pieces_are_aligned_and_apart(void **state)
{
	struct arena *a = arena_new(64 * MIB);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	unsigned char *piece[2000];
	size_t size[2000];

	(void)state;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < 2000; i++) {
		size[i] = rng_below(&r, i % 50 ? 300 : 100000);
		piece[i] = arena_alloc(a, size[i]);
		assert_non_null(piece[i]);
		assert_int_equal((uintptr_t)piece[i] % (size[i] >= 64 ? 64 : 16), 0);
		memset(piece[i], i & 0xff, size[i]);
	}
	for (int i = 0; i < 2000; i++)
		for (size_t k = 0; k < size[i]; k++)
			assert_int_equal(piece[i][k], i & 0xff);
	arena_free(a);
}

static void the_cap_is_hard(void **state)
{
	struct arena *a = arena_new(MIB);
	size_t got = 0;

	(void)state;
	while (arena_alloc(a, KIB))
		got += KIB;
	assert_int_equal(got, MIB);
	assert_int_equal(arena_used(a), MIB);
	assert_null(arena_alloc(a, 1));

	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	assert_null(arena_alloc(a, MIB + 1));
	assert_non_null(arena_alloc(a, KIB)); /* a refusal changes nothing */
	arena_free(a);

	a = arena_new(MIB);
	assert_non_null(arena_alloc(a, MIB));
	arena_free(a);
}

static void sizes_that_overflow_are_refused(void **state)
{
	struct arena *a = arena_new(SIZE_MAX);

	(void)state;
	assert_null(arena_calloc(a, SIZE_MAX / 2 + 2, 2)); /* 2 when it wraps */
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 80));
	assert_null(arena_strndup(a, "", SIZE_MAX));
	assert_non_null(arena_alloc(a, 0));
	arena_free(a);
}

static void copies_and_text(void **state)
{
	static const double zero[100];
	struct arena *a = arena_new(MIB);
	double *v = ARENA_ARRAY(a, double, 100);
	char *s;

	(void)state;
	assert_memory_equal(v, zero, sizeof(zero));
	s = arena_strndup(a, "a\0bcd", 4);
	assert_memory_equal(s, "a\0bc", 5);
	assert_memory_equal(arena_memdup(a, "xyz", 3), "xyz", 3);
	assert_non_null(arena_memdup(a, NULL, 0));
	assert_string_equal(arena_printf(a, "%s-%d", "n", 42), "n-42");
	s = arena_printf(a, "%5000s|", "");
	assert_int_equal(strlen(s), 5001);
	arena_free(a);
}

static void release_gives_back_what_came_after_the_mark(void **state)
{
	struct arena *a = arena_new(MIB);
	struct arena_mark empty = arena_mark(a), mark;
	size_t before;
	char *kept;

	(void)state;
	kept = arena_strndup(a, "kept", 4);
	mark = arena_mark(a);
	before = arena_used(a);
	for (int round = 0; round < 1000; round++) { /* far more than the cap in total */
		struct arena_mark inner;

		assert_non_null(arena_alloc(a, 100 * KIB));
		inner = arena_mark(a);
		assert_non_null(arena_alloc(a, 300 * KIB));
		arena_release(a, inner);
		assert_non_null(arena_alloc(a, 300 * KIB));
		arena_release(a, mark);
		assert_int_equal(arena_used(a), before);
	}
	assert_string_equal(kept, "kept");
	arena_release(a, empty);
	assert_int_equal(arena_used(a), 0);
	assert_non_null(arena_alloc(a, KIB));
	arena_free(a);
}

static void release_within_a_block(void **state)
{
	struct arena *a = arena_new(MIB);
	char *kept = arena_strndup(a, "kept", 4);
	struct arena_mark mark = arena_mark(a);
	size_t before = arena_used(a);
	char *first = arena_alloc(a, 40);

	(void)state;
	arena_release(a, mark);
	assert_int_equal(arena_used(a), before);
	assert_ptr_equal(arena_alloc(a, 40), first);
	assert_string_equal(kept, "kept");
	arena_free(a);
}

static void a_loop_of_scratch_leaves_the_heap_alone(void **state)
{
	struct arena *a = arena_new(MIB);
	struct arena_mark mark;

	(void)state;
	assert_non_null(arena_alloc(a, 10));
	mark = arena_mark(a);
	assert_non_null(arena_alloc(a, 100 * KIB));
	arena_release(a, mark);
	kr_alloc_fail_at(0, 0);
	for (int i = 0; i < 100; i++) {
		assert_non_null(arena_alloc(a, 100 * KIB));
		arena_release(a, mark);
	}
	assert_int_equal(kr_alloc_count(), 0);
	arena_free(a);
}

static void every_failing_allocation_is_answered(void **state)
{
	int n_done = 0;

	(void)state;
	for (int n = 1; n_done == 0 && n < 100; n++) {
		struct arena *a;

		kr_alloc_fail_at(n, 0);
		a = arena_new(16 * MIB);
		if (a) {
			for (int i = 0; i < 40; i++) {
				char *s = arena_printf(a, "%50000d", i);

				if (s)
					assert_int_equal(strlen(s), 50000);
			}
			n_done = kr_alloc_count() < n;
			arena_free(a);
		}
	}
	kr_alloc_fail_at(0, 0);
	assert_true(n_done);
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_apart),
		cmocka_unit_test(the_cap_is_hard),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(copies_and_text),
		cmocka_unit_test(release_gives_back_what_came_after_the_mark),
		cmocka_unit_test(release_within_a_block),
		cmocka_unit_test(a_loop_of_scratch_leaves_the_heap_alone),
		cmocka_unit_test(every_failing_allocation_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
