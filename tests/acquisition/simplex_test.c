/* Feasibility: systems with a known point, systems with a certificate that there is none. */
#include "acquisition/space/simplex.h"

#include <math.h>
#include <string.h>

#include "tests/acquisition/cube.h"

enum { SEED = 99, ROUNDS = 3000, MOST_N = 12, MOST_M = 20 };

struct system {
	struct arena *arena;
	struct simplex_room *room;
	double A[MOST_M * MOST_N], b[MOST_M], lower[MOST_N], upper[MOST_N], x[MOST_N];
	struct simplex_problem p;
};

static void draw(struct system *s, struct rng *r)
{
	s->p = (struct simplex_problem){.n = (int)(1 + rng_below(r, MOST_N)),
		.m = (int)(1 + rng_below(r, MOST_M)),
		.A = s->A,
		.b = s->b,
		.lower = s->lower,
		.upper = s->upper};
	for (int k = 0; k < s->p.n * s->p.m; k++)
		s->A[k] = rng_below(r, 3) ? 2 * rng_uniform(r) - 1 : rng_below(r, 3) - 1.0;
	for (int j = 0; j < s->p.n; j++) {
		s->lower[j] = rng_uniform(r) - 1;
		s->upper[j] = rng_below(r, 8) ? s->lower[j] + rng_uniform(r) : s->lower[j];
		s->x[j] = 3 * rng_uniform(r) - 1.5;
	}
}

static double row(const struct system *s, int i, const double *x)
{
	double sum = 0;
	for (int j = 0; j < s->p.n; j++)
		sum += s->A[i * s->p.n + j] * x[j];
	return sum;
}

static enum simplex_answer solve(struct system *s)
{
	long work = 100 * 1000 * 1000;
	return simplex_find(&s->p, s->x, &work, s->room);
}

static void assert_solved(const struct system *s)
{
	for (int j = 0; j < s->p.n; j++)
		assert_true(s->x[j] >= s->lower[j] && s->x[j] <= s->upper[j]);
	for (int i = 0; i < s->p.m; i++)
		assert_true(row(s, i, s->x) <= s->b[i] + 1e-9);
}

static void setup(struct system *s)
{
	s->arena = arena_new(1 << 20);
	s->room = simplex_room_new(MOST_N, MOST_M, s->arena);
}

/* Bounds through a point inside the box, many of them tight there, some doubled as equalities. */
static void a_point_that_exists_is_found(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	struct system s;
	setup(&s);
	print_message("seed %d\n", SEED);
	for (int k = 0; k < ROUNDS; k++) {
		double z[MOST_N];
		draw(&s, &r);
		for (int j = 0; j < s.p.n; j++)
			z[j] = s.lower[j] + rng_uniform(&r) * (s.upper[j] - s.lower[j]);
		for (int i = 0; i < s.p.m; i++) {
			bool opposite = i > 0 && rng_below(&r, 4) == 0;
			for (int j = 0; opposite && j < s.p.n; j++)
				s.A[i * s.p.n + j] = -s.A[(i - 1) * s.p.n + j];
			s.b[i] = row(&s, i, z) + (rng_below(&r, 2) ? 0 : 0.1 * rng_uniform(&r));
		}
		assert_int_equal(solve(&s), SIMPLEX_FOUND);
		assert_solved(&s);
	}
	arena_free(s.arena);
}

/* With weights w >= 0, w' A x <= w' b; the left side is at least its minimum over the box. The
 * last bound makes that impossible (Farkas). */
static void what_cannot_be_is_empty(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	struct system s;
	setup(&s);
	for (int k = 0; k < ROUNDS; k++) {
		double w[MOST_M], least = 0, right = 0;
		draw(&s, &r);
		for (int i = 0; i < s.p.m; i++) {
			w[i] = rng_below(&r, 3) ? rng_uniform(&r) : 0;
			s.b[i] = 2 * rng_uniform(&r) - 1;
		}
		int last = s.p.m - 1;
		w[last] = 0.1 + rng_uniform(&r);
		for (int j = 0; j < s.p.n; j++) {
			double sum = 0;
			for (int i = 0; i < s.p.m; i++)
				sum += w[i] * s.A[i * s.p.n + j];
			least += fmin(sum * s.lower[j], sum * s.upper[j]);
		}
		for (int i = 0; i < last; i++)
			right += w[i] * s.b[i];
		s.b[last] = (least - right - 1e-6) / w[last];
		double before[MOST_N];
		memcpy(before, s.x, sizeof(before));
		assert_int_equal(solve(&s), SIMPLEX_EMPTY);
		assert_memory_equal(before, s.x, sizeof(double) * (size_t)s.p.n);
	}
	arena_free(s.arena);
}

/* A wish that is allowed stays as it is; work that runs out is told. */
static void a_wish_is_kept(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	struct system s;
	setup(&s);
	for (int k = 0; k < ROUNDS; k++) {
		double z[MOST_N];
		draw(&s, &r);
		for (int j = 0; j < s.p.n; j++)
			s.x[j] = z[j] = s.lower[j] + rng_uniform(&r) * (s.upper[j] - s.lower[j]);
		for (int i = 0; i < s.p.m; i++)
			s.b[i] = row(&s, i, z) + 0.01;
		assert_int_equal(solve(&s), SIMPLEX_FOUND);
		assert_memory_equal(z, s.x, sizeof(double) * (size_t)s.p.n);
		s.b[0] -= 0.02;
		long work = 0;
		assert_int_equal(simplex_find(&s.p, s.x, &work, s.room), SIMPLEX_UNKNOWN);
	}
	arena_free(s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_point_that_exists_is_found),
		cmocka_unit_test(what_cannot_be_is_empty),
		cmocka_unit_test(a_wish_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
