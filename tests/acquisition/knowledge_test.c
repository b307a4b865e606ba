/* What a user declares: the noise, standard errors, replicates. Predictions are held against the
 * textbook formulas, worked out here, under the hyperparameters that the fit leaves. */
#include <math.h>
#include <string.h>

#include "tests/acquisition/play.h"

enum { SEED = 1618, MOST = 12 };

/* ---- the textbook ------------------------------------------------------------------ */

/* Solve A x = b (n x n, by columns of MOST) by elimination with pivots; A and b are spent. */
static void solve(int n, double *A, double *b)
{
	for (int k = 0; k < n; k++) {
		int p = k;
		for (int i = k + 1; i < n; i++)
			p = fabs(A[k * MOST + i]) > fabs(A[k * MOST + p]) ? i : p;
		for (int j = 0; j < n; j++) {
			double t = A[j * MOST + k];
			A[j * MOST + k] = A[j * MOST + p];
			A[j * MOST + p] = t;
		}
		double t = b[k];
		b[k] = b[p];
		b[p] = t;
		for (int i = k + 1; i < n; i++) {
			double f = A[k * MOST + i] / A[k * MOST + k];
			for (int j = k; j < n; j++)
				A[j * MOST + i] -= f * A[j * MOST + k];
			b[i] -= f * b[k];
		}
	}
	for (int k = n - 1; k >= 0; k--) {
		for (int j = k + 1; j < n; j++)
			b[k] -= A[j * MOST + k] * b[j];
		b[k] /= A[k * MOST + k];
	}
}

static double matern(double x, double y, const double *theta)
{
	double r = sqrt(5) * fabs(x - y) / exp(theta[0]);
	return exp(theta[1]) * (1 + r + r * r / 3) * exp(-r);
}

/* Of n observations in one dimension with standard deviations of their noise; theta: ln l, ln s2.
 * Outcomes are minimized: z = (-y - mean) / sd. */
static void textbook(int n, const double *x, const double *y, const double *sd, const double *theta,
	double at, double *mean, double *dev)
{
	double A[MOST * MOST], one[MOST], z[MOST], k[MOST], shift = 0, scale = 0, top = 0, bottom = 0;
	double var = exp(theta[1]);
	for (int i = 0; i < n; i++)
		shift -= y[i] / n;
	for (int i = 0; i < n; i++)
		scale += (-y[i] - shift) * (-y[i] - shift) / (n - 1);
	scale = sqrt(scale);
	for (int pass = 0; pass < 3; pass++) { /* one <- K^-1 1, z <- K^-1 (y - m), k <- K^-1 k(at) */
		double *b = pass == 0 ? one : pass == 1 ? z : k, m = pass == 1 ? top / bottom : 0;
		for (int i = 0; i < n; i++) {
			for (int j = 0; j < n; j++)
				A[j * MOST + i] = matern(x[i], x[j], theta) +
					(i == j ? sd[i] * sd[i] / (scale * scale) : 0);
			b[i] = pass == 0 ? 1
				: pass == 1  ? (-y[i] - shift) / scale - m
							 : matern(x[i], at, theta);
		}
		solve(n, A, b);
		for (int i = 0; pass == 0 && i < n; i++) { /* the mean by generalized least squares */
			top += one[i] * (-y[i] - shift) / scale;
			bottom += one[i];
		}
	}
	*mean = top / bottom;
	for (int i = 0; i < n; i++) {
		*mean += matern(x[i], at, theta) * z[i];
		var -= matern(x[i], at, theta) * k[i];
	}
	*mean = -(shift + scale * *mean);
	*dev = scale * sqrt(var);
}

/* The prediction at one point, and the hyperparameters it was made under. */
static void predict(struct play *p, const double *at, double *mean, double *sd, double *theta)
{
	struct policy_input in = play_input(p, NULL, 0);
	in.n_queries = 1;
	in.queries = at;
	struct policy *job = play_run(&in);
	int n;
	assert_true(policy_prediction(job, 0, 0, mean, sd));
	const double *state = policy_state(job, &n);
	assert_true(
		n >= 6 + p->d + 2 && state[2] == 0); /* format, how many, which, points, slices; theta */
	for (int i = 0; theta && i < p->d + 2; i++)
		theta[i] = state[6 + i];
	policy_free(job);
}

static void predictions_follow_the_textbook(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	for (int round = 0; round < 40; round++) {
		struct play *p = play_new(cube_floats(1), 16, SEED);
		double sd[MOST], theta[3], mean, dev, want, want_dev, at = rng_uniform(&r);
		int n = 3 + (int)rng_below(&r, 5); /* below 8: no tail is moved */
		p->has_noise_sd = round % 2;
		p->noise_sd = round % 4 == 1 ? 0 : 0.7 * rng_uniform(&r);
		for (int i = 0; i < n; i++) {
			double x = rng_uniform(&r);
			p->sem[i] = rng_below(&r, 2) ? rng_uniform(&r) : NAN;
			play_tell(p, &x, 100 + 3 * sin(9 * x) + rng_normal(&r));
		}
		predict(p, &at, &mean, &dev, theta);
		double scale = 0, middle = 0;
		for (int i = 0; i < n; i++)
			middle += p->y[i] / n;
		for (int i = 0; i < n; i++)
			scale += (p->y[i] - middle) * (p->y[i] - middle) / (n - 1);
		double noise = p->has_noise_sd ? p->noise_sd : sqrt(exp(theta[2]) * scale);
		for (int i = 0; i < n; i++)
			sd[i] = hypot(noise, isnan(p->sem[i]) ? 0 : p->sem[i]);
		textbook(n, p->X, p->y, sd, theta, at, &want, &want_dev);
		assert_true(fabs(mean - want) < 1e-6 * scale);
		assert_true(fabs(dev - want_dev) < 1e-5 * sqrt(scale));
		play_free(p);
	}
}

/* Repeats under a noise that is learnt, with no standard errors, one for each point, or any: the
 * textbook with all of them apart. */
static void repeats_follow_the_textbook(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 6, RNG_TEST, 0);
	for (int round = 0; round < 30; round++) {
		struct play *p = play_new(cube_floats(1), 16, SEED);
		double sd[MOST], theta[3], mean, dev, want, want_dev, at = rng_uniform(&r);
		double points[3], errors[3], scale = 0, middle = 0;
		int n = 4 + (int)rng_below(&r, 4); /* below 8: no tail is moved */
		for (int k = 0; k < 3; k++) {
			points[k] = rng_uniform(&r);
			errors[k] = rng_uniform(&r);
		}
		for (int i = 0; i < n; i++) {
			int k = (int)rng_below(&r, 3);
			p->sem[i] = round % 3 == 0 ? NAN : round % 3 == 1 ? errors[k] : rng_uniform(&r);
			play_tell(p, points + k, 100 + 3 * sin(9 * points[k]) + rng_normal(&r));
		}
		predict(p, &at, &mean, &dev, theta);
		for (int i = 0; i < n; i++)
			middle += p->y[i] / n;
		for (int i = 0; i < n; i++)
			scale += (p->y[i] - middle) * (p->y[i] - middle) / (n - 1);
		for (int i = 0; i < n; i++)
			sd[i] = hypot(sqrt(exp(theta[2]) * scale), isnan(p->sem[i]) ? 0 : p->sem[i]);
		textbook(n, p->X, p->y, sd, theta, at, &want, &want_dev);
		assert_true(fabs(mean - want) < 1e-6 * scale);
		assert_true(fabs(dev - want_dev) < 1e-5 * sqrt(scale));
		play_free(p);
	}
}

/* ---- what follows ---------------------------------------------------------------- */

/* Two results close to each other that disagree: the precise one is believed. */
static void the_precise_one_is_believed(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		struct play *p = play_new(cube_floats(1), 16, SEED);
		double at = 0.5, mean, sd;
		play_tell(p, (double[]){0}, 5);
		play_tell(p, (double[]){1}, 5);
		play_tell(p, (double[]){0.499}, 2);
		play_tell(p, (double[]){0.501}, 8);
		p->sem[2] = first ? 0.01 : 3;
		p->sem[3] = first ? 3 : 0.01;
		predict(p, &at, &mean, &sd, NULL);
		assert_true(fabs(mean - (first ? 2 : 8)) < 0.5);
		play_free(p);
	}
}

/* No standard error is none: the bits of a study that never heard of them. */
static void no_errors_are_none(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	struct play *p = play_new(cube_floats(2), 32, SEED);
	double x[2];
	for (int i = 0; i < 9; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, x[0] - x[1] * x[1]);
	}
	struct policy_slot slot = {.number = 9};
	struct policy_input in = play_input(p, &slot, 1);
	struct policy *with = play_run(&in);
	in.sem = NULL;
	struct policy *without = play_run(&in);
	assert_memory_equal(policy_suggestion(with, 0).values, policy_suggestion(without, 0).values,
		2 * sizeof(double));
	assert_true(policy_suggestion(with, 0).log_acq == policy_suggestion(without, 0).log_acq);
	assert_false(policy_suggestion(with, 0).has_p_feasible);
	policy_free(with);
	policy_free(without);
	play_free(p);
}

/* Replicates under a known noise, or their mean with its standard error: the same predictions. */
static void replicates_are_their_mean(void **state)
{
	(void)state;
	enum { POINTS = 6 };
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	struct play *all = play_new(cube_floats(2), 64, SEED),
				*one = play_new(cube_floats(2), 64, SEED);
	all->has_noise_sd = one->has_noise_sd = true;
	all->noise_sd = 0.3;
	double x[2], at[2], a, b, sa, sb;
	for (int i = 0; i < POINTS; i++) {
		int times = 1 + i % 4;
		double sum = 0;
		cube_draw(all->space, &r, x);
		for (int k = 0; k < times; k++) {
			double y = x[0] + 2 * x[1] + 0.3 * rng_normal(&r);
			sum += y;
			play_tell(all, x, y);
		}
		one->sem[i] = 0.3 / sqrt(times);
		play_tell(one, x, sum / times);
	}
	for (int k = 0; k < 10; k++) {
		cube_draw(all->space, &r, at);
		predict(all, at, &a, &sa, NULL);
		predict(one, at, &b, &sb, NULL);
		assert_true(fabs(a - b) < 1e-9 && fabs(sa - sb) < 1e-9);
	}
	play_free(all);
	play_free(one);
}

static double wave(const double *x)
{
	return sin(6 * x[0]) + x[1] * x[1];
}

/* A known deviation is not taken for signal: truth lies within the error bars, which are narrower
 * than the noise. */
static void known_noise_is_seen_through(void **state)
{
	(void)state;
	enum { TESTED = 200 };
	int covered = 0, narrow = 0;
	for (uint64_t seed = SEED; seed < SEED + 5; seed++) {
		struct play *p = play_new(cube_floats(2), 64, seed);
		struct rng r = rng_make(seed, 3, RNG_TEST, 0);
		double x[2 * TESTED / 5], mean, sd;
		p->has_noise_sd = true;
		p->noise_sd = 0.4;
		for (int i = 0; i < 60; i++) {
			cube_draw(p->space, &r, x);
			play_tell(p, x, wave(x) + 0.4 * rng_normal(&r));
		}
		for (int i = 0; i < TESTED / 5; i++) {
			cube_draw(p->space, &r, x);
			predict(p, x, &mean, &sd, NULL);
			covered += fabs(mean - wave(x)) < 2 * sd;
			narrow += sd < 0.4;
		}
		play_free(p);
	}
	print_message("%d of %d within two deviations, %d narrow\n", covered, TESTED, narrow);
	assert_in_range(covered, TESTED * 85 / 100, TESTED);
	assert_in_range(narrow, TESTED * 9 / 10, TESTED);
}

/* Without noise the model passes through what it was told. */
static void no_noise_is_interpolated(void **state)
{
	(void)state;
	struct play *p = play_new(cube_floats(2), 64, SEED);
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
	double x[2], mean, sd;
	p->has_noise_sd = true;
	for (int i = 0; i < 7; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, wave(x));
	}
	for (int i = 0; i < 7; i++) {
		predict(p, p->X + 2 * i, &mean, &sd, NULL);
		assert_true(fabs(mean - p->y[i]) < 1e-6 && sd < 1e-3);
	}
	play_free(p);
}

/* It was said that there is no noise, and yet results of one point differ: their mean is taken. */
static void contradictions_are_taken(void **state)
{
	(void)state;
	struct play *p = play_new(cube_floats(2), 64, SEED);
	double x[2], same[2] = {0.25, 0.75}, mean, sd;
	p->has_noise_sd = true;
	for (int i = 0; i < 40; i++)
		play_tell(p, same, i % 2);
	for (int i = 0; i < 6; i++) { /* with fewer than 8 points no tail is moved */
		assert_int_equal(play_ask(p, x), POLICY_MODEL);
		play_tell(p, x, wave(x));
	}
	predict(p, same, &mean, &sd, NULL);
	assert_true(fabs(mean - 0.5) < 0.2 && isfinite(sd));
	play_free(p);
}

/* Errors of any size. */
static void any_error_is_taken(void **state)
{
	(void)state;
	static const double sizes[] = {0, 1e-300, 1e-9, 1e9, 1e300};
	for (int k = 0; k < 10; k++) {
		struct play *p = play_new(cube_floats(2), 64, SEED);
		struct rng r = rng_make(SEED, 5, RNG_TEST, 0);
		double x[2];
		p->has_noise_sd = k % 2;
		p->noise_sd = sizes[(k + 2) % 5];
		for (int i = 0; i < 20; i++) {
			if (i % 3)
				cube_draw(p->space, &r, x);
			p->sem[i] = i % 2 ? sizes[k / 2] : NAN;
			play_tell(p, x, wave(x));
		}
		for (int i = 0; i < 3; i++) {
			assert_int_equal(play_ask(p, x), POLICY_MODEL);
			assert_true(isfinite(p->last.log_acq) && isfinite(p->last.mean) && p->last.sd >= 0);
			play_tell(p, x, wave(x));
		}
		play_free(p);
	}
}

/* The fit of a study whose noise is known is used again. */
static void a_known_fit_is_kept(void **state)
{
	(void)state;
	struct play *p = play_new(cube_floats(2), 64, SEED);
	double x[2];
	p->has_noise_sd = true;
	for (int i = 0; i < 8; i++) {
		play_ask(p, x);
		play_tell(p, x, wave(x));
	}
	play_ask(p, x);
	int units = p->units;
	assert_true(isinf(p->state[p->n_state - 1])); /* ln of no noise */
	play_ask(p, x);
	assert_true(p->units < units); /* nothing was fitted */
	play_free(p);
}

int main(void)
{
	print_message("seed %d\n", SEED);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(predictions_follow_the_textbook),
		cmocka_unit_test(repeats_follow_the_textbook),
		cmocka_unit_test(the_precise_one_is_believed),
		cmocka_unit_test(no_errors_are_none),
		cmocka_unit_test(replicates_are_their_mean),
		cmocka_unit_test(known_noise_is_seen_through),
		cmocka_unit_test(no_noise_is_interpolated),
		cmocka_unit_test(contradictions_are_taken),
		cmocka_unit_test(any_error_is_taken),
		cmocka_unit_test(a_known_fit_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
