#include "tests/gp/reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_N = 400 };

const struct kernel_term *reference_term(const char *family)
{
	static struct kernel_term terms[8];
	static int n;

	for (int i = 0; i < n; i++)
		if (strcmp(terms[i].family->name, family) == 0)
			return &terms[i];
	assert_true(n < 8);
	terms[n] = kernel_scaled(kernel_find(family));
	return &terms[n++];
}

struct gp_prior reference_prior(int d, struct arena *a)
{
	struct gp_prior p;

	assert_int_equal(gp_prior_default(&p, reference_term("matern52"), d, a, NULL), KR_OK);
	return p;
}

double reference_kernel(const struct kernel *k, struct mat X, int i, struct mat Z, int j)
{
	const char *family = k->root->family->name;
	long double r2 = 0, r, s2 = k->value[k->d];

	for (int c = 0; c < k->d; c++) {
		long double diff = (long double)*mat_at(X, i, c) - *mat_at(Z, j, c);

		if (k->categorical && k->categorical[c])
			diff = diff != 0;
		r2 += diff * diff / ((long double)k->value[c] * k->value[c]);
	}
	if (strcmp(family, "rbf") == 0)
		return (double)(s2 * expl(-r2 / 2));
	r = sqrtl(r2);
	if (strcmp(family, "matern32") == 0)
		return (double)(s2 * (1 + sqrtl(3) * r) * expl(-sqrtl(3) * r));
	assert_string_equal(family, "matern52");
	return (double)(s2 * (1 + sqrtl(5) * r + 5 * r2 / 3) * expl(-sqrtl(5) * r));
}

/* Gauss-Jordan with partial pivoting: A (n x n) and B (n x m), row-major; B <-
 * A^-1 B; ln |det A|. */
static long double solve(long double *A, long double *B, int n, int m)
{
	long double log_det = 0;

	for (int c = 0; c < n; c++) {
		int best = c;

		for (int i = c + 1; i < n; i++)
			if (fabsl(A[i * n + c]) > fabsl(A[best * n + c]))
				best = i;
		for (int j = 0; j < n; j++) {
			long double t = A[c * n + j];

			A[c * n + j] = A[best * n + j];
			A[best * n + j] = t;
		}
		for (int j = 0; j < m; j++) {
			long double t = B[c * m + j];

			B[c * m + j] = B[best * m + j];
			B[best * m + j] = t;
		}
		log_det += logl(fabsl(A[c * n + c]));
		for (int i = 0; i < n; i++) {
			long double f = A[i * n + c] / A[c * n + c];

			if (i == c || f == 0)
				continue;
			for (int j = c; j < n; j++)
				A[i * n + j] -= f * A[c * n + j];
			for (int j = 0; j < m; j++)
				B[i * m + j] -= f * B[c * m + j];
		}
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < m; j++)
			B[i * m + j] /= A[i * n + i];
	return log_det;
}

void reference_posterior(const struct gp_data *data, const double *theta, struct mat P,
	double *mean, double *cov, double *lml)
{
	static double l[32];
	int n = data->n, p = P.rows, m = 2 + p;
	struct kernel k = likelihood_kernel(data, theta, l);
	long double *A = malloc(sizeof(*A) * (size_t)(n * n));
	long double *B = malloc(sizeof(*B) * (size_t)(n * m));
	long double log_det, top = 0, bottom = 0, quad = 0, mu;

	/* B = [y, 1, k(X, P)] */
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++)
			A[i * n + j] = reference_kernel(&k, data->X, i, data->X, j);
		A[i * n + i] += expl(theta[data->d + 1]) + (data->noise ? data->noise[i] : 0);
		B[i * m] = data->y[i];
		B[i * m + 1] = 1;
		for (int q = 0; q < p; q++)
			B[i * m + 2 + q] = reference_kernel(&k, data->X, i, P, q);
	}
	log_det = solve(A, B, n, m);
	for (int i = 0; i < n; i++) {
		top += B[i * m];
		bottom += B[i * m + 1];
	}
	mu = data->mean ? *data->mean : top / bottom;
	for (int i = 0; i < n; i++)
		quad += (data->y[i] - mu) * (B[i * m] - mu * B[i * m + 1]);
	*lml = (double)(-quad / 2 - log_det / 2 - n * logl(2 * acosl(-1)) / 2);
	for (int q = 0; q < p; q++) {
		long double sum = mu;

		for (int i = 0; i < n; i++)
			sum += reference_kernel(&k, data->X, i, P, q) * (B[i * m] - mu * B[i * m + 1]);
		mean[q] = (double)sum;
		for (int s = 0; s < p; s++) {
			long double c = reference_kernel(&k, P, q, P, s);

			for (int i = 0; i < n; i++)
				c -= reference_kernel(&k, data->X, i, P, q) * B[i * m + 2 + s];
			cov[s * p + q] = (double)c;
		}
	}
	free(A);
	free(B);
}

void reference_dataset(struct dataset *s, int n, int d, bool mixed, struct rng *r)
{
	*s = (struct dataset){.data = {.kernel = reference_term("matern52"), .n = n, .d = d}};
	assert_true(n <= MAX_N && d <= 30 && n * d <= 4000);
	s->data.X = mat_view(s->X, n, d, n);
	s->data.y = s->y;
	for (int k = 0; k < d; k++)
		s->categorical[k] = mixed && k % 3 == 2;
	s->data.categorical = mixed ? s->categorical : NULL;
	for (int k = 0; k < d; k++)
		for (int i = 0; i < n; i++)
			s->X[k * n + i] = s->categorical[k] ? rng_below(r, 4) : rng_uniform(r);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < d; k++)
			s->y[i] += sin((3 + k) * s->X[k * n + i]) / (1 + k);
	for (int k = 0; k < d; k++)
		s->theta[k] = log((0.3 + rng_uniform(r)) * sqrt(d));
	s->theta[d] = rng_uniform(r) - 0.5;
	s->theta[d + 1] = log(1e-3) + 2 * rng_uniform(r);
}

struct rng reference_rng(const char *test)
{
	const char *text = getenv("KRIGED_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : 1;

	print_message("%s: KRIGED_TEST_SEED=%llu\n", test, (unsigned long long)seed);
	return rng_make(seed, 0, RNG_TEST, 0);
}

void reference_near(double a, double b, double tol, const char *what, const char *file, int line)
{
	if (fabs(a - b) <= tol * (1 + fabs(b)))
		return;
	print_error("%s: %.17g, expected %.17g (off by %.2e, allowed %.2e)\n", what, a, b, fabs(a - b),
		tol * (1 + fabs(b)));
	_fail(file, line);
}
