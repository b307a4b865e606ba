#include "gp/sample/draw.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"
#include "gp/special/bvn.h"
#include "gp/special/special.h"

/* Draws that draw_best holds at a time. */
enum { BLOCK = 256 };

static double lower(struct mat A, int i, int j)
{
	return i >= j ? *mat_at(A, i, j) : *mat_at(A, j, i);
}

/* NaN when an element is none. */
static double largest_variance(struct mat cov)
{
	double largest = 0;

	for (int j = 0; j < cov.cols; j++)
		for (int i = j; i < cov.rows; i++)
			if (!isfinite(*mat_at(cov, i, j)))
				return NAN;
	for (int i = 0; i < cov.rows; i++)
		largest = fmax(largest, *mat_at(cov, i, i));
	return largest;
}

/* Column k of L from pivot p, whose row is its last; left: the variances that remain, none of used
 * rows. */
static void eliminate(struct mat cov, struct mat L, int k, int p, double *left)
{
	double root = sqrt(left[p]);

	for (int i = 0; i < L.rows; i++) {
		double v = lower(cov, i, p);

		if (left[i] == -INFINITY)
			continue;
		for (int j = 0; j < k; j++)
			v -= *mat_at(L, i, j) * *mat_at(L, p, j);
		*mat_at(L, i, k) = v / root;
		left[i] -= v / root * (v / root);
	}
	*mat_at(L, p, k) = root;
	left[p] = -INFINITY;
}

/* L <- a factor of a cov that is singular up to rounding: the largest variance left is the next
 * pivot, until none is more than rounding (Higham 2002, section 10.3). */
static void factor_by_pivots(struct mat cov, struct mat L, double scale, double *left)
{
	double rounding = cov.rows * DBL_EPSILON * scale;

	for (int j = 0; j < L.cols; j++)
		for (int i = 0; i < L.rows; i++)
			*mat_at(L, i, j) = 0;
	for (int i = 0; i < L.rows; i++)
		left[i] = *mat_at(cov, i, i);
	for (int k = 0; k < L.cols; k++) {
		int p = 0;

		for (int i = 1; i < L.rows; i++)
			if (left[i] > left[p])
				p = i;
		if (!(left[p] > rounding))
			return;
		eliminate(cov, L, k, p, left);
	}
}

/* L (square) with cov = L L'; left: scratch, b. */
static enum kr_status factor(struct mat cov, struct mat L, double *left, struct kr_error *err)
{
	int b = cov.rows;
	double scale = largest_variance(cov);

	if (isnan(scale))
		return kr_fail(err, KR_ENONFINITE, "joint covariance of %d points is not finite", b);
	for (int j = 0; j < b; j++)
		for (int i = 0; i < b; i++)
			*mat_at(L, i, j) = i < j ? 0 : *mat_at(cov, i, j);
	if (!chol_in_place(L))
		factor_by_pivots(cov, L, scale, left);
	return KR_OK;
}

static void draw(const double *mean, struct mat L, struct rng *r, struct mat Z, struct mat F)
{
	for (int j = 0; j < F.cols; j++)
		for (int i = 0; i < F.rows; i++) {
			*mat_at(Z, i, j) = rng_normal(r);
			*mat_at(F, i, j) = mean[i];
		}
	blas_gemm(false, false, 1.0, L, Z, 1.0, F);
}

enum kr_status draw_joint(const double *mean, struct mat cov, struct rng *r, struct mat F,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct mat L = mat_new(scratch, cov.rows, cov.rows), Z = mat_new(scratch, F.rows, F.cols);
	double *left = ARENA_ARRAY(scratch, double, cov.rows);
	enum kr_status status = KR_ENOMEM;

	assert(cov.rows == cov.cols && F.rows == cov.rows);
	if (L.p && Z.p && left)
		status = factor(cov, L, left, err);
	else
		kr_fail(err, KR_ENOMEM, "%d joint draws of %d points", F.cols, F.rows);
	if (status == KR_OK)
		draw(mean, L, r, Z, F);
	arena_release(scratch, mark);
	return status;
}

/* ---- the best ---------------------------------------------------------------------- */

/* Covariance of values i - j and i - k. */
static double of_differences(struct mat cov, int i, int j, int k)
{
	return lower(cov, i, i) - lower(cov, i, j) - lower(cov, i, k) + lower(cov, j, k);
}

/* Variance of value i - j; what rounding of the covariances can make of 0 is 0. */
static double of_difference(struct mat cov, int i, int j)
{
	double v = of_differences(cov, i, j, j);
	double size = fabs(lower(cov, i, i)) + fabs(lower(cov, j, j)) + 2 * fabs(lower(cov, i, j));

	return v > 8 * DBL_EPSILON * size ? v : 0;
}

/* (m_i - m_j) in standard deviations; certain differences are infinite, and of equal values the
 * first is the larger. */
static double lead(const double *mean, double variance, int i, int j)
{
	double difference = mean[i] - mean[j];

	if (variance > 0)
		return difference / sqrt(variance);
	return difference > 0 || (difference == 0 && i < j) ? INFINITY : -INFINITY;
}

/* Value i against both others: two differences, jointly normal. */
static double best_of_three(const double *mean, struct mat cov, int i)
{
	int j = i == 0 ? 1 : 0, k = i == 2 ? 1 : 2;
	double vj = of_difference(cov, i, j), vk = of_difference(cov, i, k);
	double rho = vj > 0 && vk > 0 ? of_differences(cov, i, j, k) / sqrt(vj * vk) : 0;

	return bvn_cdf(lead(mean, vj, i, j), lead(mean, vk, i, k), fmin(fmax(rho, -1), 1));
}

/* Of two or three values. Of values that are nearly one, rounding leaves a sum that is not 1. */
static void exactly_best(const double *mean, struct mat cov, double *p)
{
	int b = cov.rows;
	double sum = 0;

	for (int i = 0; i < b; i++) {
		p[i] = b == 3 ? best_of_three(mean, cov, i)
					  : exp(special_log_cdf(lead(mean, of_difference(cov, i, 1 - i), i, 1 - i)));
		sum += p[i];
	}
	for (int i = 0; sum > 0 && i < b; i++)
		p[i] /= sum;
}

static void count_best(struct mat F, double share, double *p)
{
	for (int j = 0; j < F.cols; j++) {
		int best = 0;

		for (int i = 1; i < F.rows; i++)
			if (*mat_at(F, i, j) > *mat_at(F, best, j))
				best = i;
		p[best] += share;
	}
}

static enum kr_status best_of_draws(const double *mean, struct mat cov, int draws, struct rng *r,
	double *p, struct arena *scratch, struct kr_error *err)
{
	int b = cov.rows, block = draws < BLOCK ? draws : BLOCK;
	struct arena_mark mark = arena_mark(scratch);
	struct mat L = mat_new(scratch, b, b), Z = mat_new(scratch, b, block);
	struct mat F = mat_new(scratch, b, block);
	double *left = ARENA_ARRAY(scratch, double, b);
	enum kr_status status = KR_ENOMEM;

	if (L.p && Z.p && F.p && left)
		status = factor(cov, L, left, err);
	else
		kr_fail(err, KR_ENOMEM, "joint draws of %d points", b);
	for (int rest = draws; status == KR_OK && rest > 0; rest -= F.cols) {
		F.cols = Z.cols = rest < block ? rest : block;
		draw(mean, L, r, Z, F);
		count_best(F, 1.0 / draws, p);
	}
	arena_release(scratch, mark);
	return status;
}

enum kr_status draw_best(const double *mean, struct mat cov, int draws, struct rng *r, double *p,
	struct arena *scratch, struct kr_error *err)
{
	int b = cov.rows;

	assert(b > 0 && cov.cols == b && draws > 0);
	for (int i = 0; i < b; i++)
		p[i] = b == 1;
	for (int i = 0; i < b; i++)
		if (!isfinite(mean[i]))
			return kr_fail(err, KR_ENONFINITE, "mean %d of %d is not finite", i, b);
	if (isnan(largest_variance(cov)))
		return kr_fail(err, KR_ENONFINITE, "joint covariance of %d points is not finite", b);
	if (b > 3)
		return best_of_draws(mean, cov, draws, r, p, scratch, err);
	if (b > 1)
		exactly_best(mean, cov, p);
	return KR_OK;
}

/* m_0 + theta h(t), t = (m_1 - m_0) / theta: the first value and what the second may add. */
double draw_larger_of_two(const double *mean, struct mat cov)
{
	double theta = sqrt(fmax(of_differences(cov, 0, 1, 1), 0));

	if (theta == 0)
		return fmax(mean[0], mean[1]);
	return mean[0] + theta * exp(special_log_h((mean[1] - mean[0]) / theta, NULL));
}
