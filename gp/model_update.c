/* One observation more or less at the cost of n^2. The factor takes it by chol_append and
 * chol_remove; U, A and the mean are solved for again, which costs no more. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/linalg/blas.h"
#include "gp/model_internal.h"

/* Anew after so many changes; measured in between. */
enum { REFACTOR_EVERY = 32, MEASURE_EVERY = 8 };

/* Four digits below the least noise that a fit may choose (1e-8 of the outputscale). A new
 * factor drifts by 1e-16 to 1e-15. */
static const double drift_limit = 1e-12;

/* The drift of the factor from the covariance of the rows. */
static enum kr_status measure(struct gp *g, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int n = chol_rows(g->chol);
	struct mat K = mat_new(scratch, n, n);
	enum kr_status status = K.p ? kernel_self(&g->kernel, gp__points(g), K, NULL, scratch, err)
								: kr_fail(err, KR_ENOMEM, "drift of %d points", n);

	for (int i = 0; status == KR_OK && i < n; i++)
		*mat_at(K, i, i) += g->diagonal[i];
	if (status == KR_OK)
		status = chol_drift(g->chol, K, 0, &g->upkeep.drift, scratch, err);
	arena_release(scratch, mark);
	return status;
}

/* After a change of the rows: the factor is kept sound, the rest follows from it. */
static enum kr_status settle(struct gp *g, struct arena *scratch, struct kr_error *err)
{
	int n = chol_rows(g->chol);
	enum kr_status status = KR_OK;

	g->upkeep.changes++;
	if (g->upkeep.changes % MEASURE_EVERY == 0 && g->upkeep.changes < REFACTOR_EVERY)
		status = measure(g, scratch, err);
	if (status == KR_OK &&
		(g->upkeep.changes >= REFACTOR_EVERY || !(g->upkeep.drift <= drift_limit))) {
		g->upkeep.refactorings++;
		status = gp__factor(g, n, scratch, err);
	}
	if (status == KR_OK)
		return gp__solve(g, err);
	chol_clear(g->chol);
	return status;
}

/* b (n) <- k(x, X), *d <- k(x, x), and the point itself as row n; x is seen by the kernel. */
static enum kr_status covariances(struct gp *g, const double *x, double *b, double *d,
	struct arena *scratch, struct kr_error *err)
{
	int n = chol_rows(g->chol);
	double *row = arena_memdup(scratch, x, sizeof(*x) * (size_t)g->d);
	struct mat Z = {0};
	enum kr_status status = row ? gp_see(g, mat_view(row, 1, g->d, 1), &Z, NULL, scratch, err)
								: kr_fail(err, KR_ENOMEM, "covariance of a new point");

	if (status == KR_OK)
		status = kernel_cross(
			&g->kernel, Z, gp__points(g), mat_view(b, 1, n, 1), NULL, scratch, err);
	if (status == KR_OK)
		status = kernel_self(&g->kernel, Z, mat_view(d, 1, 1, 1), NULL, scratch, err);
	if (status == KR_OK)
		gp__copy_points(g, n, Z);
	return status;
}

enum kr_status gp_append(struct gp *g, const double *x, double y, double noise,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int n = chol_rows(g->chol);
	double *b, d = 0;
	enum kr_status status;

	assert(n > 0 && n < g->cap && g->columns == 1);
	if (!isfinite(y) || !isfinite(noise))
		return kr_fail(err, KR_ENONFINITE, "outcome %g of a new point with noise %g", y, noise);
	b = arena_alloc(scratch, sizeof(*b) * (size_t)n);
	status = b ? covariances(g, x, b, &d, scratch, err)
			   : kr_fail(err, KR_ENOMEM, "covariance of a new point");
	if (status == KR_OK) {
		g->y[n] = y;
		g->noise_of[n] = noise;
		d += noise;
		status = gp__append_rows(g, mat_view(b, 1, n, 1), mat_view(&d, 1, 1, 1), err);
	}
	arena_release(scratch, mark);
	return status == KR_OK ? settle(g, scratch, err) : status;
}

/* v[i] leaves n of them. */
static void close_gap(double *v, int i, int n)
{
	memmove(v + i, v + i + 1, sizeof(*v) * (size_t)(n - i - 1));
}

enum kr_status gp_remove(struct gp *g, int i, struct arena *scratch, struct kr_error *err)
{
	int n = chol_rows(g->chol);

	assert(n > 1 && i >= 0 && i < n && g->columns == 1);
	chol_remove(g->chol, i);
	for (int k = 0; k < g->d; k++)
		close_gap(g->X + (size_t)k * (size_t)g->cap, i, n);
	close_gap(g->y, i, n);
	close_gap(g->noise_of, i, n);
	close_gap(g->diagonal, i, n);
	return settle(g, scratch, err);
}

struct gp_upkeep gp_upkeep(const struct gp *g)
{
	return g->upkeep;
}
