/* Legend: f the log posterior (a density of theta), H = -d^2 f / d theta^2 = R R', g = df / d theta, at
 * the mode m; p numbers are free.
 *
 *   ln evidence = f + 1/2 g'H^-1 g + p/2 ln 2 pi - 1/2 ln det H + sum_i ln mass_i
 *
 * (MacKay 2003, eq. 27.3; the second term makes up for a climb that ended early). mass_i: how much of
 * coordinate i's Gaussian is within the bounds. At a mode at a bound g is not 0: there the coordinate is
 * taken to be independent of the others, and its factor is the tail of the Gaussian whose top is outside. */
#include "gp/structure/evidence.h"

#include <math.h>
#include <string.h>

#include "gp/fit.h"
#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"
#include "gp/special/special.h"

static const double ln_2pi = 1.83787706640934548356;

static const double tolerance = 1e-3;
enum { MAX_EVALUATIONS = 60, LADDER = 60 };

static const double step = 1e-3; /* of differences of the gradient */

struct work {
	struct gp_posterior posterior;
	int size, evaluations;
	double *m, *g, *up, *down, *z; /* size */
	bool *fixed, *bound;           /* without room; at a bound and pushing out */
	struct kr_error *err;
};

static enum kr_status evaluate(struct work *w, const double *theta, double *f, double *g)
{
	w->evaluations++;
	return gp_posterior_eval(&w->posterior, theta, f, g, w->err);
}

/* Which coordinates are fixed or pushed against a bound. */
static void look_at_bounds(struct work *w)
{
	const double *lower = w->posterior.lower, *upper = w->posterior.upper;

	for (int i = 0; i < w->size; i++) {
		w->fixed[i] = lower[i] == upper[i];
		w->bound[i] = !w->fixed[i] &&
			((w->m[i] <= lower[i] && w->g[i] < 0) || (w->m[i] >= upper[i] && w->g[i] > 0));
	}
}

/* Column j of H by a central difference, one-sided at a bound. */
static enum kr_status curvature(struct work *w, int j, struct mat H)
{
	double keep = w->m[j], f, g, above, below;
	enum kr_status status;

	above = fmin(keep + step, w->posterior.upper[j]);
	below = fmax(keep - step, w->posterior.lower[j]);
	w->m[j] = above;
	status = evaluate(w, w->m, &f, w->up);
	w->m[j] = below;
	if (status == KR_OK)
		status = evaluate(w, w->m, &g, w->down);
	w->m[j] = keep;
	for (int i = 0; status == KR_OK && i < w->size; i++) {
		bool apart = w->fixed[i] || (i != j && (w->bound[i] || w->bound[j]));

		if (!apart && isfinite(f + g))
			*mat_at(H, i, j) = (w->down[i] - w->up[i]) / (above - below);
	}
	return status;
}

static enum kr_status hessian(struct work *w, struct mat H)
{
	for (int j = 0; j < w->size; j++) {
		enum kr_status status = KR_OK;

		for (int i = 0; i < w->size; i++)
			*mat_at(H, i, j) = i == j;
		if (!w->fixed[j])
			status = curvature(w, j, H);
		if (status != KR_OK)
			return status;
	}
	for (int j = 0; j < w->size; j++)
		for (int i = j + 1; i < w->size; i++)
			*mat_at(H, i, j) = 0.5 * (*mat_at(H, i, j) + *mat_at(H, j, i));
	return KR_OK;
}

/* R <- factor of H, with as much added to the diagonal as it takes, in parts of the curvature of a
 * distribution as wide as the room. False when there is none. */
static bool factor(const struct work *w, struct mat H, struct mat R)
{
	double part = 0;

	for (int rung = 0; rung < LADDER; rung++) {
		for (int j = 0; j < w->size; j++) {
			double room = fmin(w->posterior.upper[j] - w->posterior.lower[j], 20);

			for (int i = j; i < w->size; i++)
				*mat_at(R, i, j) = *mat_at(H, i, j);
			*mat_at(R, j, j) += w->fixed[j] ? 0 : part * 12 / (room * room);
		}
		if (chol_in_place(R))
			return true;
		part = fmax(4 * part, 0.1);
	}
	return false;
}

/* ln of the part of coordinate i's Gaussian, centre m + H^-1 g, that is within the bounds. */
static double log_mass(const struct work *w, struct mat R, int i)
{
	double variance, sd, centre = w->m[i] + w->up[i];

	memset(w->z, 0, sizeof(double) * (size_t)w->size);
	w->z[i] = 1;
	blas_trsm(false, R, mat_view(w->z, w->size, 1, w->size));
	variance = blas_dot(w->size, w->z, w->z);
	sd = sqrt(variance);
	return special_log_cdf_between(
		(w->posterior.lower[i] - centre) / sd, (w->posterior.upper[i] - centre) / sd, NULL, NULL);
}

/* From R, m and g. */
static double integrate(struct work *w, struct mat R, double f)
{
	int size = w->size;
	double sum = f, *newton = w->up;

	for (int i = 0; i < size; i++)
		newton[i] = w->fixed[i] ? 0 : w->g[i];
	blas_trsm(false, R, mat_view(newton, size, 1, size));
	sum += 0.5 * blas_dot(size, newton, newton) - 0.5 * chol_logdet(R);
	blas_trsm(true, R, mat_view(newton, size, 1, size));
	for (int i = 0; i < size; i++)
		if (!w->fixed[i])
			sum += 0.5 * ln_2pi + log_mass(w, R, i);
	return sum;
}

static bool allocate(struct work *w, int size, struct arena *a)
{
	size_t n = (size_t)size;
	double *at = ARENA_ARRAY(a, double, 5 * n);
	bool *flags = ARENA_ARRAY(a, bool, 2 * n);

	*w = (struct work){.size = size};
	if (!at || !flags)
		return false;
	w->m = at;
	w->g = at + n;
	w->up = at + 2 * n;
	w->down = at + 3 * n;
	w->z = at + 4 * n;
	w->fixed = flags;
	w->bound = flags + n;
	return true;
}

/* w->m <- the mode of the posterior as a density of theta, uphill of theta. */
static enum kr_status climb(struct work *w, const struct gp_data *data,
	const struct gp_prior *prior, const double *theta, struct gp_laplace *out, struct arena *a)
{
	struct gp_fit_result fit;
	enum kr_status status;

	memcpy(w->m, theta, sizeof(double) * (size_t)w->size);
	status = gp_fit_to(data, prior, tolerance, MAX_EVALUATIONS, w->m, &fit, a, w->err);
	out->log_posterior = fit.log_posterior;
	w->evaluations = fit.evaluations;
	return status;
}

enum kr_status gp_laplace(struct gp_laplace *out, const struct gp_data *data,
	const struct gp_prior *prior, const double *theta, struct arena *a, struct kr_error *err)
{
	size_t size = (size_t)prior->size;
	double *matrices = ARENA_ARRAY(a, double, 2 * size * size);
	struct mat H = mat_view(matrices, prior->size, prior->size, prior->size), R = H;
	struct gp_prior of_theta;
	struct work w;
	enum kr_status status;

	*out = (struct gp_laplace){.log_evidence = -INFINITY};
	if (!matrices || !allocate(&w, prior->size, a))
		return kr_fail(err, KR_ENOMEM, "evidence with %d hyperparameters", prior->size);
	w.err = err;
	R.p = matrices + size * size;
	status = gp_prior_of_theta(&of_theta, prior, a, err);
	if (status == KR_OK)
		status = climb(&w, data, &of_theta, theta, out, a);
	if (status == KR_OK)
		status = gp_posterior_init(&w.posterior, data, &of_theta, a, err);
	if (status == KR_OK)
		status = evaluate(&w, w.m, &out->log_posterior, w.g);
	out->theta = w.m;
	out->R = R;
	out->lower = w.posterior.lower;
	out->upper = w.posterior.upper;
	if (status != KR_OK || out->log_posterior == -INFINITY)
		return status;
	look_at_bounds(&w);
	status = hessian(&w, H);
	out->evaluations = w.evaluations;
	if (status == KR_OK && factor(&w, H, R))
		out->log_evidence = integrate(&w, R, out->log_posterior);
	return status;
}

void gp_laplace_draw(const struct gp_laplace *l, struct rng *r, double *theta)
{
	int size = l->R.rows;

	for (int i = 0; i < size; i++)
		theta[i] = rng_normal(r);
	blas_trsm(true, l->R, mat_view(theta, size, 1, size)); /* covariance H^-1 */
	for (int i = 0; i < size; i++)
		theta[i] = fmin(fmax(l->theta[i] + theta[i], l->lower[i]), l->upper[i]);
}

/* ---- structures ---------------------------------------------------------------- */

enum kr_status gp_structure_evidence(struct gp_laplace *out, const struct gp_data *data,
	const struct gp_structure *structure, struct arena *a, struct kr_error *err)
{
	struct gp_data with = *data;
	struct gp_prior prior;
	struct gp_fit_result fit;
	double *theta;
	enum kr_status status;

	with.kernel = structure->kernel;
	with.warp = structure->warp;
	status = with.warp ? gp_prior_warped(&prior, with.kernel, with.d, with.categorical, a, err)
					   : gp_prior_default(&prior, with.kernel, with.d, a, err);
	if (status != KR_OK)
		return status;
	theta = ARENA_ARRAY(a, double, prior.size);
	if (!theta)
		return kr_fail(err, KR_ENOMEM, "fit of %d hyperparameters", prior.size);
	status = gp_fit_best(&with, &prior, NULL, theta, &fit, a, err);
	if (status != KR_OK)
		return status;
	return gp_laplace(out, &with, &prior, theta, a, err);
}

enum kr_status gp_structure_choose(const struct gp_data *data,
	const struct gp_structure *structures, int n, double margin, double *log_evidence, int *best,
	struct arena *scratch, struct kr_error *err)
{
	*best = 0;
	for (int i = 0; i < n; i++) {
		struct arena_mark mark = arena_mark(scratch);
		struct gp_laplace l = {0};
		enum kr_status status = gp_structure_evidence(&l, data, &structures[i], scratch, err);

		arena_release(scratch, mark);
		if (status != KR_OK)
			return status;
		log_evidence[i] = l.log_evidence;
		if (i > 0 && log_evidence[i] > log_evidence[*best] + margin)
			*best = i;
	}
	return KR_OK;
}
