#include "acquisition/policy/pending.h"

#include <assert.h>
#include <math.h>

#include "acquisition/space/sobol.h"
#include "gp/special/special.h"

/* Draws are exact values of the latent function; this variance, relative to the
 * outputscale, only keeps the factor well conditioned. */
static const double draw_noise = 1e-6;

static const double lost_pivot = 1e-12;

/* Cholesky by columns (Golub & Van Loan 2013, alg. 4.2.1), a zero column for a zero
 * pivot. */
void pending_factor(struct mat cov, struct mat S)
{
	int p = cov.rows;
	double largest = 0;
	for (int j = 0; j < p; j++)
		largest = fmax(largest, *mat_at(cov, j, j));
	for (int j = 0; j < p; j++) {
		for (int i = 0; i < p; i++) {
			double sum = i < j ? 0 : *mat_at(cov, i, j);
			for (int k = 0; k < j && i >= j; k++)
				sum -= *mat_at(S, i, k) * *mat_at(S, j, k);
			*mat_at(S, i, j) = sum;
		}
		double pivot = *mat_at(S, j, j);
		double scale = pivot > lost_pivot * largest ? 1 / sqrt(pivot) : 0;
		for (int i = j; i < p; i++)
			*mat_at(S, i, j) *= scale;
	}
}

enum kr_status pending_believe(
	struct gp *g, struct mat P, struct mat F, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct gp_batch batch;
	enum kr_status st = gp_predict(g, P, false, &batch, a, err);
	assert(gp_columns(g) == 1);
	for (int i = 0; !st && i < P.rows; i++)
		*mat_at(F, i, 0) = *mat_at(batch.mean, i, 0);
	if (!st)
		st = gp_extend(g, P, F, draw_noise * gp_scale(g), a, err);
	arena_release(a, mark);
	return st;
}

enum kr_status pending_extend(struct gp *g, struct mat P, struct mat F, const struct rng *key,
	struct arena *a, struct kr_error *err)
{
	int columns = F.cols;
	assert(P.rows <= PENDING_BLOCK && (gp_columns(g) == 1 || gp_columns(g) == columns));
	struct arena_mark mark = arena_mark(a);
	int p = P.rows, from = gp_columns(g);
	struct mat mean = mat_new(a, p, from), cov = mat_new(a, p, p), S = mat_new(a, p, p);
	struct mat U = mat_new(a, columns, p);
	enum kr_status st = KR_OK;
	if (!mean.p || !cov.p || !S.p || !U.p) {
		st = kr_fail(err, KR_ENOMEM, "no memory for %d pending points", p);
		goto done;
	}
	st = gp_joint(g, P, mean, cov, a, err);
	if (st)
		goto done;
	pending_factor(cov, S);
	sobol_net(key, 0, U);
	for (int m = 0; m < columns; m++) {
		for (int j = 0; j < p; j++)
			*mat_at(U, m, j) = special_quantile(*mat_at(U, m, j));
		for (int i = 0; i < p; i++) {
			double f = *mat_at(mean, i, from == 1 ? 0 : m);
			for (int j = 0; j <= i; j++)
				f += *mat_at(S, i, j) * *mat_at(U, m, j);
			*mat_at(F, i, m) = f;
		}
	}
	st = gp_extend(g, P, F, draw_noise * gp_scale(g), a, err);
done:
	arena_release(a, mark);
	return st;
}
