/* Does it optimize under rules? Medians of the simple regret against as many points drawn at
 * random among the allowed ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/space/region.h"
#include "tests/acquisition/play.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 1, SEEDS = 3, MOST_DIMS = 8 };

typedef double objective(const double *x);

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static struct space *ruled_space(
	const struct space_param *params, int d, const struct space_rules *rules)
{
	struct space *s;
	struct kr_error e;
	if (space_new_ruled(&s, params, d, rules, &e))
		fail_msg("%s", e.text);
	return s;
}

/* The best of `budget` points of a long random walk. */
static double by_chance(const struct space *s, objective *f, int budget, uint64_t seed)
{
	struct arena *a = arena_new(1 << 24);
	struct region *g = region_new(s, a);
	struct rng r = rng_make(seed, 0, RNG_TEST, 0);
	double x[MOST_DIMS], values[MOST_DIMS], best = INFINITY;
	for (int i = 0; i < space_dims(s); i++)
		x[i] = space_coord(s, i, NAN);
	assert_true(region_settle(g, x, &r));
	for (int k = 0; k < budget; k++) {
		region_walk(g, x, 200, &r);
		region_decode(g, x, values);
		best = fmin(best, f(values));
	}
	arena_free(a);
	return best;
}

static double by_policy(struct space *s, objective *f, int budget, uint64_t seed)
{
	struct play *p = play_new(s, budget, seed);
	double x[MOST_DIMS], best = INFINITY;
	for (int i = 0; i < budget; i++) {
		play_ask(p, x);
		double y = f(x);
		best = fmin(best, y);
		play_tell(p, x, y);
	}
	p->space = NULL;
	play_free(p);
	return best;
}

static void measure(const char *name, struct space *s, objective *f, int budget, double minimum,
	double *policy, double *chance)
{
	double a[SEEDS], b[SEEDS];
	for (int k = 0; k < SEEDS; k++) {
		a[k] = by_policy(s, f, budget, SEED + (uint64_t)k) - minimum;
		b[k] = by_chance(s, f, budget, SEED + (uint64_t)k) - minimum;
		assert_true(a[k] > -1e-9 && b[k] > -1e-9);
	}
	qsort(a, SEEDS, sizeof(*a), compare);
	qsort(b, SEEDS, sizeof(*b), compare);
	*policy = a[SEEDS / 2];
	*chance = b[SEEDS / 2];
	print_message("seeds %d to %d, %s, %d evaluations: median regret %.3g, at random %.3g\n", SEED,
		SEED + SEEDS - 1, name, budget, *policy, *chance);
	space_free(s);
}

/* Three optimizers, each with parameters of its own, the best of them with a nested one:
 *   0  rate (log)              1  rate (log), momentum, nesterov; and with nesterov decay
 *   2  rate (log), depth 1..8
 * The minimum, 0, is with choice 1, nesterov, rate 1e-3, momentum 0.7, decay 0.2. */
static double tree(const double *x)
{
	double rate = log10(x[1]) + 3;
	if (x[0] == 0)
		return 0.35 + rate * rate;
	if (x[0] == 2)
		return 0.25 + rate * rate + fabs(x[5] - 6) / 8;
	double sum = rate * rate + 4 * pow(x[2] - 0.7, 2);
	return x[3] == 0 ? sum + 0.15 : sum + 2 * pow(x[4] - 0.2, 2);
}

static void a_tree_of_conditions_is_climbed(void **state)
{
	(void)state;
	const struct space_param params[6] = {
		{.kind = SPACE_CATEGORICAL, .n_choices = 3},
		{.kind = SPACE_FLOAT, .low = 1e-5, .high = 1, .log = true},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_CATEGORICAL, .n_choices = 2},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_INT, .low = 1, .high = 8},
	};
	struct arena *a = arena_new(1 << 16);
	const struct condition *when[6] = {
		NULL, NULL, ruled_is(a, 0, 1), ruled_is(a, 0, 1), ruled_is(a, 3, 1), ruled_is(a, 0, 2)};
	struct space_rules rules = {.when = when};
	double policy, chance;
	measure("tree", ruled_space(params, 6, &rules), tree, 50, 0, &policy, &chance);
	assert_true(policy < 0.01 && policy < chance / 5);
	arena_free(a);
}

static const double goal[6] = {0.9, 0.6, 0.5, 0.3, -0.2, 0.1};

/* Squared distance to a point outside of the simplex. */
static double mixture(const double *x)
{
	double sum = 0;
	for (int i = 0; i < 6; i++)
		sum += pow(x[i] - goal[i], 2);
	return sum;
}

/* min |x - goal|^2 over x >= 0, sum x <= 1: by the threshold theta of Held, Wolfe & Crowder
 * 1974 found by halving. */
static double mixture_minimum(double most)
{
	double low = 0, high = 1;
	for (int k = 0; k < 200; k++) {
		double theta = 0.5 * (low + high), sum = 0;
		for (int i = 0; i < 6; i++)
			sum += fmax(goal[i] - theta, 0);
		if (sum > most)
			low = theta;
		else
			high = theta;
	}
	double f = 0;
	for (int i = 0; i < 6; i++)
		f += pow(fmax(goal[i] - high, 0) - goal[i], 2);
	return f;
}

static void constrained(const char *name, double least, double bound)
{
	struct space_param params[6];
	int all[6];
	double ones[6];
	for (int i = 0; i < 6; i++) {
		params[i] = (struct space_param){.kind = SPACE_FLOAT, .low = 0, .high = 1};
		all[i] = i;
		ones[i] = 1;
	}
	struct arena *a = arena_new(1 << 16);
	const struct linear *rows[2] = {
		ruled_row(a, 6, all, ones, 1, false), ruled_row(a, 6, all, ones, least, true)};
	struct space_rules rules = {.n_linear = least > 0 ? 2 : 1, .linear = rows};
	double policy, chance;
	measure(
		name, ruled_space(params, 6, &rules), mixture, 40, mixture_minimum(1), &policy, &chance);
	assert_true(policy < bound && policy < chance / 20);
	arena_free(a);
}

static void the_edge_of_a_simplex_is_found(void **state)
{
	(void)state;
	constrained("simplex", 0, 1e-3);
}

static void a_thin_slice_is_searched(void **state)
{
	(void)state;
	constrained("slice of 0.001", 0.999, 1e-3);
}

static const double weight[6] = {3, 1, 4, 1.5, 5, 2};

/* A knapsack with values that saturate: every item fills the bag at another speed. */
static double knapsack(const double *x)
{
	static const double value[6] = {5, 2, 6, 2.5, 8, 3};
	double sum = 0;
	for (int i = 0; i < 6; i++)
		sum -= value[i] * sqrt(x[i]);
	return sum;
}

/* The minimum by looking at all points. */
static double knapsack_minimum(double most)
{
	double best = 0, x[6];
	for (int k = 0; k < 46656; k++) {
		double load = 0;
		for (int i = 0, rest = k; i < 6; i++, rest /= 6) {
			x[i] = rest % 6;
			load += weight[i] * x[i];
		}
		if (load <= most)
			best = fmin(best, knapsack(x));
	}
	return best;
}

static void a_knapsack_is_packed(void **state)
{
	(void)state;
	struct space_param params[6];
	int all[6];
	for (int i = 0; i < 6; i++) {
		params[i] = (struct space_param){.kind = SPACE_INT, .low = 0, .high = 5};
		all[i] = i;
	}
	struct arena *a = arena_new(1 << 16);
	const struct linear *rows[1] = {ruled_row(a, 6, all, weight, 30, false)};
	struct space_rules rules = {.n_linear = 1, .linear = rows};
	double policy, chance;
	measure("knapsack", ruled_space(params, 6, &rules), knapsack, 50, knapsack_minimum(30), &policy,
		&chance);
	assert_true(policy < 0.5 && policy < chance / 4);
	arena_free(a);
}

/* Three rates on log scales whose sum is bounded; the minimum, 0, is on the edge:
 * 0.9 + 0.09 + 0.01 = 1. */
static double rates(const double *x)
{
	return pow(log10(x[0] / 0.9), 2) + pow(log10(x[1] / 0.09), 2) + pow(log10(x[2] / 0.01), 2);
}

static void log_scales_are_bounded_together(void **state)
{
	(void)state;
	struct space_param params[3];
	for (int i = 0; i < 3; i++)
		params[i] = (struct space_param){.kind = SPACE_FLOAT, .low = 1e-4, .high = 10, .log = true};
	struct arena *a = arena_new(1 << 16);
	const struct linear *rows[1] = {
		ruled_row(a, 3, (int[]){0, 1, 2}, (double[]){1, 1, 1}, 1, false)};
	struct space_rules rules = {.n_linear = 1, .linear = rows};
	double policy, chance;
	measure("rates", ruled_space(params, 3, &rules), rates, 40, 0, &policy, &chance);
	assert_true(policy < 1e-3 && policy < chance / 20);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_of_conditions_is_climbed),
		cmocka_unit_test(the_edge_of_a_simplex_is_found),
		cmocka_unit_test(a_thin_slice_is_searched),
		cmocka_unit_test(a_knapsack_is_packed),
		cmocka_unit_test(log_scales_are_bounded_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
