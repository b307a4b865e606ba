/* Step size: dual averaging (Hoffman & Gelman 2014, alg. 6). Metric: the inverse
 * curvature at the start, and half way through the warm-up the covariance of its
 * draws, shrunk as in Stan. */
#include <math.h>

#include "gp/linalg/blas.h"
#include "gp/linalg/chol.h"
#include "gp/sample/nuts_internal.h"

/* Of dual averaging: the names and values of the paper (gamma is shrinkage). */
static const double target = 0.8, shrinkage = 0.05, t0 = 10, kappa = 0.75;

/* The metric is no longer than this^-1/2 along any line. */
static const double least_curvature = 0.1;

size_t nuts_size(int p)
{
	return NUTS__SCALARS + 2 * (size_t)p + 2 * (size_t)p * (size_t)p;
}

struct nuts__chain nuts__view(int p, double *at)
{
	struct nuts__chain c = {.p = p, .transitions = at, .n_warmup = at + 1, .step = at + 2};
	double *vectors = at + NUTS__SCALARS, *matrices = vectors + 2 * (size_t)p;

	c.h = at + 3;
	c.log_mean = at + 4;
	c.n_adapted = at + 5;
	c.mu = at + 6;
	c.n_seen = at + 7;
	c.u = vectors;
	c.mean = vectors + p;
	c.L = mat_view(matrices, p, p, p);
	c.M = mat_view(matrices + (size_t)p * (size_t)p, p, p, p);
	return c;
}

void nuts__restart_step(const struct nuts__chain *c, double step)
{
	*c->step = step;
	*c->mu = log(10 * step);
	*c->h = *c->log_mean = *c->n_adapted = 0;
}

static void adapt_step(const struct nuts__chain *c, double acceptance)
{
	double t = ++*c->n_adapted, weight = pow(t, -kappa), log_step;

	*c->h += (target - acceptance - *c->h) / (t + t0);
	log_step = *c->mu - sqrt(t) / shrinkage * *c->h;
	*c->log_mean = weight * log_step + (1 - weight) * *c->log_mean;
	*c->step = exp(log_step);
}

/* Mean and scatter of the draws (Welford 1962). */
static void see(const struct nuts__chain *c)
{
	double n = ++*c->n_seen;

	for (int j = 0; j < c->p; j++)
		for (int i = j; i < c->p; i++)
			*mat_at(c->M, i, j) += (c->u[i] - c->mean[i]) * (c->u[j] - c->mean[j]) * (n - 1) / n;
	for (int i = 0; i < c->p; i++)
		c->mean[i] += (c->u[i] - c->mean[i]) / n;
}

/* L <- factor of the covariance seen, shrunk as by Stan towards the metric so far. */
static void learn_metric(const struct nuts__chain *c, struct mat S)
{
	double n = *c->n_seen, weight = n / (n + 5 + c->p);

	blas_syrk(false, 1 - weight, c->L, 0, S);
	for (int j = 0; j < c->p; j++)
		for (int i = j; i < c->p; i++)
			*mat_at(S, i, j) += weight * *mat_at(c->M, i, j) / (n - 1);
	if (!chol_in_place(S))
		return; /* the metric so far stays */
	for (int j = 0; j < c->p; j++)
		for (int i = j; i < c->p; i++)
			*mat_at(c->L, i, j) = *mat_at(S, i, j);
}

void nuts__adapt(const struct nuts__chain *c, double acceptance, struct mat S)
{
	double t = *c->transitions, half = floor(*c->n_warmup / 2);

	adapt_step(c, acceptance);
	if (t > floor(half / 4) && t <= half)
		see(c);
	if (t == half && *c->n_seen > 2) {
		learn_metric(c, S);
		nuts__restart_step(c, exp(*c->log_mean));
	}
	if (t == *c->n_warmup)
		*c->step = exp(*c->log_mean);
}

void nuts__invert_curvature(struct mat A, struct mat L)
{
	int p = A.rows;

	for (double ridge = least_curvature; ridge < 1e12; ridge *= 4) {
		for (int j = 0; j < p; j++)
			for (int i = 0; i < p; i++)
				*mat_at(L, i, j) = i < j ? 0 : *mat_at(A, i, j) + (i == j ? ridge : 0);
		if (chol_in_place(L) && blas_potri(L) == 0 && chol_in_place(L))
			return;
	}
	for (int j = 0; j < p; j++)
		for (int i = 0; i < p; i++)
			*mat_at(L, i, j) = i == j;
}
