/* One body over every acquisition of acquisition/function/acq_list.def. */
#include "acquisition/function/acq.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

enum { SEED = 31337 };

static void every_family_is_found_by_its_name(void **state)
{
	(void)state;
	int n = 0;
	for (; acq_at(n); n++) {
		assert_ptr_equal(acq_find(acq_at(n)->name), acq_at(n));
		for (int k = 0; k < n; k++)
			assert_string_not_equal(acq_at(k)->name, acq_at(n)->name);
	}
	assert_true(n >= 6);
	assert_null(acq_at(-1));
	assert_null(acq_find("no such acquisition"));
}

/* Central difference of f in one argument; h is the cube root of epsilon, so that the
 * error is about h^2 of the scale of f's third derivative. */
static double slope(const struct acq_family *f, double mu, double s, bool in_mu)
{
	double h = 6e-6 * s, a, b;
	double up = f->at(in_mu ? mu + h : mu, in_mu ? s : s + h, 0.3, 4, &a, &b);
	double down = f->at(in_mu ? mu - h : mu, in_mu ? s : s - h, 0.3, 4, &a, &b);
	return (up - down) / (2 * h);
}

static void slopes_are_finite_differences(void **state)
{
	(void)state;
	static const double us[] = {-400, -40, -30.5, -29.5, -8, -2, -1.0001, -0.9999, 0, 0.5, 3, 6};
	static const double ss[] = {1e-5, 0.1, 1, 50};
	for (int i = 0; acq_at(i); i++)
		for (size_t j = 0; j < sizeof(us) / sizeof(*us); j++)
			for (size_t k = 0; k < sizeof(ss) / sizeof(*ss); k++) {
				const struct acq_family *f = acq_at(i);
				double s = ss[k], mu = 0.3 + us[j] * s, dmu, ds;
				double v = f->at(mu, s, 0.3, 4, &dmu, &ds);
				/* rounding of v, and of u in v, over the step */
				double noise = (fabs(v) + (f->log ? us[j] * us[j] : 1)) * 1e-9 / s;
				double size = 1e-7 * (fabs(dmu) + fabs(ds));
				assert_true(fabs(slope(f, mu, s, true) - dmu) <= size + noise);
				assert_true(fabs(slope(f, mu, s, false) - ds) <= size + noise);
			}
}

static void values_are_finite_everywhere(void **state)
{
	(void)state;
	static const double ss[] = {1e-7, 1, 1e3};
	for (int i = 0; acq_at(i); i++)
		for (size_t k = 0; k < sizeof(ss) / sizeof(*ss); k++)
			for (double size = 1e-3; size < 2e6; size *= 1.3)
				for (int sign = -1; sign <= 1; sign++) {
					double dmu, ds;
					double v = acq_at(i)->at(sign * size * ss[k], ss[k], 0, 2, &dmu, &ds);
					assert_true(isfinite(v) && isfinite(dmu) && isfinite(ds));
				}
}

static void more_is_better(void **state)
{
	(void)state;
	for (int i = 0; acq_at(i); i++) {
		double last = -INFINITY;
		for (double mu = -50; mu <= (acq_at(i)->level ? 0.1 : 50); mu += 0.37) {
			double dmu, ds, v = acq_at(i)->at(mu, 0.8, 0.1, 2, &dmu, &ds);
			assert_true(v >= last && dmu >= 0);
			last = v;
		}
	}
}

/* A log family is the logarithm of the plain one, where that can be told. */
static void log_families_are_logarithms(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"log_ei", "ei"}, {"log_pi", "pi"}};
	for (int i = 0; i < 2; i++)
		for (double u = -20; u <= 8; u += 0.1) {
			double a, b, s = 0.7;
			double l = acq_find(pairs[i][0])->at(u * s, s, 0, 0, &a, &b);
			double v = acq_find(pairs[i][1])->at(u * s, s, 0, 0, &a, &b);
			assert_true(fabs(exp(l) - v) <= 1e-12 * v);
		}
}

/* Columns are averaged: plainly, or as the logarithm of a plain average. */
static void columns_are_averaged(void **state)
{
	(void)state;
	double means[5] = {-0.3, 0.4, 1.1, -2.0, 0.0}, best[5] = {0.5, 0.1, 0.9, -1.8, 0.6};
	double var = 0.49, none, got, want[5], dmu, ds;
	for (int i = 0; acq_at(i); i++) {
		const struct acq_family *f = acq_at(i);
		struct acq a = {.family = f, .best = best, .beta = 3};
		double sum = 0;
		acq_moments(&a, mat_view(means, 1, 5, 1), &var, &got, (struct mat){0}, &none);
		for (int m = 0; m < 5; m++) {
			want[m] = f->at(means[m], 0.7, best[m], 3, &dmu, &ds);
			sum += f->log ? exp(want[m]) : want[m];
		}
		sum = f->log ? log(sum / 5) : sum / 5;
		assert_true(fabs(got - sum) <= 1e-14 * (1 + fabs(sum)));
	}
}

static void moments_have_their_slopes(void **state)
{
	(void)state;
	double means[6] = {-0.3, 0.4, 1.1, -2.0, 0.0, 0.2}, best[3] = {0.5, 0.1, 0.9};
	double var[2] = {0.49, 0.09}, value[2], up[2], down[2], dm[6], dvar[2];
	for (int i = 0; acq_at(i); i++) {
		struct acq a = {.family = acq_at(i), .best = best, .beta = 3};
		struct mat M = mat_view(means, 2, 3, 2), none = {0};
		acq_moments(&a, M, var, value, mat_view(dm, 2, 3, 2), dvar);
		for (int k = 0; k < 8; k++) {
			double *x = k < 6 ? &means[k] : &var[k - 6], x0 = *x, h = 1e-6;
			int row = k % 2;
			*x = x0 + h;
			acq_moments(&a, M, var, up, none, NULL);
			*x = x0 - h;
			acq_moments(&a, M, var, down, none, NULL);
			*x = x0;
			double want = (up[row] - down[row]) / (2 * h), got = k < 6 ? dm[k] : dvar[k - 6];
			assert_true(fabs(got - want) <= 1e-8 * (1 + fabs(want)));
			assert_true(up[1 - row] == value[1 - row]); /* rows do not mix */
		}
	}
}

enum { N = 25, D = 4, B = 6, COLUMNS = 3 };

/* A model of random data, with a categorical last column and a few fantasies. */
static struct gp *random_model(struct rng *r, struct arena *a)
{
	static const unsigned char categorical[D] = {0, 0, 0, 1};
	double X[N * D], y[N], theta[D + 2], P[D], F[COLUMNS];
	for (int i = 0; i < N * D; i++)
		X[i] = i < N * (D - 1) ? rng_uniform(r) : rng_below(r, 3);
	for (int i = 0; i < N; i++)
		y[i] = sin(4 * X[i]) + X[N + i] * X[2 * N + i] - X[3 * N + i];
	for (int i = 0; i < D + 2; i++)
		theta[i] = i < D ? log(0.4 + 0.3 * rng_uniform(r)) : i == D ? 0 : log(1e-4);
	for (int i = 0; i < D; i++)
		P[i] = i < D - 1 ? rng_uniform(r) : 1;
	for (int m = 0; m < COLUMNS; m++)
		F[m] = rng_normal(r);
	static struct kernel_term matern52;
	matern52 = kernel_scaled(kernel_find("matern52"));
	struct gp_data data = {.kernel = &matern52,
		.n = N,
		.d = D,
		.X = mat_view(X, N, D, N),
		.categorical = categorical,
		.y = y};
	struct gp *g = gp_new(N + 1, D, COLUMNS);
	assert_int_equal(gp_condition(g, &data, theta, a, NULL), KR_OK);
	assert_int_equal(
		gp_extend(g, mat_view(P, 1, D, 1), mat_view(F, 1, COLUMNS, 1), 1e-6, a, NULL), KR_OK);
	return g;
}

static void gradients_through_a_model_are_finite_differences(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	struct arena *a = arena_new(1 << 24);
	struct gp *g = random_model(&r, a);
	double x[B * D], value[B], gradient[B * D], best[COLUMNS] = {0.2, 1.0, -0.5};
	struct mat X = mat_view(x, B, D, B), G = mat_view(gradient, B, D, B), none = {0};
	print_message("seed %d\n", SEED);
	for (int i = 0; i < B * D; i++)
		x[i] = i < B * (D - 1) ? 0.05 + 0.9 * rng_uniform(&r) : rng_below(&r, 3);
	for (int k = 0; acq_at(k); k++) {
		struct acq q = {.family = acq_at(k), .model = g, .best = best, .beta = 2};
		assert_int_equal(acq_eval(&q, X, value, G, a, NULL), KR_OK);
		for (int j = 0; j < D; j++) {
			double up[B], down[B], h = 1e-6;
			for (int sign = -1; sign <= 1; sign += 2) {
				for (int i = 0; i < B; i++)
					x[j * B + i] += sign * h;
				assert_int_equal(acq_eval(&q, X, sign < 0 ? down : up, none, a, NULL), KR_OK);
				for (int i = 0; i < B; i++)
					x[j * B + i] -= sign * h;
			}
			for (int i = 0; i < B; i++) {
				double want = j < D - 1 ? (up[i] - down[i]) / (2 * h) : 0;
				assert_true(fabs(gradient[j * B + i] - want) <= 1e-5 * (1 + fabs(want)));
			}
		}
	}
	assert_int_equal(arena_used(a), 0);
	gp_free(g);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_family_is_found_by_its_name),
		cmocka_unit_test(slopes_are_finite_differences),
		cmocka_unit_test(values_are_finite_everywhere),
		cmocka_unit_test(more_is_better),
		cmocka_unit_test(log_families_are_logarithms),
		cmocka_unit_test(columns_are_averaged),
		cmocka_unit_test(moments_have_their_slopes),
		cmocka_unit_test(gradients_through_a_model_are_finite_differences),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
