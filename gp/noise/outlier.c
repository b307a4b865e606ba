/* Happy path of a round:
 *   suspects  |z_i| > 4 s, s = 1.4826 median |z|, at least 1/4: an outlier that made the fit
 *             noisy makes all z small, its own too
 *   rho       from leave-one-out, for all flagged
 *   refit     theta given rho, rho given theta, theta again
 *   accept    when log posterior - penalty grew
 * Outliers can also bend the fit until it believes some of them, so that once anything is
 * suspected the rounds are also run from a smooth model, the usual start of a fit. */
#include "gp/noise/outlier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 4 };

/* Of the robust scale, and what makes a median a deviation. */
static const double least_scale = 0.25, median_to_sd = 1.4826;

/* A variance less the part of it that an outlier was given keeps this much: the rest is rounding. */
static const double least_part = 1e-12;

struct state {
	int flagged;
	unsigned char *flag; /* n */
	double *rho;         /* n, 0 where not flagged */
	double *noise;       /* n: known + rho */
	double *theta;
	double value; /* log posterior - penalty */
};

struct pass {
	const struct gp_data *data;
	const struct gp_prior *prior;
	struct arena *a;
	struct gp *g;
	double *mean, *var; /* leave-one-out of the state looked at last */
	double *starts;
	struct suspect *suspects; /* n */
	bool suspected;
	double plain; /* log posterior without flags, once anything was suspected */
	int evaluations;
};

struct suspect {
	int row;
	double z; /* |z| */
};

static size_t theta_size(const struct pass *p)
{
	return (size_t)gp_theta_size(p->data);
}

static bool state_init(const struct pass *p, struct state *s)
{
	int n = p->data->n;

	s->flag = ARENA_ARRAY(p->a, unsigned char, n);
	s->rho = ARENA_ARRAY(p->a, double, n);
	s->noise = ARENA_ARRAY(p->a, double, n);
	s->theta = ARENA_ARRAY(p->a, double, theta_size(p));
	return s->flag && s->rho && s->noise && s->theta;
}

static void state_copy(const struct pass *p, struct state *to, const struct state *from)
{
	size_t n = (size_t)p->data->n;

	to->flagged = from->flagged;
	to->value = from->value;
	memcpy(to->flag, from->flag, n);
	memcpy(to->rho, from->rho, n * sizeof(double));
	memcpy(to->noise, from->noise, n * sizeof(double));
	memcpy(to->theta, from->theta, theta_size(p) * sizeof(double));
}

/* The data with the variances of s; without any when there are none to add. */
static struct gp_data data_of(const struct pass *p, const struct state *s)
{
	struct gp_data data = *p->data;

	if (s->flagged)
		data.noise = s->noise;
	return data;
}

static enum kr_status leave_one_out(struct pass *p, const struct state *s, struct kr_error *err)
{
	struct gp_data data = data_of(p, s);
	enum kr_status status = gp_condition(p->g, &data, s->theta, p->a, err);

	if (status != KR_OK)
		return status;
	return gp_loo(p->g, data.y, p->mean, p->var, p->a, err);
}

static double log_factorial(int n)
{
	int sign; /* lgamma keeps it in a global */

	return lgamma_r(n + 1.0, &sign);
}

/* ln C(n, k) + 3 k. */
static double penalty(int n, int k)
{
	return log_factorial(n) - log_factorial(k) - log_factorial(n - k) + GP_OUTLIER_PENALTY * k;
}

/* What a variance of its own gains for an observation that the others miss by z deviations:
 * ln N(z; 0, z^2) - ln N(z; 0, 1). */
static double worth(double z2)
{
	return z2 > 1 ? 0.5 * (z2 - 1 - log(z2)) : 0;
}

/* rho of the flagged <- what explains them best; the flags that are not worth `least` nats go. */
static void explain(const struct pass *p, struct state *s, double least)
{
	for (int i = 0; i < p->data->n; i++) {
		double miss = p->data->y[i] - p->mean[i];
		double var = fmax(p->var[i] - s->rho[i], least_part * p->var[i]);

		if (!s->flag[i])
			continue;
		s->rho[i] = fmax(0, miss * miss - var);
		if (s->rho[i] == 0 || worth(miss * miss / var) < least) {
			s->rho[i] = 0;
			s->flag[i] = 0;
			s->flagged--;
		}
	}
	for (int i = 0; i < p->data->n; i++)
		s->noise[i] = (p->data->noise ? p->data->noise[i] : 0) + s->rho[i];
}

/* theta and value of s <- the best optimum from its theta and the usual starts. */
static enum kr_status refit(struct pass *p, struct state *s, struct kr_error *err)
{
	struct gp_data data = data_of(p, s);
	struct gp_fit_result result;
	enum kr_status status = gp_fit_best(&data, p->prior, s->theta, s->theta, &result, p->a, err);

	if (status != KR_OK)
		return status;
	p->evaluations += result.evaluations;
	s->value = result.log_posterior - penalty(data.n, s->flagged);
	return KR_OK;
}

static int by_z(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;

	if (x->z != y->z)
		return x->z > y->z ? -1 : 1;
	return x->row - y->row;
}

/* Flag what the predictions miss by far, the worst first, up to the cap; how many are new. */
static int suspect(struct pass *p, struct state *s)
{
	int n = p->data->n, most = (int)(GP_OUTLIER_MOST * n) - s->flagged, found = 0;
	struct suspect *list = p->suspects;
	double scale;

	for (int i = 0; i < n; i++)
		list[i] = (struct suspect){i, fabs(p->data->y[i] - p->mean[i]) / sqrt(p->var[i])};
	qsort(list, (size_t)n, sizeof(*list), by_z);
	scale = fmax(median_to_sd * list[n / 2].z, least_scale);
	for (int i = 0; i < n && found < most && list[i].z > GP_OUTLIER_Z * scale; i++) {
		if (s->flag[list[i].row] || likelihood_count(p->data, list[i].row) > 1)
			continue;
		s->flag[list[i].row] = 1;
		s->flagged++;
		found++;
	}
	return found;
}

/* s <- s with more flags, fitted twice: the second time only with those that still pay for
 * themselves when the others no longer bend the model. False in *more: there was none to add, or
 * none is left. */
static enum kr_status extend(struct pass *p, struct state *s, bool *more, struct kr_error *err)
{
	int n = p->data->n;
	enum kr_status status = leave_one_out(p, s, err);

	*more = status == KR_OK && suspect(p, s) > 0;
	for (int step = 0; *more && step < 2; step++) {
		if (step > 0)
			status = leave_one_out(p, s, err);
		if (status != KR_OK)
			return status;
		explain(p, s, step > 0 ? penalty(n, s->flagged) - penalty(n, s->flagged - 1) : 0);
		*more = s->flagged > 0;
		if (*more)
			status = refit(p, s, err);
		if (status != KR_OK)
			return status;
		*more = *more && s->value > -INFINITY;
	}
	return status;
}

/* best <- the best of a few rounds that begin at trial, if it is better. */
static enum kr_status pursue(
	struct pass *p, struct state *trial, struct state *best, struct kr_error *err)
{
	for (int round = 0; round < ROUNDS; round++) {
		bool more;
		enum kr_status status = extend(p, trial, &more, err);

		if (status == KR_OK && more && !p->suspected) { /* what it is compared with */
			p->suspected = true;
			status = refit(p, best, err);
			p->plain = best->value;
		}
		if (status != KR_OK || !more || trial->value <= best->value)
			return status;
		state_copy(p, best, trial);
	}
	return KR_OK;
}

/* False when memory runs out. trial and best <- theta without flags. */
static bool pass_init(struct pass *p, struct state *trial, struct state *best, const double *theta)
{
	int n = p->data->n;

	p->g = gp_new(n, p->data->d, 1);
	p->mean = ARENA_ARRAY(p->a, double, n);
	p->var = ARENA_ARRAY(p->a, double, n);
	p->suspects = ARENA_ARRAY(p->a, struct suspect, n);
	p->starts = ARENA_ARRAY(p->a, double, theta_size(p) * GP_FIT_MAX_STARTS);
	if (!p->g || !p->mean || !p->var || !p->suspects || !p->starts || !state_init(p, trial) ||
		!state_init(p, best))
		return false;
	memcpy(trial->theta, theta, sizeof(*theta) * theta_size(p));
	state_copy(p, best, trial);
	return true;
}

/* Rounds from the fit, and from a smooth model when the fit has suspects. */
static enum kr_status look(
	struct pass *p, struct state *trial, struct state *best, struct kr_error *err)
{
	enum kr_status status = pursue(p, trial, best, err);
	size_t n = (size_t)p->data->n;

	if (status != KR_OK || !p->suspected)
		return status;
	trial->flagged = 0;
	memset(trial->flag, 0, n);
	memset(trial->rho, 0, n * sizeof(double));
	gp_fit_starts(p->prior, p->data->n, NULL, p->starts);
	memcpy(trial->theta, p->starts, sizeof(double) * theta_size(p));
	return pursue(p, trial, best, err);
}

enum kr_status gp_outlier_pass(const struct gp_data *data, const struct gp_prior *prior,
	double *theta, struct gp_outliers *out, struct arena *a, struct kr_error *err)
{
	struct pass p = {.data = data, .prior = prior, .a = a};
	struct state trial = {0}, best = {0};
	enum kr_status status = pass_init(&p, &trial, &best, theta)
		? look(&p, &trial, &best, err)
		: kr_fail(err, KR_ENOMEM, "outliers among %d observations", data->n);

	gp_free(p.g);
	if (status != KR_OK)
		return status;
	*out = (struct gp_outliers){
		.n_flagged = best.flagged,
		.flag = best.flag,
		.noise = best.flagged ? best.noise : data->noise,
		.evaluations = p.evaluations,
	};
	if (best.flagged) {
		out->gain = best.value - p.plain;
		memcpy(theta, best.theta, sizeof(*theta) * theta_size(&p));
	}
	return KR_OK;
}
