/* Sample paths: their moments over many draws, and what holds for each one. */
#include "gp/sample/path.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gp/kernels/radial.h"
#include "gp/linalg/blas.h"
#include "tests/gp/reference.h"

static const int choices[32] = {[2] = 4, [5] = 4, [8] = 4};

static struct arena *scratch(void)
{
	struct arena *a = arena_new((size_t)64 << 20);

	assert_non_null(a);
	return a;
}

/* Points of a mixed space, as those of the dataset. */
static struct mat some_points(double *p, const struct gp_data *data, int rows, struct rng *r)
{
	for (int c = 0; c < data->d; c++)
		for (int i = 0; i < rows; i++)
			p[c * rows + i] = data->categorical && data->categorical[c] ? (double)rng_below(r, 4)
																		: rng_uniform(r);
	return mat_view(p, rows, data->d, rows);
}

static struct path *draw(const struct gp *g, int waves, uint32_t index, struct arena *a)
{
	struct rng r = rng_make(3, 0, RNG_TEST, index);
	struct path *path = NULL;

	assert_int_equal(path_new(&path, g, 0, waves, choices, &r, a, NULL), KR_OK);
	return path;
}

/* Means and covariances of many paths against the exact posterior, in standard errors. Few waves
 * are enough: each path has its own. */
static void compare_moments(const struct gp *g, struct mat Z)
{
	enum { DRAWS = 6000, WAVES = 32 };
	double sum[8] = {0}, product[64] = {0}, fourth[64] = {0}, f[8], mean[8], cov[64];
	int m = Z.rows;
	struct arena *a = scratch(), *inner = scratch();

	assert_int_equal(
		gp_joint(g, Z, mat_view(mean, m, 1, m), mat_view(cov, m, m, m), a, NULL), KR_OK);
	for (int t = 0; t < DRAWS; t++) {
		struct path *path = draw(g, WAVES, (uint32_t)t, inner);

		assert_int_equal(path_eval(path, Z, f, (struct mat){0}, inner, NULL), KR_OK);
		for (int i = 0; i < m; i++)
			sum[i] += f[i] - mean[i];
		for (int i = 0; i < m * m; i++) {
			double p = (f[i % m] - mean[i % m]) * (f[i / m] - mean[i / m]);

			product[i] += p;
			fourth[i] += p * p;
		}
		arena_reset(inner);
	}
	for (int i = 0; i < m; i++)
		assert_true(fabs(sum[i] / DRAWS) < 5 * sqrt(cov[i * m + i] / DRAWS) + 1e-6);
	for (int i = 0; i < m * m; i++) {
		double error = sqrt(fourth[i] / DRAWS / DRAWS);

		if (!(fabs(product[i] / DRAWS - cov[i]) < 6 * error + 1e-9))
			fail_msg("covariance %d: %g of draws, %g exactly, standard error %g", i,
				product[i] / DRAWS, cov[i], error);
	}
	arena_free(inner);
	arena_free(a);
}

/* Room in theta for what the leaf declares after its lengthscales, outputscale and noise after it. */
static void declare(struct dataset *s, const struct kernel_term *term, double value)
{
	int d = s->data.d, more = kernel_parameters(term, d) - d - 1;

	s->data.kernel = term;
	memmove(s->theta + d + more, s->theta + d, sizeof(double) * 2);
	for (int i = 0; i < more; i++)
		s->theta[d + i] = value;
}

static void moments_are_those_of_the_posterior(void **state)
{
	struct rng r = reference_rng("path moments");
	int families = 0;

	(void)state;
	for (int i = 0; kernel_at(i); i++) {
		struct kernel_term term = kernel_scaled(kernel_at(i));
		struct dataset s;
		double Z[12];

		if (!term.family->radial || !term.family->radial->mixture)
			continue;
		struct gp *g = gp_new(8, 3, 1);
		struct arena *a = scratch();

		reference_dataset(&s, 7, 3, families++ % 2 == 0, &r);
		declare(&s, &term, 0.3);
		assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
		compare_moments(g, some_points(Z, &s.data, 4, &r));
		gp_free(g);
		arena_free(a);
	}
	assert_true(families >= 3);
}

/* Inactive numbers and choices, some apart from active ones and some in the middle. */
static void conditional_columns(void **state)
{
	struct rng r = reference_rng("path conditional");

	(void)state;
	for (int apart = 0; apart < 2; apart++) {
		struct kernel_term term = {
			.family = kernel_find("matern52"), .scaled = true, .size = {apart, !apart}};
		struct gp *g = gp_new(8, 3, 1);
		struct arena *a = scratch();
		struct dataset s;
		struct mat points;
		double Z[12], f[4], D[12];

		reference_dataset(&s, 7, 3, true, &r);
		declare(&s, &term, -0.2);
		s.X[1] = s.X[7 + 2] = s.X[7 + 4] = s.X[14 + 4] = s.X[14] = NAN;
		assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
		points = some_points(Z, &s.data, 4, &r);
		Z[0] = Z[5] = Z[9] = NAN;
		compare_moments(g, points);
		assert_int_equal(
			path_eval(draw(g, 20, 1, a), points, f, mat_view(D, 4, 3, 4), a, NULL), KR_OK);
		assert_true(D[0] == 0 && D[5] == 0 && D[9] == 0 && D[1] != 0);
		gp_free(g);
		arena_free(a);
	}
}

/* What is inactive in a column that no leaf looks at changes nothing; elsewhere it is refused. */
static void unseen_columns(void **state)
{
	struct rng r = reference_rng("path unseen");
	const int seen[2] = {0, 2};
	struct kernel_term term = {
		.family = kernel_find("rbf"), .scaled = true, .n_dims = 2, .dims = seen};
	struct gp *g = gp_new(7, 3, 1);
	struct arena *a = scratch();
	struct dataset s;
	struct path *path;
	double Z[6], f[4], D[6];

	(void)state;
	reference_dataset(&s, 7, 3, false, &r);
	declare(&s, &term, -0.2);
	s.X[7] = s.X[9] = NAN;
	assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
	path = draw(g, 20, 1, a);
	some_points(Z, &s.data, 2, &r);
	assert_int_equal(
		path_eval(path, mat_view(Z, 2, 3, 2), f, mat_view(D, 2, 3, 2), a, NULL), KR_OK);
	Z[2] = NAN;
	assert_int_equal(
		path_eval(path, mat_view(Z, 2, 3, 2), f + 2, mat_view(D, 2, 3, 2), a, NULL), KR_OK);
	assert_true(f[2] == f[0] && f[3] == f[1] && D[2] == 0 && isfinite(D[0]) && isfinite(D[4]));
	Z[0] = NAN;
	assert_int_equal(
		path_eval(path, mat_view(Z, 2, 3, 2), f, (struct mat){0}, a, NULL), KR_ENONFINITE);
	gp_free(g);
	arena_free(a);
}

/* s (a(x_0, x_1) b(x_1) + c(x_2)) with outputscales, warped inputs, one noise per point and one
 * more point. */
static void trees_and_extended_models(void **state)
{
	struct rng r = reference_rng("path trees");
	const int first[] = {0, 1}, second[] = {1}, third[] = {2};
	const struct kernel_term factors[] = {
		{.family = kernel_find("rbf"), .scaled = true, .n_dims = 2, .dims = first},
		{.family = kernel_find("matern52"), .n_dims = 1, .dims = second}};
	const struct kernel_term terms[] = {
		{.family = kernel_find("product"), .scaled = true, .n_parts = 2, .parts = factors},
		{.family = kernel_find("matern32"), .scaled = true, .n_dims = 1, .dims = third}};
	const struct kernel_term root = {
		.family = kernel_find("sum"), .scaled = true, .n_parts = 2, .parts = terms};
	struct dataset s;
	struct gp *g = gp_new(8, 3, 1);
	struct arena *a = scratch();
	double Z[12], P[3], noise[7],
		theta[16] = {-0.5, 0.1, 0.3, -0.2, 0.4, -1, 0.2, 0.1, 0.4, -0.3, 0, 0.2, 0, 0, -4};
	const double F = 0.7;

	(void)state;
	reference_dataset(&s, 7, 3, true, &r);
	for (int i = 0; i < 7; i++)
		noise[i] = 0.02 * (i + 1);
	s.data.noise = noise;
	s.data.kernel = &root;
	s.data.warp = true;
	assert_int_equal(gp_theta_size(&s.data), 15);
	assert_int_equal(gp_condition(g, &s.data, theta, a, NULL), KR_OK);
	assert_int_equal(
		gp_extend(g, some_points(P, &s.data, 1, &r), mat_view((double *)&F, 1, 1, 1), 0.3, a, NULL),
		KR_OK);
	compare_moments(g, some_points(Z, &s.data, 4, &r));
	gp_free(g);
	arena_free(a);
}

/* The covariance within one path: k(x, z) for many waves. */
static void waves_have_the_spectrum_of_the_kernel(void **state)
{
	enum { DRAWS = 40000 };
	struct rng r = reference_rng("path spectrum");
	const double shape[2] = {0.8, 0.8};

	(void)state;
	for (int i = 0; kernel_at(i); i++) {
		const struct radial *radial = kernel_at(i)->radial;
		double sums[4] = {0};

		for (int t = 0; radial && radial->mixture && t < DRAWS; t++) {
			double tau = radial->mixture(shape, &r);

			for (int k = 0; k < 4; k++)
				sums[k] += exp(-0.5 * tau * pow(4, k - 2)) / DRAWS;
		}
		for (int k = 0; radial && radial->mixture && k < 4; k++) {
			double r2 = pow(4, k - 2), f;

			radial->eval(1, shape, &r2, &f, NULL);
			assert_true(fabs(sums[k] - f) < 5 * sqrt(0.25 / DRAWS));
		}
	}
}

static void noiseless_data_are_met(void **state)
{
	struct rng r = reference_rng("path interpolation");
	struct dataset s;
	struct gp *g = gp_new(12, 3, 1);
	struct arena *a = scratch();
	double f[12];

	(void)state;
	reference_dataset(&s, 12, 3, true, &r);
	s.theta[0] = s.theta[1] = log(0.3);
	s.theta[4] = log(1e-12);
	assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
	for (uint32_t t = 0; t < 20; t++) {
		assert_int_equal(
			path_eval(draw(g, 64, t, a), s.data.X, f, (struct mat){0}, a, NULL), KR_OK);
		for (int i = 0; i < 12; i++)
			assert_near(f[i], s.y[i], 2e-5);
	}
	gp_free(g);
	arena_free(a);
}

static void gradients_are_those_of_differences(void **state)
{
	struct rng r = reference_rng("path gradients");
	const double h = 1e-5;

	(void)state;
	for (uint32_t t = 0; t < 30; t++) {
		struct dataset s;
		struct gp *g = gp_new(15, 4, 1);
		struct arena *a = scratch();
		double Z[4], f, up, down, D[4];
		struct path *path;
		struct mat z;

		reference_dataset(&s, 15, 4, t % 2, &r);
		s.data.warp = t % 3 == 0;
		if (s.data.warp) {
			s.theta[13] = s.theta[5];
			for (int i = 5; i < 13; i++)
				s.theta[i] = 0.3 * rng_normal(&r);
		}
		assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
		path = draw(g, 100, t, a);
		z = some_points(Z, &s.data, 1, &r);
		assert_int_equal(path_eval(path, z, &f, mat_view(D, 1, 4, 1), a, NULL), KR_OK);
		for (int c = 0; c < 4; c++) {
			double at = Z[c];

			if (s.data.categorical && s.data.categorical[c]) {
				assert_true(D[c] == 0);
				continue;
			}
			Z[c] = at + h;
			assert_int_equal(path_eval(path, z, &up, (struct mat){0}, a, NULL), KR_OK);
			Z[c] = at - h;
			assert_int_equal(path_eval(path, z, &down, (struct mat){0}, a, NULL), KR_OK);
			Z[c] = at;
			assert_true(fabs(D[c] - (up - down) / (2 * h)) < 1e-4 * (1 + fabs(D[c])));
		}
		gp_free(g);
		arena_free(a);
	}
}

static void a_path_is_a_function_of_its_key(void **state)
{
	struct rng r = reference_rng("path key");
	struct dataset s;
	struct gp *g = gp_new(20, 3, 1);
	struct arena *a = scratch();
	double Z[30], f[10], again[10], other[10], one, z[3];
	struct mat points;
	struct path *path;

	(void)state;
	reference_dataset(&s, 20, 3, true, &r);
	assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
	points = some_points(Z, &s.data, 10, &r);
	path = draw(g, PATH_WAVES, 7, a);
	assert_int_equal(path_eval(path, points, f, (struct mat){0}, a, NULL), KR_OK);
	assert_int_equal(
		path_eval(draw(g, PATH_WAVES, 7, a), points, again, (struct mat){0}, a, NULL), KR_OK);
	assert_int_equal(
		path_eval(draw(g, PATH_WAVES, 8, a), points, other, (struct mat){0}, a, NULL), KR_OK);
	for (int i = 0; i < 10; i++) {
		assert_true(f[i] == again[i] && f[i] != other[i]);
		for (int c = 0; c < 3; c++)
			z[c] = Z[10 * c + i];
		assert_int_equal(
			path_eval(path, mat_view(z, 1, 3, 1), &one, (struct mat){0}, a, NULL), KR_OK);
		assert_true(one == f[i]);
	}
	gp_free(g);
	arena_free(a);
}

static void unknown_choices_are_refused(void **state)
{
	struct rng r = reference_rng("path errors");
	struct dataset s;
	struct gp *g = gp_new(9, 3, 1);
	struct arena *a = scratch();
	const int few[3] = {0, 0, 1};
	double Z[3] = {0.5, 0.5, 4}, f;
	struct path *path = NULL;
	struct kr_error err;

	(void)state;
	reference_dataset(&s, 9, 3, true, &r);
	s.X[2 * 9] = 3;
	assert_int_equal(gp_condition(g, &s.data, s.theta, a, NULL), KR_OK);
	assert_int_equal(path_new(&path, g, 0, 8, NULL, &r, a, &err), KR_INVALID_ARGUMENT);
	assert_int_equal(path_new(&path, g, 0, 8, few, &r, a, &err), KR_INVALID_ARGUMENT);
	assert_null(path);
	path = draw(g, 8, 1, a);
	assert_int_equal(
		path_eval(path, mat_view(Z, 1, 3, 1), &f, (struct mat){0}, a, &err), KR_INVALID_ARGUMENT);
	gp_free(g);
	arena_free(a);
}

static void memory_may_run_out_anywhere(void **state)
{
	struct rng r = reference_rng("path memory");
	struct dataset s;
	struct gp *g = gp_new(9, 3, 1);
	struct arena *all = scratch();
	enum kr_status status = KR_ENOMEM;

	(void)state;
	reference_dataset(&s, 9, 3, true, &r);
	assert_int_equal(gp_condition(g, &s.data, s.theta, all, NULL), KR_OK);
	for (size_t size = 64; status != KR_OK; size += 256) {
		struct arena *a = arena_new(size);
		struct path *path = NULL;
		double f[9], D[27];

		assert_true(size < 1 << 20);
		status = path_new(&path, g, 0, 16, choices, &r, a, NULL);
		if (status == KR_OK)
			status = path_eval(path, s.data.X, f, mat_view(D, 9, 3, 9), a, NULL);
		assert_true(status == KR_OK || status == KR_ENOMEM);
		arena_free(a);
	}
	gp_free(g);
	arena_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_those_of_the_posterior),
		cmocka_unit_test(conditional_columns),
		cmocka_unit_test(unseen_columns),
		cmocka_unit_test(trees_and_extended_models),
		cmocka_unit_test(waves_have_the_spectrum_of_the_kernel),
		cmocka_unit_test(noiseless_data_are_met),
		cmocka_unit_test(gradients_are_those_of_differences),
		cmocka_unit_test(a_path_is_a_function_of_its_key),
		cmocka_unit_test(unknown_choices_are_refused),
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
