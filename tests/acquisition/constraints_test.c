/* Outcome constraints and failures through the whole policy: does it find the best feasible point? */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acquisition/play.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 1, SEEDS = 5, MOST = 8 };

/* y[0] is minimized, y[1], y[2], ... are to be at most 0. */
struct problem {
	const char *name;
	void (*f)(const double *x, double *y);
	int d, n_constraints, budget;
	double minimum;
};

/* Gardner et al. 2014, sec. 4.1, simulation 1, on [0, 6]^2. Minimum -2. */
static void gardner(const double *u, double *y)
{
	double x = 6 * u[0], z = 6 * u[1];
	y[0] = cos(2 * x) * cos(z) + sin(x);
	y[1] = cos(x) * cos(z) - sin(x) * sin(z) - 0.5;
}

/* Gramacy et al. 2016, sec. 2.1. Minimum 0.599788. */
static void gramacy(const double *x, double *y)
{
	y[0] = x[0] + x[1];
	y[1] = 1.5 - x[0] - 2 * x[1] - 0.5 * sin(2 * M_PI * (x[0] * x[0] - 2 * x[1]));
	y[2] = x[0] * x[0] + x[1] * x[1] - 1.5;
}

/* Hartmann 4 (Picheny, Wagner & Ginsbourger 2013) where the coordinates sum to 1.2 at most. Minimum
 * of a long random search: -3.13444. */
static void hartmann(const double *x, double *y)
{
	static const double A[4][4] = {
		{10, 3, 17, 3.5}, {0.05, 10, 17, 0.1}, {3, 3.5, 1.7, 10}, {17, 8, 0.05, 10}};
	static const double P[4][4] = {{0.1312, 0.1696, 0.5569, 0.0124},
		{0.2329, 0.4135, 0.8307, 0.3736}, {0.2348, 0.1451, 0.3522, 0.2883},
		{0.4047, 0.8828, 0.8732, 0.5743}};
	static const double alpha[4] = {1, 1.2, 3, 3.2};
	double sum = 0;
	y[1] = -1.2;
	for (int i = 0; i < 4; i++) {
		double e = 0;
		for (int j = 0; j < 4; j++)
			e += A[i][j] * (x[j] - P[i][j]) * (x[j] - P[i][j]);
		sum += alpha[i] * exp(-e);
		y[1] += x[i];
	}
	y[0] = (1.1 - sum) / 0.839;
}

/* Only a ball of radius 0.1 in four dimensions is feasible: 0.05 % of the cube. */
static void needle(const double *x, double *y)
{
	y[0] = 0;
	y[1] = -0.01;
	for (int j = 0; j < 4; j++) {
		y[0] += (x[j] - 0.65) * (x[j] - 0.65);
		y[1] += (x[j] - 0.7) * (x[j] - 0.7);
	}
}

static const struct problem problems[] = {
	{"gardner", gardner, 2, 1, 30, -2},
	{"gramacy", gramacy, 2, 2, 35, 0.5997880521},
	{"hartmann4", hartmann, 4, 1, 45, -3.134440607},
	{"needle", needle, 4, 1, 45, 0},
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, SEEDS, sizeof(*values), compare);
	return values[SEEDS / 2];
}

static bool feasible(const struct problem *q, const double *y)
{
	bool all = true;
	for (int k = 1; k <= q->n_constraints; k++)
		all &= y[k] <= 0;
	return all;
}

static struct play *begin(const struct problem *q, uint64_t seed)
{
	struct play *p = play_new(cube_floats(q->d), q->budget + 16, seed);
	for (int k = 0; k < q->n_constraints; k++)
		play_constrain(p, -INFINITY, 0);
	return p;
}

/* The regret of one run; so many workers, each result as old as the others' turns. */
static double regret(const struct problem *q, uint64_t seed, int workers, double noise)
{
	struct play *p = begin(q, seed);
	struct rng r = rng_make(seed, 0, RNG_TEST, 0);
	double x[MOST], y[MOST], best = INFINITY;
	for (int i = 0; i < q->budget + workers - 1; i++) {
		if (i < q->budget) {
			assert_int_not_equal(play_ask(p, x), POLICY_FILL);
			play_pend(p, x);
		}
		if (i < workers - 1)
			continue;
		q->f(p->pending, y);
		best = feasible(q, y) ? fmin(best, y[0]) : best;
		for (int k = 0; k <= q->n_constraints; k++)
			y[k] += noise * rng_normal(&r);
		play_tell_all(p, p->pending, y[0], y + 1);
		p->n_pending--;
		memmove(
			p->pending, p->pending + q->d, sizeof(double) * (size_t)p->n_pending * (size_t)q->d);
	}
	play_free(p);
	return best - q->minimum;
}

/* What a blind search finds with ten times as many evaluations. */
static double blind_regret(const struct problem *q, uint64_t seed)
{
	struct rng r = rng_make(seed, 1, RNG_TEST, 0);
	double x[MOST], y[MOST], best = INFINITY;
	for (int i = 0; i < 10 * q->budget; i++) {
		for (int j = 0; j < q->d; j++)
			x[j] = rng_uniform(&r);
		q->f(x, y);
		best = feasible(q, y) ? fmin(best, y[0]) : best;
	}
	return best - q->minimum;
}

static double median_regret(const struct problem *q, int workers, double noise)
{
	double ours[SEEDS], blind[SEEDS];
	for (int k = 0; k < SEEDS; k++) {
		ours[k] = regret(q, SEED + (uint64_t)k, workers, noise);
		blind[k] = blind_regret(q, SEED + (uint64_t)k);
	}
	double result = median(ours);
	print_message("%s, %d workers, noise %g: seeds %d to %d, median regret %.2g, blind %.2g\n",
		q->name, workers, noise, SEED, SEED + SEEDS - 1, result, median(blind));
	assert_true(result < 0.1 * median(blind));
	return result;
}

static void constrained_optima_are_found(void **state)
{
	(void)state;
	assert_true(median_regret(&problems[0], 1, 0) < 1e-3);
	assert_true(median_regret(&problems[1], 1, 0) < 1e-3);
	assert_true(median_regret(&problems[2], 1, 0) < 1e-3);
}

static void a_feasible_point_is_found_first(void **state)
{
	(void)state;
	assert_true(median_regret(&problems[3], 1, 0) < 1e-4);
}

static void workers_share_the_work(void **state)
{
	(void)state;
	assert_true(median_regret(&problems[1], 4, 0) < 5e-3);
	assert_true(median_regret(&problems[3], 4, 0) < 1e-3);
}

static void noisy_constraints_are_seen_through(void **state)
{
	(void)state;
	assert_true(median_regret(&problems[2], 1, 0.05) < 0.1);
}

/* ---- without an incumbent ------------------------------------------------------------ */

/* While nothing is feasible a batch does not gather at the likeliest place. */
static void a_batch_without_an_incumbent_spreads(void **state)
{
	(void)state;
	const struct problem *q = &problems[3];
	struct play *p = begin(q, SEED);
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	double x[MOST], y[MOST];
	for (int i = 0; i < 10; i++) {
		cube_draw(p->space, &r, x);
		q->f(x, y);
		assert_false(feasible(q, y));
		play_tell_all(p, x, y[0], y + 1);
	}
	struct policy_slot slots[4] = {{10, NULL}, {11, NULL}, {12, NULL}, {13, NULL}};
	struct policy_input in = play_input(p, slots, 4);
	struct policy *job = play_run(&in);
	for (int i = 0; i < 4; i++) {
		struct policy_suggestion s = policy_suggestion(job, i);
		assert_int_equal(s.rule, POLICY_MODEL);
		assert_true(s.has_p_feasible && s.p_feasible >= 0 && s.p_feasible <= 1);
		for (int k = 0; k < i; k++) {
			double gap = 0;
			for (int j = 0; j < 4; j++)
				gap += pow(s.values[j] - policy_suggestion(job, k).values[j], 2);
			assert_true(gap > 1e-4);
		}
	}
	policy_free(job);
	play_free(p);
}

/* What is told of a constraint can be predicted; what is given out says how likely it holds. */
static void constraints_are_predicted(void **state)
{
	(void)state;
	const struct problem *q = &problems[1];
	struct play *p = begin(q, SEED);
	double x[MOST], y[MOST], mean, sd;
	for (int i = 0; i < 30; i++) {
		play_ask(p, x);
		q->f(x, y);
		play_tell_all(p, x, y[0], y + 1);
	}
	struct policy_input in = play_input(p, NULL, 0);
	in.n_queries = 30;
	in.queries = p->X;
	struct policy *job = play_run(&in);
	for (int i = 0; i < 30; i++) {
		q->f(p->X + 2 * i, y);
		for (int k = 1; k <= 2; k++) {
			assert_true(policy_prediction(job, i, k, &mean, &sd));
			if (fabs(y[k]) < 0.5) /* those far outside are cut */
				assert_true(fabs(mean - y[k]) < 0.1 && sd < 0.2);
		}
	}
	policy_free(job);
	play_free(p);
}

static void bounds_of_any_kind_are_taken(void **state)
{
	(void)state;
	static const double lower[] = {-INFINITY, 0.5, 0, -1e300, 2, 3};
	static const double upper[] = {0.2, INFINITY, 0, 1e300, 3, 3};
	for (int k = 0; k < 12; k++) {
		struct play *p = play_new(cube_floats(2), 64, SEED);
		struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
		double x[2], c, unit = k < 6 ? 1 : 1e200;
		play_constrain(p, lower[k % 6], upper[k % 6]);
		for (int i = 0; i < 12; i++) {
			cube_draw(p->space, &r, x);
			c = k % 4 == 3 ? 0.25 : unit * x[0];
			play_tell_all(p, x, x[1], &c);
		}
		for (int i = 0; i < 3; i++) {
			assert_int_equal(play_ask(p, x), POLICY_MODEL);
			assert_true(isfinite(p->last.log_acq) && p->last.has_p_feasible);
			assert_true(p->last.p_feasible >= 0 && p->last.p_feasible <= 1);
			play_tell_all(p, x, x[1], &c);
		}
		play_free(p);
	}
}

/* ---- failures ---------------------------------------------------------------------------- */

/* One choice of four always crashes; it looks best from the others. */
static void a_choice_that_crashes_is_left(void **state)
{
	(void)state;
	for (uint64_t seed = SEED; seed < SEED + SEEDS; seed++) {
		struct space_param params[3] = {{.kind = SPACE_FLOAT, .low = 0, .high = 1},
			{.kind = SPACE_FLOAT, .low = 0, .high = 1},
			{.kind = SPACE_CATEGORICAL, .n_choices = 4}};
		struct play *p = play_new(cube_space(params, 3), 64, seed);
		double x[3], best = INFINITY;
		for (int i = 0; i < 30; i++) {
			play_ask(p, x);
			double y = (x[0] - 0.3) * (x[0] - 0.3) + (x[1] - 0.6) * (x[1] - 0.6) + 0.1 * x[2];
			x[2] == 1 ? play_fail(p, x) : play_tell(p, x, y);
			best = x[2] == 1 ? best : fmin(best, y);
		}
		print_message("seed %d: best %.2g, %d failed\n", (int)seed, best, p->n_failed);
		assert_true(best < 1e-4 && p->n_failed < 10);
		play_free(p);
	}
}

/* The half space where the best values would be is ruled out. The best there is: 0.01. */
static void a_half_space_is_ruled_out(void **state)
{
	(void)state;
	for (int infeasible = 0; infeasible < 2; infeasible++) {
		double best[SEEDS];
		for (int k = 0; k < SEEDS; k++) {
			struct play *p = play_new(cube_floats(4), 64, SEED + (uint64_t)k);
			double x[4];
			best[k] = INFINITY;
			for (int i = 0; i < 60; i++) {
				double y = 0, sum = 0;
				play_ask(p, x);
				for (int j = 0; j < 4; j++) {
					y += (x[j] - 0.6) * (x[j] - 0.6);
					sum += x[j];
				}
				if (sum > 2.2)
					infeasible ? play_rule_out(p, x) : play_fail(p, x);
				else
					play_tell(p, x, y);
				best[k] = sum > 2.2 ? best[k] : fmin(best[k], y);
			}
			play_free(p);
		}
		double middle = median(best);
		print_message("seeds %d to %d, median best %.4g\n", SEED, SEED + SEEDS - 1, middle);
		assert_true(middle < 0.015);
	}
}

/* Where things failed success is unlikely, where they did not it is likely. */
static void success_is_predicted(void **state)
{
	(void)state;
	for (int infeasible = 0; infeasible < 2; infeasible++) {
		struct play *p = play_new(cube_floats(2), 64, SEED);
		struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
		double x[2], fixed[2] = {0.9, 0.5}, safe[2] = {0.1, 0.5};
		for (int i = 0; i < 40; i++) {
			cube_draw(p->space, &r, x);
			if (x[0] < 0.5)
				play_tell(p, x, x[1]);
			else
				infeasible ? play_rule_out(p, x) : play_fail(p, x);
		}
		struct policy_slot slots[2] = {{40, fixed}, {41, safe}};
		struct policy_input in = play_input(p, slots, 2);
		struct policy *job = play_run(&in);
		assert_true(policy_suggestion(job, 0).p_feasible < 0.1);
		assert_true(policy_suggestion(job, 1).p_feasible > 0.8);
		policy_free(job);
		play_free(p);
	}
}

/* ---- everything at once -------------------------------------------------------------------- */

/* Random spaces with conditions, forbidden combinations and linear constraints, with outcome
 * constraints, replicates without noise, and failures: every suggestion is allowed (play_ask sees
 * to that), until there is none left. */
static void rules_of_the_space_are_kept(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 5, RNG_TEST, 0);
	int asked = 0;
	for (int round = 0; round < 40; round++) {
		struct ruled *u = ruled_new(&r, round % 2);
		struct play *p = play_new(u->space, 64, (uint64_t)round);
		double x[RULED_DIMS], c;
		p->has_noise_sd = round % 4 < 2;
		play_constrain(p, -INFINITY, 0.5);
		for (int i = 0; i < 24; i++) {
			enum policy_rule rule = play_ask(p, x);
			if (rule == POLICY_EXHAUSTED)
				break;
			asked += rule == POLICY_MODEL;
			c = rng_uniform(&r);
			if (i % 7 == 6)
				play_fail(p, x);
			else if (i % 7 == 5)
				play_rule_out(p, x);
			else
				for (int times = 0; times <= i % 3; times++)
					play_tell_all(p, x, rng_normal(&r), &c);
		}
		u->space = NULL; /* play_free frees it */
		play_free(p);
		ruled_free(u);
	}
	print_message("%d suggestions by the model\n", asked);
	assert_true(asked > 200);
}

int main(void)
{
	print_message("seed %d\n", SEED);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constrained_optima_are_found),
		cmocka_unit_test(a_feasible_point_is_found_first),
		cmocka_unit_test(workers_share_the_work),
		cmocka_unit_test(noisy_constraints_are_seen_through),
		cmocka_unit_test(a_batch_without_an_incumbent_spreads),
		cmocka_unit_test(constraints_are_predicted),
		cmocka_unit_test(bounds_of_any_kind_are_taken),
		cmocka_unit_test(a_choice_that_crashes_is_left),
		cmocka_unit_test(a_half_space_is_ruled_out),
		cmocka_unit_test(success_is_predicted),
		cmocka_unit_test(rules_of_the_space_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
