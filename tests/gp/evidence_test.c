#include "gp/structure/evidence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gp/fit.h"
#include "gp/linalg/blas.h"
#include "gp/outcome/outcome.h"
#include "tests/gp/reference.h"

static struct arena *arena;
static struct dataset s;

/* ln of the integral of the posterior over lengthscale and outputscale, by the midpoint rule. */
static double quadrature(const struct gp_data *data, const struct gp_prior *prior)
{
	enum { GRID = 200 };
	struct gp_prior of_theta;
	double lower[3], upper[3], lp[GRID * GRID], theta[3], top = -INFINITY, sum = 0, cell;

	gp_prior_of_theta(&of_theta, prior, arena, NULL);
	gp_prior_bounds(prior, lower, upper);
	theta[2] = lower[2];
	for (int i = 0; i < GRID * GRID; i++) {
		theta[0] = lower[0] + (upper[0] - lower[0]) * (i / GRID + 0.5) / GRID;
		theta[1] = lower[1] + (upper[1] - lower[1]) * (i % GRID + 0.5) / GRID;
		assert_int_equal(gp_lml(data, theta, &lp[i], NULL, NULL, arena, NULL), KR_OK);
		lp[i] += gp_prior_log_density(&of_theta, theta, NULL);
		top = fmax(top, lp[i]);
	}
	for (int i = 0; i < GRID * GRID; i++)
		sum += exp(lp[i] - top);
	cell = (upper[0] - lower[0]) * (upper[1] - lower[1]) / (GRID * GRID);
	return top + log(sum * cell);
}

static void laplace(struct gp_laplace *l, const struct gp_prior *p)
{
	double theta[32], starts[32 * GP_FIT_MAX_STARTS];

	gp_fit_starts(p, 30, NULL, starts);
	memcpy(theta, starts, sizeof(theta));
	assert_int_equal(gp_laplace(l, &s.data, p, theta, arena, NULL), KR_OK);
}

static void evidence_against_quadrature(void **state)
{
	struct rng r = reference_rng("evidence");

	(void)state;
	for (int trial = 0; trial < 8; trial++) {
		struct gp_laplace l;
		struct gp_prior p;
		double want;

		arena_reset(arena);
		p = reference_prior(1, arena);
		reference_dataset(&s, 10 + 5 * trial, 1, false, &r);
		for (int i = 0; i < s.data.n; i++)
			s.y[i] = sin(8 * s.X[i]) + 0.1 * rng_normal(&r);
		gp_prior_fix(gp_prior_noise(&p), 0.01);
		want = quadrature(&s.data, &p);
		laplace(&l, &p);
		print_message("n = %d: %.3f, by quadrature %.3f\n", s.data.n, l.log_evidence, want);
		assert_true(fabs(l.log_evidence - want) < 0.25);
	}
}

/* Where the outcomes say nothing the prior is what is left, cut off at the bounds; and a mode at a
 * bound. */
static void flat_and_cut_off_posteriors(void **state)
{
	struct rng r = reference_rng("cut off");

	(void)state;
	for (int trial = 0; trial < 6; trial++) {
		struct gp_laplace l;
		struct gp_prior p;
		double want;

		arena_reset(arena);
		p = reference_prior(1, arena);
		reference_dataset(&s, trial < 3 ? 1 : 12, 1, false, &r);
		gp_prior_fix(gp_prior_noise(&p), 0.01);
		for (int i = 0; i < s.data.n; i++)
			s.y[i] = sin(3 * s.X[i]);
		if (trial >=
			3) { /* the lengthscale wants to be longer, the outputscale smaller or larger */
			p.term[0].upper = log(0.1 + 0.1 * trial);
			p.term[1].upper = trial == 4 ? log(0.02) : p.term[1].upper;
		}
		want = quadrature(&s.data, &p);
		laplace(&l, &p);
		print_message("%.3f, by quadrature %.3f\n", l.log_evidence, want);
		assert_true(fabs(l.log_evidence - want) < 0.5);
	}
}

/* Covariance of draws = inverse of the curvature by differences of the value; all within the bounds. */
static void draws_have_the_covariance(void **state)
{
	enum { N = 20000 };
	struct rng r = reference_rng("draws");
	struct gp_laplace l;
	struct gp_prior p = reference_prior(2, arena), q;
	double sums[3][3] = {{0}}, lower[4], upper[4], h = 1e-3, H[3][3], theta[4];

	(void)state;
	reference_dataset(&s, 60, 2, false, &r);
	outcome_standardize(s.y, 60, s.y, &(double){0}, &(double){0});
	gp_prior_fix(gp_prior_noise(&p), 0.01);
	laplace(&l, &p);
	gp_prior_of_theta(&q, &p, arena, NULL);
	gp_prior_bounds(&p, lower, upper);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			double f[4];

			for (int corner = 0; corner < 4; corner++) {
				memcpy(theta, l.theta, sizeof(theta));
				theta[i] += corner & 1 ? h : -h;
				theta[j] += corner & 2 ? h : -h;
				gp_lml(&s.data, theta, &f[corner], NULL, NULL, arena, NULL);
				f[corner] += gp_prior_log_density(&q, theta, NULL);
			}
			H[i][j] = -(f[3] - f[1] - f[2] + f[0]) / (4 * h * h);
		}
	for (int n = 0; n < N; n++) {
		gp_laplace_draw(&l, &r, theta);
		assert_true(theta[3] == lower[3]);
		for (int i = 0; i < 3; i++) {
			assert_true(theta[i] >= lower[i] && theta[i] <= upper[i]);
			for (int j = 0; j < 3; j++)
				sums[i][j] += (theta[i] - l.theta[i]) * (theta[j] - l.theta[j]) / N;
		}
	}
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			double product = 0;

			for (int k = 0; k < 3; k++)
				product += sums[i][k] * H[k][j];
			assert_near(product, (double)(i == j), 0.15);
		}
}

static void the_structure_that_made_the_data_is_chosen(void **state)
{
	struct rng r = reference_rng("structures");
	struct gp_structure structures[] = {{reference_term("matern52"), false},
		{reference_term("rbf"), false}, {reference_term("matern52"), true}};
	double evidence[3];
	int best;

	(void)state;
	arena_reset(arena);
	reference_dataset(&s, 30, 1, false, &r);
	for (int kind = 0; kind < 3; kind++) {
		for (int i = 0; i < 30; i++) {
			double x = s.X[i];

			s.y[i] = kind == 0 ? fabs(x - 0.3) + fabs(x - 0.7) /* kinks */
				: kind == 1    ? sin(6 * x)
							   : sin(12 * pow(x, 3));
		}
		outcome_standardize(s.y, 30, s.y, &(double){0}, &(double){0});
		assert_int_equal(
			gp_structure_choose(&s.data, structures, 3, 3, evidence, &best, arena, NULL), KR_OK);
		print_message(
			"matern %.2f, rbf %.2f, warped %.2f\n", evidence[0], evidence[1], evidence[2]);
		assert_int_equal(best, kind);
		assert_int_equal(
			gp_structure_choose(&s.data, structures, 3, 1e3, evidence, &best, arena, NULL), KR_OK);
		assert_int_equal(best, 0); /* no margin is that large */
	}
}

static void what_cannot_be_evaluated_is_minus_infinity(void **state)
{
	struct rng r = reference_rng("no evidence");
	struct gp_structure structures[] = {
		{reference_term("matern52"), false}, {reference_term("rbf"), false}};
	double evidence[2];
	int best;

	(void)state;
	reference_dataset(&s, 10, 2, false, &r);
	s.y[3] = NAN;
	assert_int_equal(
		gp_structure_choose(&s.data, structures, 2, 0, evidence, &best, arena, NULL), KR_OK);
	assert_true(best == 0 && evidence[0] == -INFINITY && evidence[1] == -INFINITY);
}

/* Constant, huge, repeated: always a number. */
static void nasty_data_have_an_evidence(void **state)
{
	struct rng r = reference_rng("nasty evidence");

	(void)state;
	for (int trial = 0; trial < 120; trial++) {
		struct gp_structure structure = {
			reference_term(trial % 2 ? "matern52" : "rbf"), trial % 3 == 0};
		struct gp_laplace l;
		int n = 1 + (int)rng_below(&r, 12), d = 1 + (int)rng_below(&r, 3);

		arena_reset(arena);
		reference_dataset(&s, n, d, trial % 4 == 0, &r);
		for (int i = 0; i < n; i++) {
			for (int k = 0; k < d && trial % 5 == 1; k++)
				*mat_at(s.data.X, i, k) = *mat_at(s.data.X, 0, k);
			s.y[i] = trial % 7 == 0 ? 0 : trial % 7 == 1 ? (i == 0) * 1e9 : s.y[i];
		}
		if (trial % 2)
			outcome_standardize(s.y, n, s.y, &(double){0}, &(double){0});
		assert_int_equal(gp_structure_evidence(&l, &s.data, &structure, arena, NULL), KR_OK);
		assert_true(isfinite(l.log_evidence));
	}
}

static void memory_may_run_out(void **state)
{
	struct rng r = rng_make(1, 0, RNG_TEST, 0);
	struct gp_structure structure = {reference_term("matern52"), true};
	size_t cap = 0;

	(void)state;
	reference_dataset(&s, 12, 2, false, &r);
	for (enum kr_status status = KR_ENOMEM; status != KR_OK; cap += 512) {
		struct arena *a = arena_new(cap);
		double evidence;
		int best;

		if (!a)
			continue;
		status = gp_structure_choose(&s.data, &structure, 1, 0, &evidence, &best, a, NULL);
		assert_true(status == KR_OK || status == KR_ENOMEM);
		arena_free(a);
	}
	assert_true(cap > 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_against_quadrature),
		cmocka_unit_test(flat_and_cut_off_posteriors),
		cmocka_unit_test(draws_have_the_covariance),
		cmocka_unit_test(the_structure_that_made_the_data_is_chosen),
		cmocka_unit_test(what_cannot_be_evaluated_is_minus_infinity),
		cmocka_unit_test(nasty_data_have_an_evidence),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	blas_init();
	arena = arena_new(1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
