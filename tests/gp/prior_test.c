#include "gp/prior.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/gp/reference.h"

static struct arena *arena;

/* The recipe's formulas, written down again: up to a constant. */
static double recipe(int d, const double *t)
{
	double sum = 0, mu = sqrt(2) + 0.5 * log(d);

	for (int k = 0; k < d; k++)
		sum += -(t[k] - mu) * (t[k] - mu) / 6 - (t[k] - mu);
	sum -= 0.5 * t[d] * t[d];
	sum -= 0.01 * (t[d + 1] - log(0.0039)) * (t[d + 1] - log(0.0039));
	return sum - 0.5 * pow(fmax(0, t[d + 1] - log(0.05)), 2);
}

static void the_default_is_the_recipe(void **state)
{
	struct rng r = reference_rng("default prior");

	(void)state;
	for (int d = 1; d <= 20; d += 3) {
		struct gp_prior p = reference_prior(d, arena);
		double a[22], b[22], lower[22], upper[22];

		for (int k = 0; k < d + 2; k++) {
			a[k] = 3 * rng_normal(&r);
			b[k] = 3 * rng_normal(&r);
		}
		assert_near(gp_prior_log_density(&p, a, NULL) - gp_prior_log_density(&p, b, NULL),
			recipe(d, a) - recipe(d, b), 1e-12);
		gp_prior_bounds(&p, lower, upper);
		assert_near(exp(lower[d - 1]), 0.01, 1e-14);
		assert_near(exp(upper[d - 1]), 100 * sqrt(d), 1e-12);
		assert_near(exp(lower[d]), 0.01, 1e-14);
		assert_near(exp(upper[d]), 100, 1e-12);
		assert_near(exp(lower[d + 1]), 1e-8, 1e-20);
		assert_near(exp(upper[d + 1]), 1, 1e-14);
	}
}

/* Of l itself, the density is highest at 0.205 sqrt d. */
static void the_mode_of_the_lengthscale(void **state)
{
	struct gp_prior p = reference_prior(6, arena);
	double theta[8] = {0}, grad[8] = {0}, mode = exp(sqrt(2) - 3) * sqrt(6);

	(void)state;
	assert_near(mode, 0.5022, 1e-3);
	for (int k = 0; k < 6; k++)
		theta[k] = log(mode);
	gp_prior_log_density(&p, theta, grad);
	for (int k = 0; k < 6; k++)
		assert_near(grad[k], 0, 1e-12); /* of the density of l, in steps of ln l */
}

/* Densities of a parameter sum to 1 over it, those of its logarithm over that. */
static void densities_are_densities(void **state)
{
	const struct gp_prior_term terms[] = {{.shape = GP_PRIOR_LOGNORMAL, .a = 0.3, .b = 0.7},
		{.shape = GP_PRIOR_LOGNORMAL_LN, .a = -0.2, .b = 1.3},
		{.shape = GP_PRIOR_GAMMA, .a = 3, .b = 6}, {.shape = GP_PRIOR_GAMMA, .a = 1.1, .b = 0.05}};
	const double h = 1e-3;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct gp_prior_term term = terms[i];
		struct gp_prior p = {1, 1, &term};
		double sum = 0;

		for (double t = -25; t < 12; t += h) {
			double jacobian = terms[i].shape == GP_PRIOR_LOGNORMAL_LN ? 1 : exp(t);

			sum += exp(gp_prior_log_density(&p, &t, NULL)) * jacobian * h;
		}
		assert_near(sum, 1, 1e-6);
	}
}

static void gradients_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("prior gradient");
	const enum gp_prior_shape shapes[] = {GP_PRIOR_FLAT, GP_PRIOR_LOGNORMAL, GP_PRIOR_LOGNORMAL_LN,
		GP_PRIOR_GAMMA, GP_PRIOR_NOISE, GP_PRIOR_GAMMA_LN, GP_PRIOR_CAUCHY, GP_PRIOR_CAUCHY_LN};
	enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };
	const double h = 1e-6;

	(void)state;
	for (int trial = 0; trial < 400; trial++) {
		struct gp_prior_term terms[4] = {
			{.shape = shapes[trial % SHAPES], .a = 1.5, .b = 0.7},
			{.shape = shapes[(trial + 1) % SHAPES], .a = 1.2, .b = 0.9},
			{.shape = shapes[trial / SHAPES % SHAPES], .a = 0.5, .b = 2},
			{.shape = shapes[SHAPES - 1 - trial % SHAPES], .a = 1, .b = 1.1},
		};
		struct gp_prior p = {4, 2, terms};
		double theta[4], grad[4];

		for (int k = 0; k < 4; k++) {
			theta[k] = 2 * rng_normal(&r);
			grad[k] = 10; /* what is there is added to */
		}
		gp_prior_log_density(&p, theta, grad);
		for (int k = 0; k < 4; k++) {
			double keep = theta[k], up, down;

			theta[k] = keep + h;
			up = gp_prior_log_density(&p, theta, NULL);
			theta[k] = keep - h;
			down = gp_prior_log_density(&p, theta, NULL);
			theta[k] = keep;
			assert_near(grad[k] - 10, (up - down) / (2 * h), 1e-5);
		}
	}
}

/* Of theta they integrate to one over theta, and have the gradient of differences above. */
static void densities_of_theta_are_densities(void **state)
{
	const struct gp_prior_term terms[] = {{.shape = GP_PRIOR_LOGNORMAL, .a = 0.3, .b = 0.7},
		{.shape = GP_PRIOR_LOGNORMAL_LN, .a = 0.3, .b = 0.7},
		{.shape = GP_PRIOR_GAMMA, .a = 3, .b = 6}, {.shape = GP_PRIOR_CAUCHY, .a = -2.3, .b = -2},
		{.shape = GP_PRIOR_CAUCHY, .a = 1, .b = 1}};
	const double h = 1e-3;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct gp_prior_term term = terms[i];
		struct gp_prior p = {1, 1, &term}, q;
		double sum = 0;

		assert_int_equal(gp_prior_of_theta(&q, &p, arena, NULL), KR_OK);
		for (double t = -25; t < 25; t += h)
			sum += exp(gp_prior_log_density(&q, &t, NULL)) * h;
		assert_near(sum, 1, 1e-6);
		assert_int_equal(term.shape, terms[i].shape); /* another prior */
	}
}

/* c / l^2 is half-Cauchy(1): as a density of it, and of ln l, whose mode is sqrt c. */
static void sparse_priors(void **state)
{
	const double c = 0.1, lengths[] = {1e-3, 0.1, 0.3162277660168379, 2, 1e4};

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct gp_prior p = reference_prior(3, arena), q = reference_prior(3, arena);
		double l = lengths[i % 5], v = c / (l * l), theta[5] = {log(l), 0, 1, 0.5, -5};
		double grad[5] = {0}, other = 0, want;

		for (int k = 1; k < 5; k++)
			gp_prior_fix(&p.term[k], 1);
		gp_prior_saas(&p, c, i >= 5);
		want = log(2 / M_PI / (1 + v * v));
		other = gp_prior_log_density(&p, theta, grad);
		assert_near(other, i < 5 ? want : want + log(2 * v), 1e-12);
		if (i == 7)
			assert_near(grad[0], 0, 1e-12);
		gp_prior_saas(&q, c, false); /* lengthscales only */
		for (int k = 0; k < 5; k++)
			assert_true((q.term[k].shape == GP_PRIOR_CAUCHY) == (k < 3));
	}
}

static void a_fixed_parameter_has_no_room(void **state)
{
	struct gp_prior p = reference_prior(1, arena);
	double lower[3], upper[3], theta[3] = {0, 0, -INFINITY}, grad[3] = {0};

	(void)state;
	gp_prior_fix(&p.term[1], 4);
	gp_prior_fix(gp_prior_noise(&p), 0);
	gp_prior_bounds(&p, lower, upper);
	assert_true(lower[1] == upper[1] && lower[1] == log(4));
	assert_true(lower[2] == -INFINITY && upper[2] == -INFINITY);
	assert_true(isfinite(gp_prior_log_density(&p, theta, grad)));
	assert_true(grad[1] == 0 && grad[2] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_is_the_recipe),
		cmocka_unit_test(the_mode_of_the_lengthscale),
		cmocka_unit_test(densities_are_densities),
		cmocka_unit_test(gradients_are_those_of_differences),
		cmocka_unit_test(densities_of_theta_are_densities),
		cmocka_unit_test(sparse_priors),
		cmocka_unit_test(a_fixed_parameter_has_no_room),
	};

	int failed;

	arena = arena_new(1 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
