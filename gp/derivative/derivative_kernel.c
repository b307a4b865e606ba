#include "gp/derivative/derivative_kernel.h"

#include <math.h>
#include <stdbool.h>

/* Farther apart every family is 0; r2 itself may overflow. */
static const double far = 1e7;

static bool is_categorical(const struct derivative_kernel *k, int c)
{
	return k->categorical && k->categorical[c];
}

/* u and q, q_c the part of column c in r2 (NULL: not wanted); answers r2. */
static double compare(const struct derivative_kernel *k, struct mat X, int i, struct mat Z, int j,
	double *u, double *q)
{
	double r2 = 0;

	for (int c = 0; c < k->d; c++) {
		double difference = *mat_at(X, i, c) - *mat_at(Z, j, c), w = k->weight[c], part;

		u[c] = is_categorical(k, c) ? 0 : w * difference;
		part = is_categorical(k, c) ? (difference != 0 ? w : 0) : w * difference * difference;
		r2 += part;
		if (q)
			q[c] = part;
	}
	return fmin(r2, far);
}

/* The covariance of parts i and j without s2. With F + 1 for F it is the slope in -r2/2: what
 * d/d ln l_c brings with the factor q_c. */
static double covariance(
	const struct derivative_kernel *k, const double *F, const double *u, int i, int j)
{
	if (i == 0 && j == 0)
		return F[0];
	if (i == 0)
		return F[1] * u[j - 1];
	if (j == 0)
		return -F[1] * u[i - 1];
	return (i == j ? F[1] * k->weight[i - 1] : 0) - F[2] * u[i - 1] * u[j - 1];
}

void derivative_kernel_cross(const struct derivative_kernel *k, struct mat X,
	struct derivative_rows a, struct mat Z, struct derivative_rows b, struct mat K, double *u)
{
	struct radial_jet jet;

	for (int j = 0; j < b.n; j++)
		for (int i = 0; i < a.n; i++) {
			if (i == 0 || a.row[i].point != a.row[i - 1].point)
				k->radial->jet(
					k->shape, compare(k, X, a.row[i].point, Z, b.row[j].point, u, NULL), &jet);
			*mat_at(K, i, j) = k->outputscale *
				covariance(k, jet.F, u, a.row[i].part, b.row[j].part);
		}
}

/* grad[c] += w times what d/d ln l_c does to u and w in the covariance of parts i and j:
 * d u_c = -2 u_c, d w_c = -2 w_c. */
static void local_slope(const struct derivative_kernel *k, const double *F, const double *u, int i,
	int j, double w, double *grad)
{
	if (i > 0 && j > 0) {
		double both = 2 * F[2] * u[i - 1] * u[j - 1] * w;

		grad[i - 1] += both;
		grad[j - 1] += both - (i == j ? 2 * F[1] * k->weight[i - 1] * w : 0);
	} else if (i > 0) {
		grad[i - 1] += 2 * F[1] * u[i - 1] * w;
	} else if (j > 0) {
		grad[j - 1] -= 2 * F[1] * u[j - 1] * w;
	}
}

void derivative_kernel_slope(const struct derivative_kernel *k, struct mat X,
	struct derivative_rows a, struct mat W, double *grad, double *u)
{
	double *q = u + k->d, half = 0.5 * k->outputscale;
	struct radial_jet jet;

	for (int j = 0; j < a.n; j++) {
		double common = 0;

		for (int i = 0; i < a.n; i++) {
			double w = half * (i >= j ? *mat_at(W, i, j) : *mat_at(W, j, i));
			int part = a.row[i].part, other = a.row[j].part;

			if (i == 0 || a.row[i].point != a.row[i - 1].point) {
				k->radial->jet(
					k->shape, compare(k, X, a.row[i].point, X, a.row[j].point, u, q), &jet);
				common = 0;
			}
			common += w * covariance(k, jet.F + 1, u, part, other);
			grad[k->d] += w * covariance(k, jet.E, u, part, other);
			local_slope(k, jet.F, u, part, other, w, grad);
			if (i + 1 == a.n || a.row[i + 1].point != a.row[i].point)
				for (int c = 0; c < k->d; c++)
					grad[c] += common * q[c];
		}
	}
}

double derivative_kernel_variance(const struct derivative_kernel *k, struct derivative_row row)
{
	struct radial_jet jet;

	k->radial->jet(k->shape, 0, &jet);
	return k->outputscale * (row.part == 0 ? jet.F[0] : jet.F[1] * k->weight[row.part - 1]);
}
