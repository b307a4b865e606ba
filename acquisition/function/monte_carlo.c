/* Legend: p = b + q points, f (p x S) the samples, a column each; df their adjoints. */
#include "acquisition/function/monte_carlo.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "acquisition/function/joint.h"
#include "gp/linalg/blas.h"
#include "gp/special/special.h"

static const double fatness = 0.1; /* weight of the Cauchy part of srelu */
static const double half_pi = 1.57079632679489661923;

static int largest(const double *x, int n)
{
	int best = 0;
	for (int i = 1; i < n; i++)
		if (x[i] > x[best])
			best = i;
	return best;
}

/* ---- softened functions ---------------------------------------------------------------- */

/* ln(1 + e^u), and e^u / (1 + e^u). */
static double softplus(double u, double *slope)
{
	double e = exp(-fabs(u));
	*slope = u > 0 ? 1 / (1 + e) : e / (1 + e);
	return (u > 0 ? u : 0) + log1p(e);
}

/* ln srelu(x) and its slope. Without fat tails ln ln(1 + e^u) = u - e^u / 2 + .. far below. */
static double log_srelu(double x, double tau, bool fat, double *slope)
{
	double u = x / tau, s, plus = softplus(u, &s), c = 1 / (1 + u * u), sum;

	if (fat) {
		sum = plus + fatness * c;
		*slope = (s - 2 * fatness * (u * c) * c) / sum / tau;
		return log(tau) + log(sum);
	}
	if (u < -36) {
		*slope = 1 / tau;
		return log(tau) + u;
	}
	*slope = s / plus / tau;
	return log(tau) + log(plus);
}

/* smax of l (q), and its slopes. With p(w) = 2 / (2 + 2 w + w^2), p' = -(1 + w) p^2. */
static double smax(const double *l, int q, double tau, bool fat, double *slope)
{
	int top = largest(l, q);
	double sum = 0, others = 0;

	for (int j = 0; j < q; j++) {
		double w = (l[top] - l[j]) / tau, p = fat ? 2 / (2 + w * (2 + w)) : exp(-w);

		slope[j] = fat ? (1 + w) * p * p : p;
		sum += p;
	}
	for (int j = 0; j < q; j++) {
		slope[j] /= sum;
		others += j == top ? 0 : slope[j];
	}
	slope[top] = 1 - others;
	return l[top] + tau * log(sum);
}

/* ---- one sample ------------------------------------------------------------------------ */

/* Of the kinds that are a mean over samples: u_s, and its slopes in f (q). */
static double plain(const struct monte_carlo *m, const double *f, int q, double best, double *df)
{
	int top = largest(f, q);
	bool ei = m->kind == MONTE_CARLO_EI;

	memset(df, 0, sizeof(double) * (size_t)q);
	if (ei && !(f[top] > best))
		return 0;
	df[top] = 1;
	return ei ? f[top] - best : f[top];
}

static double log_sample(
	const struct monte_carlo *m, const double *f, int q, double best, double *df, double *l)
{
	double value;

	for (int j = 0; j < q; j++)
		l[j] = log_srelu(f[j] - best, m->tau_relu, m->fat, &l[q + j]);
	value = smax(l, q, m->tau_max, m->fat, df);
	for (int j = 0; j < q; j++)
		df[j] *= l[q + j];
	return value;
}

/* ---- all samples ----------------------------------------------------------------------- */

/* F, dF (q x S): the points of the batch only; best (S). u: S scratch, l: 2 q scratch. */
static double average(const struct monte_carlo *m, struct mat F, const double *best, struct mat dF,
	double *u, double *l)
{
	bool log_ei = m->kind == MONTE_CARLO_LOG_EI;
	int q = F.rows, S = F.cols;
	double total = 0;

	for (int s = 0; s < S; s++) {
		const double *f = mat_col(F, s);

		u[s] = log_ei ? log_sample(m, f, q, best[s], mat_col(dF, s), l)
					  : plain(m, f, q, best[s], mat_col(dF, s));
		total += u[s] / S;
	}
	if (log_ei)
		total = special_log_sum_exp(u, S);
	for (int s = 0; s < S; s++)
		for (int j = 0; j < q; j++)
			*mat_at(dF, j, s) *= log_ei ? exp(u[s] - total) : 1.0 / S;
	return log_ei ? total - log(S) : total;
}

/* UCB: its centre a is made of all samples, so that slopes go through it too. a: 2 q scratch. */
static double average_ucb(const struct monte_carlo *m, struct mat F, struct mat dF, double *a)
{
	int q = F.rows, S = F.cols;
	double width = sqrt(m->beta * half_pi), total = 0, *da = a + q;

	memset(a, 0, sizeof(double) * 2 * (size_t)q);
	for (int s = 0; s < S; s++)
		for (int j = 0; j < q; j++)
			a[j] += *mat_at(F, j, s) / S;
	for (int s = 0; s < S; s++) {
		int top = 0;
		double best = -INFINITY;

		for (int j = 0; j < q; j++) {
			double v = a[j] + width * fabs(*mat_at(F, j, s) - a[j]);

			*mat_at(dF, j, s) = 0;
			if (v > best) {
				best = v;
				top = j;
			}
		}
		double slope = width * copysign(1.0 / S, *mat_at(F, top, s) - a[top]);

		*mat_at(dF, top, s) = slope;
		da[top] += (1.0 / S - slope) / S;
		total += best / S;
	}
	for (int s = 0; s < S; s++)
		for (int j = 0; j < q; j++)
			*mat_at(dF, j, s) += da[j];
	return total;
}

/* ---- one batch ------------------------------------------------------------------------- */

struct workspace {
	int b, q, d, S;
	struct mat P;         /* p x d: baseline and batch */
	struct mat F, dF;     /* p x S; dF is 0 at the baseline, which no x moves */
	double *best, *u, *l; /* S, S, 2 q */
	double *dmean;        /* p */
	struct mat dL, dcov;  /* p x p */
	struct mat D;         /* p x d */
};

static enum kr_status workspace_init(struct workspace *w, const struct monte_carlo *m, int width,
	struct arena *a, struct kr_error *err)
{
	int b = m->baseline.rows, p = m->Z.cols;

	*w = (struct workspace){.b = b, .q = p - b, .S = m->Z.rows};
	assert(w->S >= 1 && w->q >= 1 && width % w->q == 0);
	w->d = width / w->q;
	w->P = mat_new(a, p, w->d);
	w->F = mat_new(a, p, w->S);
	w->dF = mat_view(ARENA_ARRAY(a, double, (size_t)p *(size_t)w->S), p, w->S, p);
	w->best = ARENA_ARRAY(a, double, w->S);
	w->u = ARENA_ARRAY(a, double, w->S);
	w->l = ARENA_ARRAY(a, double, 2 * w->q);
	w->dmean = ARENA_ARRAY(a, double, p);
	w->dL = mat_new(a, p, p);
	w->dcov = mat_new(a, p, p);
	w->D = mat_new(a, p, w->d);
	if (!w->P.p || !w->F.p || !w->dF.p || !w->best || !w->u || !w->l || !w->dmean || !w->dL.p ||
		!w->dcov.p || !w->D.p)
		return kr_fail(err, KR_ENOMEM, "no memory for batches of %d points", w->q);
	for (int c = 0; c < w->d; c++)
		for (int i = 0; i < b; i++)
			*mat_at(w->P, i, c) = *mat_at(m->baseline, i, c);
	return KR_OK;
}

/* F <- mean + L Z', best <- the incumbent of each sample. */
static void sample(const struct monte_carlo *m, struct workspace *w, const struct joint *j)
{
	for (int s = 0; s < w->S; s++)
		memcpy(mat_col(w->F, s), j->batch.mean.p, sizeof(double) * (size_t)w->F.rows);
	blas_gemm(false, true, 1.0, j->L, m->Z, 1.0, w->F);
	for (int s = 0; s < w->S; s++) {
		const double *f = mat_col(w->F, s);

		w->best[s] = w->b > 0 ? f[largest(f, w->b)] : m->best;
	}
}

/* D <- the gradient: f = mean + L z. */
static enum kr_status send_back(const struct monte_carlo *m, struct workspace *w,
	const struct joint *j, struct arena *a, struct kr_error *err)
{
	for (int i = 0; i < w->dF.rows; i++) {
		w->dmean[i] = 0;
		for (int s = 0; s < w->S; s++)
			w->dmean[i] += *mat_at(w->dF, i, s);
	}
	blas_gemm(false, false, 1.0, w->dF, m->Z, 0.0, w->dL);
	joint_factor_adjoint(j, w->dL, w->dcov);
	return joint_adjoint(m->model, j, w->dmean, w->dcov, w->D, a, err);
}

/* Row i of X. */
static enum kr_status one_batch(const struct monte_carlo *m, struct workspace *w, struct mat X,
	int i, double *value, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct joint j;
	enum kr_status st;

	for (int k = 0; k < w->q; k++)
		for (int c = 0; c < w->d; c++)
			*mat_at(w->P, w->b + k, c) = *mat_at(X, i, k * w->d + c);
	st = joint_predict(m->model, w->P, D.p != NULL, &j, a, err);
	if (!st)
		st = joint_factor(&j, a, err);
	if (!st) {
		struct mat F = mat_block(w->F, w->b, 0, w->q, w->S);
		struct mat dF = mat_block(w->dF, w->b, 0, w->q, w->S);

		sample(m, w, &j);
		*value = m->kind == MONTE_CARLO_UCB ? average_ucb(m, F, dF, w->l)
											: average(m, F, w->best, dF, w->u, w->l);
	}
	if (!st && D.p)
		st = send_back(m, w, &j, a, err);
	for (int k = 0; !st && D.p && k < w->q; k++)
		for (int c = 0; c < w->d; c++)
			*mat_at(D, i, k * w->d + c) = *mat_at(w->D, w->b + k, c);
	arena_release(a, mark);
	return st;
}

enum kr_status monte_carlo_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct monte_carlo *m = ctx;
	struct arena_mark mark = arena_mark(scratch);
	struct workspace w;
	enum kr_status st = workspace_init(&w, m, X.cols, scratch, err);

	for (int i = 0; !st && i < X.rows; i++)
		st = one_batch(m, &w, X, i, &value[i], D, scratch, err);
	arena_release(scratch, mark);
	return st;
}
