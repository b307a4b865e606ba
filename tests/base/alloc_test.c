#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* One of each; returns how many succeeded. */
static int one_of_each(void)
{
	void *p[5] = {kr_malloc(10), kr_calloc(3, 4), kr_realloc(NULL, 2, 8), kr_strdup("abc"),
		kr_memdup("ab", 2)};
	int n_good = 0;

	for (int i = 0; i < 5; i++) {
		n_good += p[i] != NULL;
		kr_free(p[i]);
	}
	return n_good;
}

static void the_nth_allocation_fails_once(void **state)
{
	(void)state;
	for (int n = 1; n <= 7; n++) {
		kr_alloc_fail_at(n, 0);
		assert_int_equal(one_of_each(), n <= 5 ? 4 : 5);
		assert_int_equal(kr_alloc_count(), 5);
	}
	kr_alloc_fail_at(0, 0);
	assert_int_equal(one_of_each(), 5);
}

static void sticky_failure_lasts(void **state)
{
	(void)state;
	for (int n = 1; n <= 6; n++) {
		kr_alloc_fail_at(n, 1);
		assert_int_equal(one_of_each(), n - 1);
	}
	kr_alloc_fail_at(0, 0);
	assert_int_equal(one_of_each(), 5);
}

static void sizes_that_overflow_are_refused(void **state)
{
	char *p = kr_malloc(1);

	(void)state;
	assert_null(kr_calloc(SIZE_MAX / 2 + 2, 2));
	assert_null(kr_realloc(p, SIZE_MAX / 2 + 2, 2));
	assert_null(kr_malloc(SIZE_MAX));
	*p = 1; /* still ours */
	kr_free(p);
	kr_free(NULL);
}

static void null_means_no_memory_and_not_no_bytes(void **state)
{
	void *p[4] = {kr_malloc(0), kr_calloc(0, 8), kr_realloc(NULL, 0, 8), kr_memdup(NULL, 0)};

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_non_null(p[i]);
		kr_free(p[i]);
	}
}

static void new_storage_is_zero(void **state)
{
	static const char zero[800];
	double *v = KR_ARRAY(double, 100);

	(void)state;
	assert_memory_equal(v, zero, sizeof(zero));
	kr_free(v);
}

static void grow_keeps_elements_and_survives_failure(void **state)
{
	int *v = NULL;
	size_t n = 0, cap = 0;

	(void)state;
	for (; n < 1000; n++) {
		if (n == cap) {
			int *before = v;

			kr_alloc_fail_at(1, 0);
			assert_int_equal(KR_GROW(&v, n, &cap), -1);
			kr_alloc_fail_at(0, 0);
			assert_ptr_equal(v, before);
			assert_int_equal(cap, n);
		}
		assert_int_equal(KR_GROW(&v, n, &cap), 0);
		v[n] = (int)n * 3;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(v[i], (int)i * 3);
	kr_free(v);
}

static void grow_refuses_a_size_that_overflows(void **state)
{
	void *v = NULL;
	size_t cap = SIZE_MAX / 2 + 1;

	(void)state;
	assert_int_equal(kr_grow(&v, cap, &cap, 1), -1);
	assert_null(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nth_allocation_fails_once),
		cmocka_unit_test(sticky_failure_lasts),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(null_means_no_memory_and_not_no_bytes),
		cmocka_unit_test(new_storage_is_zero),
		cmocka_unit_test(grow_keeps_elements_and_survives_failure),
		cmocka_unit_test(grow_refuses_a_size_that_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
