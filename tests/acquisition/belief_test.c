#include "acquisition/space/belief.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/space/sobol.h"
#include "base/alloc.h"
#include "tests/acquisition/play.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 20261123, SPACES = 500, CHOICES = 64 };

/* A belief about a random parameter; room for its weights. */
static struct belief_param any_belief(
	struct rng *r, const struct space *s, int i, double weights[CHOICES])
{
	const struct space_param *p = space_param(s, i);
	if (p->kind == SPACE_FIXED || rng_below(r, 4) == 0)
		return (struct belief_param){0};
	if (p->kind == SPACE_FLOAT || p->kind == SPACE_INT) {
		double span = p->log ? log(p->high / p->low) : p->high - p->low;
		double mean = space_value(s, i, rng_uniform(r));
		return (struct belief_param){
			BELIEF_NORMAL, mean, fmax(span * pow(10, -2 + 3 * rng_uniform(r)), DBL_MIN), NULL};
	}
	for (int k = 0; k < p->n_choices && k < CHOICES; k++)
		weights[k] = rng_below(r, 3) ? rng_uniform(r) : 0;
	weights[rng_below(r, (uint32_t)p->n_choices)] = 1;
	return (struct belief_param){.kind = BELIEF_WEIGHTS, .weights = weights};
}

/* Beliefs about a space of random parameters with few choices. NULL when memory ran out. */
static struct belief *any_beliefs(struct rng *r, struct space **s, int d)
{
	struct space_param params[8] = {{0}};
	struct belief_param beliefs[8] = {{0}};
	double weights[8][CHOICES] = {{0}};
	struct belief *b;
	for (int i = 0; i < d; i++) {
		params[i] = cube_param(r);
		params[i].n_choices = params[i].n_choices < CHOICES ? params[i].n_choices : CHOICES;
	}
	*s = cube_space(params, d);
	for (int i = 0; i < d; i++)
		beliefs[i] = any_belief(r, *s, i, weights[i]);
	assert_int_equal(belief_new(&b, *s, beliefs, NULL), KR_OK);
	return b;
}

static double log_belief(const struct belief *b, double *coords, int d, double *slope)
{
	struct arena *a = arena_new(1 << 20);
	double value = 0;
	for (int j = 0; slope && j < d; j++)
		slope[j] = 0;
	struct mat D = slope ? mat_view(slope, 1, d, 1) : (struct mat){0};
	assert_int_equal(belief_add(b, 1, mat_view(coords, 1, d, 1), &value, D, a, NULL), KR_OK);
	arena_free(a);
	return value;
}

/* ---- values ---------------------------------------------------------------------- */

/* Numbers from Python: log(.99 exp(-u^2 / 2) + .01), u = 3/2 and ln 10 / ln 3;
 * log(.99 / 4 + .01). */
static void weights_are_those_of_the_formula(void **state)
{
	(void)state;
	struct space_param params[3] = {{.kind = SPACE_FLOAT, .low = 0, .high = 10},
		{.kind = SPACE_FLOAT, .low = 1, .high = 100, .log = true},
		{.kind = SPACE_CATEGORICAL, .n_choices = 3}};
	struct belief_param beliefs[3] = {{BELIEF_NORMAL, 3, 2, NULL}, {BELIEF_NORMAL, 3, log(3), NULL},
		{BELIEF_WEIGHTS, 0, 0, (double[]){2, 8, 0}}};
	double values[3] = {6, 3, 1}, x[3];
	struct space *s = cube_space(params, 3);
	struct belief *b;
	assert_int_equal(belief_new(&b, s, beliefs, NULL), KR_OK);
	space_encode(s, values, x);
	assert_true(fabs(log_belief(b, x, 3, NULL) - -1.1044112420902037) < 1e-12);
	space_encode(s, (double[]){3, 30, 1}, x);
	assert_true(fabs(log_belief(b, x, 3, NULL) - -2.1195124766317734) < 1e-12);
	space_encode(s, (double[]){3, 3, 0}, x);
	assert_true(fabs(log_belief(b, x, 3, NULL) - -1.3567355588783463) < 1e-12);
	space_encode(s, (double[]){3, 3, 2}, x);
	assert_true(fabs(log_belief(b, x, 3, NULL) - log(0.01)) < 1e-12);
	belief_free(b);
	space_free(s);
}

static void nothing_is_excluded_and_the_mode_is_the_largest(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	print_message("seed %d\n", SEED);
	for (int i = 0; i < SPACES; i++) {
		int d = 1 + (int)rng_below(&r, 8);
		struct space *s;
		struct belief *b = any_beliefs(&r, &s, d);
		double x[8], values[8];
		for (int k = 0; k < 10; k++) {
			cube_draw(s, &r, values);
			space_encode(s, values, x);
			double v = log_belief(b, x, d, NULL);
			assert_true(v <= 1e-15 && v >= d * log(BELIEF_FLOOR) - 1e-9);
		}
		for (int j = 0; j < d; j++)
			x[j] = space_categorical(s)[j] ? 0.5 / space_levels(s, j) : 0.5;
		belief_mode(b, x);
		for (int j = 0; j < d; j++)
			if (space_categorical(s)[j])
				x[j] = floor(x[j] * space_levels(s, j));
		assert_true(fabs(log_belief(b, x, d, NULL)) < 1e-9);
		belief_free(b);
		space_free(s);
	}
}

static void gradients_are_differences(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	for (int i = 0; i < SPACES; i++) {
		int d = 1 + (int)rng_below(&r, 8);
		struct space_param params[8] = {{0}};
		struct belief_param beliefs[8] = {{0}};
		double x[8], slope[8];
		for (int j = 0; j < d; j++) {
			params[j] = (struct space_param){
				.kind = SPACE_FLOAT, .low = 1, .high = 9, .log = rng_below(&r, 2)};
			beliefs[j] = (struct belief_param){
				BELIEF_NORMAL, 1 + 8 * rng_uniform(&r), 0.1 + rng_uniform(&r), NULL};
			x[j] = rng_uniform(&r);
		}
		struct space *s = cube_space(params, d);
		struct belief *b;
		assert_int_equal(belief_new(&b, s, beliefs, NULL), KR_OK);
		log_belief(b, x, d, slope);
		for (int j = 0; j < d; j++) {
			double h = 1e-6, at = x[j];
			x[j] = at + h;
			double up = log_belief(b, x, d, NULL);
			x[j] = at - h;
			double down = log_belief(b, x, d, NULL);
			x[j] = at;
			assert_true(fabs((up - down) / (2 * h) - slope[j]) < 1e-5 * (1 + fabs(slope[j])));
		}
		belief_free(b);
		space_free(s);
	}
}

/* A parameter that is not there says nothing. */
static void an_inactive_parameter_is_worth_its_best(void **state)
{
	(void)state;
	struct space_param params[2] = {
		{.kind = SPACE_CATEGORICAL, .n_choices = 2}, {.kind = SPACE_FLOAT, .low = 0, .high = 1}};
	struct belief_param beliefs[2] = {{0}, {BELIEF_NORMAL, 0.9, 0.01, NULL}};
	struct arena *a = arena_new(1 << 16);
	const struct condition *when[2] = {NULL, ruled_is(a, 0, 1)};
	struct space_rules rules = {.when = when};
	double x[2] = {0, 0.5}, slope[2];
	struct space *s;
	struct belief *b;
	assert_int_equal(space_new_ruled(&s, params, 2, &rules, NULL), KR_OK);
	assert_int_equal(belief_new(&b, s, beliefs, NULL), KR_OK);
	assert_true(log_belief(b, x, 2, slope) == 0 && slope[1] == 0);
	x[0] = 1;
	assert_true(fabs(log_belief(b, x, 2, NULL) - log(BELIEF_FLOOR)) < 1e-9);
	belief_free(b);
	space_free(s);
	arena_free(a);
}

/* ---- draws ------------------------------------------------------------------------- */

/* Quarters of a net fall on the quartiles, those of a normal within the bounds from scipy's
 * truncnorm. */
static void draws_are_distributed_so(void **state)
{
	(void)state;
	struct space_param params[2] = {
		{.kind = SPACE_FLOAT, .low = 0, .high = 1}, {.kind = SPACE_CATEGORICAL, .n_choices = 3}};
	struct belief_param beliefs[2] = {
		{BELIEF_NORMAL, 0.2, 0.3, NULL}, {BELIEF_WEIGHTS, 0, 0, (double[]){1, 0, 3}}};
	static const double quartiles[3] = {
		0.15350087, 0.29506274, 0.46364577}; /* truncnorm(-2/3, 8/3, .2, .3).ppf */
	enum { N = 4096 };
	int below[3] = {0}, of[3] = {0};
	struct space *s = cube_space(params, 2);
	struct belief *b;
	struct rng key = rng_make(SEED, 2, RNG_TEST, 0);
	assert_int_equal(belief_new(&b, s, beliefs, NULL), KR_OK);
	for (uint32_t i = 0; i < N; i++) {
		double x[2];
		sobol_net(&key, i, mat_view(x, 1, 2, 1));
		belief_draw(b, x);
		for (int q = 0; q < 3; q++)
			below[q] += x[0] < quartiles[q];
		assert_true(x[0] >= 0 && x[0] <= 1);
		of[(int)floor(3 * x[1])]++;
	}
	for (int q = 0; q < 3; q++)
		assert_true(abs(below[q] - (q + 1) * N / 4) <= 2);
	assert_true(abs(of[0] - N / 4) <= 2 && of[1] == 0);
	belief_free(b);
	space_free(s);
}

static void draws_are_points(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	for (int i = 0; i < SPACES; i++) {
		int d = 1 + (int)rng_below(&r, 8);
		struct space *s;
		struct belief *b = any_beliefs(&r, &s, d);
		for (int k = 0; k < 10; k++) {
			double x[8];
			for (int j = 0; j < d; j++)
				x[j] = k ? rng_uniform(&r) : nextafter(1, 0);
			belief_draw(b, x);
			for (int j = 0; j < d; j++)
				assert_true(x[j] >= 0 && x[j] <= 1 && (!space_categorical(s)[j] || x[j] < 1));
		}
		belief_free(b);
		space_free(s);
	}
}

/* ---- refusals ------------------------------------------------------------------------- */

static void refuses(struct space_param p, struct belief_param b, const char *says)
{
	struct space *s = cube_space(&p, 1);
	struct belief *made;
	struct kr_error err;
	assert_int_equal(belief_new(&made, s, &b, &err), KR_INVALID_ARGUMENT);
	assert_null(made);
	assert_string_equal(err.field, "params[0].prior");
	if (!strstr(err.text, says))
		fail_msg("'%s' does not say '%s'", err.text, says);
	space_free(s);
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	struct space_param number = {.kind = SPACE_FLOAT, .low = 0, .high = 1};
	struct space_param rate = {.kind = SPACE_FLOAT, .low = 1, .high = 9, .log = true};
	struct space_param choice = {.kind = SPACE_CATEGORICAL, .n_choices = 2};
	refuses(number, (struct belief_param){BELIEF_NORMAL, 2, 1, NULL}, "2; it must be 0 to 1");
	refuses(number, (struct belief_param){BELIEF_NORMAL, NAN, 1, NULL}, "0 to 1");
	refuses(number, (struct belief_param){BELIEF_NORMAL, 0.5, 0, NULL}, "sd");
	refuses(rate, (struct belief_param){BELIEF_NORMAL, 2, INFINITY, NULL}, "factor");
	refuses(choice, (struct belief_param){BELIEF_NORMAL, 0, 1, NULL}, "weights");
	refuses(
		number, (struct belief_param){.kind = BELIEF_WEIGHTS, .weights = (double[]){1, 1}}, "mean");
	refuses(choice, (struct belief_param){.kind = BELIEF_WEIGHTS, .weights = (double[]){0, 0}},
		"above 0");
	refuses(choice, (struct belief_param){.kind = BELIEF_WEIGHTS, .weights = (double[]){1, -1}},
		"at least 0");
}

/* ---- in the policy ------------------------------------------------------------------------ */

static double valley(const double *x, int d)
{
	double sum = 0;
	for (int j = 0; j < d; j++)
		sum += (x[j] - 0.8) * (x[j] - 0.8);
	return sum;
}

/* The best of so many evaluations, with the belief in place of `at` or with none (NAN). */
static double best_of(double at, int n, uint64_t seed)
{
	enum { D = 4 };
	struct play *p = play_new(cube_floats(D), n, seed);
	struct belief_param params[D];
	struct belief *b = NULL;
	double x[D], best = INFINITY;
	for (int j = 0; j < D; j++)
		params[j] = (struct belief_param){BELIEF_NORMAL, at, 0.1, NULL};
	if (!isnan(at))
		assert_int_equal(belief_new(&b, p->space, params, NULL), KR_OK);
	p->belief = b;
	for (int i = 0; i < n; i++) {
		play_ask(p, x);
		for (int j = 0; i == 0 && b && j < D; j++)
			assert_true(fabs(x[j] - at) < 1e-12);
		play_tell(p, x, valley(x, D));
		best = fmin(best, valley(x, D));
	}
	belief_free(b);
	play_free(p);
	return best;
}

static void a_good_belief_helps_at_once_and_a_wrong_one_is_forgotten(void **state)
{
	(void)state;
	for (uint64_t seed = SEED; seed < SEED + 3; seed++) {
		assert_true(best_of(0.75, 5, seed) < 0.25 * best_of(NAN, 5, seed));
		assert_true(best_of(0.1, 40, seed) < 1e-4);
	}
}

static void no_allocation_is_missed(void **state)
{
	(void)state;
	struct space *s = cube_floats(2);
	struct belief_param params[2] = {{BELIEF_NORMAL, 0.5, 0.1, NULL}, {0}};
	struct belief *b;
	enum kr_status st;
	for (int n = 1;; n++) {
		kr_alloc_fail_at(n, 0);
		st = belief_new(&b, s, params, NULL);
		kr_alloc_fail_at(0, 0);
		if (st == KR_OK)
			break;
		assert_int_equal(st, KR_ENOMEM);
		assert_null(b);
	}
	belief_free(b);
	space_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_those_of_the_formula),
		cmocka_unit_test(nothing_is_excluded_and_the_mode_is_the_largest),
		cmocka_unit_test(gradients_are_differences),
		cmocka_unit_test(an_inactive_parameter_is_worth_its_best),
		cmocka_unit_test(draws_are_distributed_so),
		cmocka_unit_test(draws_are_points),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_good_belief_helps_at_once_and_a_wrong_one_is_forgotten),
		cmocka_unit_test(no_allocation_is_missed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
