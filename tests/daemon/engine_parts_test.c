/* The engine's containers against plain models of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "daemon/engine/history.h"
#include "daemon/engine/lease.h"
#include "daemon/engine/numbers.h"
#include "daemon/engine/requests.h"
#include "daemon/engine/text.h"

enum { SEED = 20240607 };

static struct rng make_rng(uint64_t number)
{
	printf("seed %d, number %d\n", SEED, (int)number);
	return rng_make(SEED, number, RNG_TEST, 0);
}

static void test_numbers(void **state)
{
	enum { N = 300 };
	struct rng r = make_rng(1);
	struct numbers s = {0};
	bool in[N] = {false};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t x = rng_below(&r, N);

		if (in[x]) {
			numbers_remove(&s, x);
		} else {
			assert_int_equal(numbers_reserve(&s, 1, NULL), KR_OK);
			numbers_add(&s, x);
		}
		in[x] = !in[x];
		x = rng_below(&r, N);
		assert_int_equal(numbers_has(&s, x), in[x]);
	}
	for (size_t i = 1; i < s.n; i++)
		assert_true(s.p[i - 1] < s.p[i]);
	numbers_fini(&s);
}

/* Ids that collide in their first and last bytes, put, replaced and removed. */
static void test_requests(void **state)
{
	enum { N = 500 };
	struct rng r = make_rng(2);
	struct requests q;
	uint64_t seq[N] = {0};
	uint8_t key[16] = {1, 2, 3};
	size_t n = 0;

	(void)state;
	requests_init(&q, key);
	for (int i = 0; i < 30000; i++) {
		uint32_t x = rng_below(&r, N);
		struct request_entry e = {.study = 1 + x % 3, .method = x};
		const struct request_entry *found;

		memcpy(e.id + 6, &x, sizeof(x));
		found = requests_find(&q, e.id);
		assert_int_equal(found != NULL, seq[x] != 0);
		if (found)
			assert_true(found->seq == seq[x] && found->method == x);
		if (found && rng_below(&r, 2)) {
			requests_remove(&q, e.id);
			seq[x] = 0;
			n--;
		} else {
			e.seq = (uint64_t)i + 1;
			assert_int_equal(requests_reserve(&q, 1, NULL), KR_OK);
			requests_put(&q, &e);
			n += !found;
			seq[x] = e.seq;
		}
		assert_int_equal(q.n, n);
	}
	requests_forget(&q, 2);
	for (uint32_t x = 0; x < N; x++) {
		uint8_t id[16] = {0};

		memcpy(id + 6, &x, sizeof(x));
		assert_int_equal(requests_find(&q, id) != NULL, seq[x] != 0 && x % 3 != 1);
	}
	requests_fini(&q);
}

/* Leases come out in the order of their due times, after any renewals and removals. */
static void test_leases(void **state)
{
	enum { N = 200 };
	static struct trial trials[N];
	struct rng r = make_rng(3);
	struct leases l = {0};
	int64_t due[N], last = INT64_MIN;
	size_t n = 0;

	(void)state;
	assert_int_equal(leases_reserve(&l, N, NULL), KR_OK);
	for (int i = 0; i < 20000; i++) {
		uint32_t x = rng_below(&r, N);
		struct trial *t = &trials[x];

		t->number = x;
		due[x] = rng_below(&r, 1000);
		if (!t->lease_at) {
			leases_add(&l, 1, t, due[x]);
			n++;
		} else if (rng_below(&r, 3)) {
			leases_renew(&l, t, due[x]);
		} else {
			leases_remove(&l, t);
			n--;
		}
		assert_int_equal(l.n, n);
	}
	while (l.n) {
		const struct lease *next = leases_next(&l);

		assert_true(next->due_ns == due[next->trial->number]);
		assert_true(next->due_ns >= last);
		last = next->due_ns;
		leases_remove(&l, next->trial);
	}
	leases_fini(&l);
	assert_true(lease_due(INT64_MAX - 5, 1) == INT64_MAX);
	assert_true(lease_due(7, UINT64_MAX) == INT64_MAX);
	assert_true(lease_due(7, 2) == 2000007);
}

/* A view keeps what it saw while the history goes on, and after its end. */
static void test_history(void **state)
{
	enum { D = 3, K = 2, N = 1000 };
	struct rng r = make_rng(4);
	struct history h;
	struct history_view views[4];
	static double X[N * D], y[N * K], s[N * K], gotX[N * D], goty[N * K], gots[N * K];
	size_t sizes[4], n_views = 0;

	(void)state;
	history_init(&h, D, K);
	for (size_t i = 0; i < N; i++) {
		for (size_t j = 0; j < D; j++)
			X[i * D + j] = rng_uniform(&r);
		for (size_t k = 0; k < K; k++) {
			y[i * K + k] = rng_uniform(&r);
			s[i * K + k] = i % 3 ? NAN : rng_uniform(&r);
		}
		if (i == 0 || i == 128 || i == 300 || i == 777) {
			assert_int_equal(history_view(&h, &views[n_views], NULL), KR_OK);
			sizes[n_views++] = i;
		}
		assert_int_equal(history_reserve(&h, 1, NULL), KR_OK);
		history_append(&h, (uint64_t)i, X + i * D, y + i * K, i % 3 ? NULL : s + i * K);
	}
	history_fini(&h);
	for (size_t v = 0; v < n_views; v++) {
		assert_int_equal(views[v].n, sizes[v]);
		history_gather(&views[v], gotX, goty, gots);
		assert_memory_equal(gotX, X, sizes[v] * D * sizeof(double));
		for (size_t i = 0; i < sizes[v]; i++)
			for (size_t k = 0; k < K; k++) {
				size_t at = k * sizes[v] + i;

				assert_true(goty[at] == y[i * K + k]);
				assert_true(gots[at] == s[i * K + k] || (isnan(gots[at]) && i % 3));
			}
		history_view_fini(&views[v]);
	}
}

/* Corrections, removals and appends against a plain list; each view stays as it was. */
static void test_history_corrections(void **state)
{
	enum { D = 2, STEPS = 1500, VIEWS = 12, MOST = 600 };
	struct rng r = make_rng(7);
	struct history h;
	struct history_view views[VIEWS];
	static double list[MOST][D + 1], seen[VIEWS][MOST][D + 1];
	static uint64_t numbers[MOST];
	static double X[MOST * D], y[MOST], sems[MOST];
	size_t n = 0, n_views = 0;
	uint64_t next = 0;

	(void)state;
	history_init(&h, D, 1);
	for (int i = 0; i < STEPS; i++) {
		double x[D] = {rng_uniform(&r), rng_uniform(&r)}, v = rng_uniform(&r);
		size_t at = n ? rng_below(&r, (uint32_t)n) : 0;
		uint32_t what = rng_below(&r, 4);

		if (i % (STEPS / VIEWS) == 0) {
			assert_int_equal(history_view(&h, &views[n_views], NULL), KR_OK);
			memcpy(seen[n_views++], list, sizeof(list));
		}
		if (n < MOST && (what < 2 || n == 0)) {
			assert_int_equal(history_reserve(&h, 1, NULL), KR_OK);
			history_append(&h, next, x, &v, NULL);
			memcpy(list[n], x, sizeof(x));
			list[n][D] = v;
			numbers[n++] = next++;
		} else if (what == 2) {
			assert_int_equal(history_find(&h, numbers[at]), at);
			assert_int_equal(history_own(&h, at, at, NULL), KR_OK);
			history_set(&h, at, &v, NULL);
			list[at][D] = v;
		} else if (n > 0) {
			assert_int_equal(history_own(&h, at, n - 1, NULL), KR_OK);
			history_remove(&h, at);
			n--;
			memmove(list[at], list[at + 1], (n - at) * sizeof(list[0]));
			memmove(numbers + at, numbers + at + 1, (n - at) * sizeof(numbers[0]));
		}
		assert_int_equal(h.n, n);
		assert_int_equal(history_find(&h, next), n);
	}
	history_view_fini(&views[n_views - 1]);
	assert_int_equal(history_view(&h, &views[n_views - 1], NULL), KR_OK);
	memcpy(seen[n_views - 1], list, sizeof(list));
	history_fini(&h);
	for (size_t k = 0; k < n_views; k++) {
		history_gather(&views[k], X, y, sems);
		for (size_t i = 0; i < views[k].n; i++) {
			assert_memory_equal(X + i * D, seen[k][i], D * sizeof(double));
			assert_true(y[i] == seen[k][i][D]);
		}
		history_view_fini(&views[k]);
	}
}

static void test_text(void **state)
{
	struct rng r = make_rng(5);
	struct text t = {0};
	const char *kept[500];
	char expected[500][40];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(expected[i], sizeof(expected[i]), "worker-%u", rng_below(&r, 300));
		assert_int_equal(text_reserve(&t, text_size(expected[i]), NULL), KR_OK);
		kept[i] = text_keep(&t, expected[i]);
		if (i > 0 && strcmp(expected[i], expected[i - 1]) == 0)
			assert_ptr_equal(kept[i], kept[i - 1]);
	}
	for (int i = 0; i < 500; i++)
		assert_string_equal(kept[i], expected[i]);
	assert_null(text_keep(&t, NULL));
	text_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_leases),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_history_corrections),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
