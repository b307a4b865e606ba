/* Why a point: what a suggestion says of itself adds up with what the model predicts, and is what
 * the definitions say, computed here in another way. */
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "gp/outcome/outcome.h"
#include "tests/acquisition/play.h"

enum { SEED = 31337, D = 2 };

static double bowl(const double *x)
{
	return 3 + 10 * ((x[0] - 0.3) * (x[0] - 0.3) + 0.5 * (x[1] - 0.6) * (x[1] - 0.6));
}

/* n random observations; without noise. */
static struct play *told(int n, bool minimize)
{
	struct play *p = play_new(cube_floats(D), 256, SEED);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double x[D];
	p->minimize = minimize;
	p->has_noise_sd = true;
	for (int i = 0; i < n; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, minimize ? bowl(x) : -bowl(x));
	}
	p->next = (uint64_t)n;
	return p;
}

static struct policy_suggestion one(struct play *p, struct policy **job)
{
	struct policy_slot slot = {.number = p->next};
	struct policy_input in = play_input(p, &slot, 1);
	*job = play_run(&in);
	return policy_suggestion(*job, 0);
}

static double phi(double u)
{
	return exp(-u * u / 2) / sqrt(2 * M_PI);
}

static double cdf(double u)
{
	return erfc(-u / sqrt(2)) / 2;
}

/* Five observations, and so all of them pull: the prediction is the mean and their sum. */
static void pulls_add_up_to_the_prediction(void **state)
{
	(void)state;
	struct policy *job;
	struct play *p = told(5, true);
	struct policy_suggestion s = one(p, &job);
	double sum = s.model_mean;
	assert_int_equal(s.rule, POLICY_MODEL);
	assert_int_equal(s.n_pulls, 5);
	for (int k = 0; k < s.n_pulls; k++) {
		sum += s.pulls[k].pull;
		assert_true(k == 0 || fabs(s.pulls[k].pull) <= fabs(s.pulls[k - 1].pull));
		double y = p->y[s.pulls[k].observation];
		assert_true(fabs(s.pulls[k].weight * (y - s.model_mean) - s.pulls[k].pull) < 1e-9);
	}
	assert_true(fabs(sum - s.mean) < 1e-8 * fabs(s.mean));
	policy_free(job);
	play_free(p);
}

/* Jones, Schonlau & Welch 1998, eq. 15, and the probability of improvement, in raw units. */
static void gains_are_those_of_the_prediction(void **state)
{
	(void)state;
	for (int minimize = 0; minimize < 2; minimize++)
		for (int n = 5; n < 40; n += 7) {
			struct policy *job;
			struct play *p = told(n, minimize);
			struct policy_suggestion s = one(p, &job);
			double best = p->y[0];
			int at = 0;
			for (int i = 1; i < n; i++)
				if (minimize ? p->y[i] < best : p->y[i] > best) {
					best = p->y[i];
					at = i;
				}
			assert_true(s.has_gain);
			assert_int_equal(s.incumbent, at);
			assert_true(fabs(s.best - best) < 1e-9);
			double u = (minimize ? s.best - s.mean : s.mean - s.best) / s.sd;
			double gain = s.sd * (phi(u) + u * cdf(u));
			assert_true(fabs(s.p_gain - cdf(u)) < 2e-2 * cdf(u) + 1e-12);
			assert_true(fabs(s.expected_gain - gain) < 3e-2 * gain + 1e-12);
			assert_true(s.p_gain_enough == s.p_gain && s.enough == 0);
			policy_free(job);
			play_free(p);
		}
}

/* The deviation in model units of which outcome_raw_sd makes sd, by bisection. */
static double model_sd(const struct outcome *o, double z, double sd)
{
	double low = 0, high = 10;
	for (int i = 0; i < 200; i++) {
		double middle = (low + high) / 2;
		*(outcome_raw_sd(o, z, middle) < sd ? &low : &high) = middle;
	}
	return low;
}

/* What is allowed lies in the bad tail, whose logarithm the model sees: the mean of raw gains, by a
 * sum over a fine grid of z. */
static void a_gain_within_the_bad_tail_is_raw(void **state)
{
	(void)state;
	struct play *p = play_new(cube_floats(D), 64, SEED);
	struct arena *arena = arena_new((size_t)1 << 20);
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	struct policy *job;
	struct outcome o;
	double x[D], z[64], sum = 0;
	p->minimize = true;
	p->has_noise_sd = true;
	play_constrain(p, 0.7, INFINITY);
	for (int i = 0; i < 30; i++) {
		cube_draw(p->space, &r, x);
		play_tell_all(p, x, exp(8 * x[0]) + x[1], &x[0]);
	}
	p->next = 30;
	struct policy_suggestion s = one(p, &job);
	assert_int_equal(outcome_fit(&o, true, p->y, 30, z, arena, NULL), KR_OK);
	assert_int_equal(o.tail, OUTCOME_LOG);
	double best = outcome_model_value(&o, s.best), mean = outcome_model_value(&o, s.mean);
	double sd = model_sd(&o, mean, s.sd);
	assert_true(s.has_gain && !outcome_is_straight(&o, best));
	for (double u = -8; u < 8; u += 1e-4)
		sum += 1e-4 * phi(u) * fmax(s.best - outcome_raw_value(&o, mean + sd * u), 0);
	assert_true(fabs(s.expected_gain / s.p_feasible - sum) < 2e-2 * sum);
	policy_free(job);
	play_free(p);
	arena_free(arena);
}

static void an_improvement_that_must_be_large_is_less_likely(void **state)
{
	(void)state;
	struct play *p = told(12, true);
	struct policy_slot slot = {.number = p->next};
	double last = 1, values[D];
	for (double least = 0; least < 2; least += 0.25) {
		struct policy_input in = play_input(p, &slot, 1);
		in.least_gain = least;
		struct policy *job = play_run(&in);
		struct policy_suggestion s = policy_suggestion(job, 0);
		assert_true(s.enough == least && s.p_gain_enough <= last);
		assert_true(fabs(s.p_gain_enough - cdf((s.best - least - s.mean) / s.sd)) < 1e-2);
		for (int j = 0; least == 0 && j < D; j++)
			values[j] = s.values[j];
		assert_memory_equal(values, s.values, sizeof(values));
		last = s.p_gain_enough;
		policy_free(job);
	}
	struct policy_input in = play_input(p, &slot, 1);
	in.least_gain_relative = 0.5;
	struct policy *job = play_run(&in);
	struct policy_suggestion s = policy_suggestion(job, 0);
	assert_true(fabs(s.enough - 0.5 * fabs(s.best)) < 1e-12);
	policy_free(job);
	play_free(p);
}

/* Under noise the best is what the model says it is; constraints make every gain less likely. */
static void noise_and_constraints_count(void **state)
{
	(void)state;
	struct play *p = play_new(cube_floats(D), 64, SEED);
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	double x[D], c, lowest = INFINITY;
	struct policy *job;
	p->has_noise_sd = true;
	p->noise_sd = 1;
	play_constrain(p, -INFINITY, 0.5);
	for (int i = 0; i < 30; i++) {
		cube_draw(p->space, &r, x);
		c = x[0];
		play_tell_all(p, x, bowl(x) + rng_normal(&r), &c);
		if (x[0] <= 0.5)
			lowest = fmin(lowest, p->y[i]);
	}
	p->next = 30;
	struct policy_suggestion s = one(p, &job);
	assert_true(s.has_gain && s.has_p_feasible && s.noise_sd == 1);
	assert_true(s.best > lowest); /* shrunk towards the others */
	assert_in_range(s.incumbent, 0, 29);
	assert_true(p->X[(size_t)s.incumbent * D] <= 0.5);
	assert_true(s.p_gain <= s.p_feasible);
	policy_free(job);
	play_free(p);
}

static void levers_are_the_short_lengthscales(void **state)
{
	(void)state;
	struct play *p = play_new(cube_floats(5), 64, SEED);
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	double x[5];
	struct policy *job;
	p->has_noise_sd = true;
	for (int i = 0; i < 40; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, sin(9 * x[3]) + 0.3 * x[1]);
	}
	p->next = 40;
	struct policy_suggestion s = one(p, &job);
	assert_int_equal(s.n_levers, POLICY_MOST_LEVERS);
	assert_int_equal(s.levers[0].parameter, 3);
	assert_true(s.levers[0].lengthscale < s.levers[1].lengthscale);
	assert_true(s.levers[1].lengthscale <= s.levers[2].lengthscale);
	assert_true(s.rank >= 1 && s.n_optima >= 1);
	for (int k = 0; k < s.n_pulls; k++)
		assert_true(s.pulls[k].distance >= 0 && isfinite(s.pulls[k].distance));
	policy_free(job);
	play_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pulls_add_up_to_the_prediction),
		cmocka_unit_test(gains_are_those_of_the_prediction),
		cmocka_unit_test(a_gain_within_the_bad_tail_is_raw),
		cmocka_unit_test(an_improvement_that_must_be_large_is_less_likely),
		cmocka_unit_test(noise_and_constraints_count),
		cmocka_unit_test(levers_are_the_short_lengthscales),
	};
	print_message("seed %d\n", SEED);
	return cmocka_run_group_tests_name("policy_why", tests, NULL, NULL);
}
