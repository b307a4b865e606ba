/* Legend: g_i ln noise variance at observation i; v_i the whole leave-one-out variance and
 * z_i = (y_i - mean_-i) / sqrt(v_i); t_i what the second process learns from.
 *
 * z_i^2 is chi-squared with one degree of freedom when the model is right, so ln z_i^2 has mean
 * -1.27 and the long left tail of residuals that happen to be near 0. With w = max(z^2, c) the
 * tail is cut off, and one step of scoring for g is
 *   t_i = g_i + (ln w_i - E ln w) / P,  P = Pr(z^2 > c), the slope of E ln w in g,
 * an observation of g with variance Var(ln w) / P^2.
 *
 * A row of r replicates has more to say: z_i^2 of its mean plus the spread in units of its noise is
 * chi-squared with r degrees of freedom, its logarithm has mean psi(r/2) + ln 2 and variance
 * psi_1(r/2), and no tail worth cutting. */
#include "gp/noise/heteroskedastic.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/calibration.h"

enum { ROUNDS = 4 };

/* c, and E ln w, P and Var(ln w) for it: integrals over the normal density. */
static const double cut = 0.05, mean_ln_w = -0.91452476122334091;
static const double above_cut = 0.82306327375812153, var_ln_w = 2.1542958776117585;

/* Replicates that agree to the bit say no less than this. */
static const double least_z2 = 1e-8;

/* ln noise stays within 1e-8 and 100, in outcomes of variance 1. */
static const double least_ln = -18.420680743952367, most_ln = 4.6051701859880918;

/* What a round leaves; the best one is kept. */
struct field {
	double *theta, *level_theta; /* gp_theta_size */
	double *target, *doubt;      /* n: t, and its variance */
	double *ln_noise, *left_out; /* n: g, and g without the observation's own residual */
	double *noise;               /* n: known + exp g */
	double density;              /* mean leave-one-out log density */
};

struct rounds {
	const struct gp_data *data; /* as given */
	struct gp_prior noiseless;  /* of the first process: no noise but that of the second */
	struct gp_prior prior;      /* of the second */
	struct arena *a;
	struct gp *model, *level;
	double *mean, *var, *z2, *scored, *honest; /* n */
	int evaluations;
};

static enum kr_status no_memory(const struct rounds *r, struct kr_error *err)
{
	kr_fail(err, KR_ENOMEM, "noise of %d observations", r->data->n);
	return KR_ENOMEM;
}

static bool field_init(struct field *f, const struct rounds *r)
{
	int n = r->data->n, size = gp_theta_size(r->data);

	*f = (struct field){.theta = ARENA_ARRAY(r->a, double, size),
		.level_theta = ARENA_ARRAY(r->a, double, size),
		.target = ARENA_ARRAY(r->a, double, n),
		.doubt = ARENA_ARRAY(r->a, double, n),
		.ln_noise = ARENA_ARRAY(r->a, double, n),
		.left_out = ARENA_ARRAY(r->a, double, n),
		.noise = ARENA_ARRAY(r->a, double, n),
		.density = -INFINITY};
	return f->theta && f->level_theta && f->target && f->doubt && f->ln_noise && f->left_out &&
		f->noise;
}

static void field_copy(struct field *to, const struct field *from, const struct rounds *r)
{
	size_t n = sizeof(double) * (size_t)r->data->n;
	size_t size = sizeof(double) * (size_t)gp_theta_size(r->data);

	memcpy(to->theta, from->theta, size);
	memcpy(to->level_theta, from->level_theta, size);
	memcpy(to->target, from->target, n);
	memcpy(to->doubt, from->doubt, n);
	memcpy(to->ln_noise, from->ln_noise, n);
	memcpy(to->left_out, from->left_out, n);
	memcpy(to->noise, from->noise, n);
	to->density = from->density;
}

/* ---- the first process ----------------------------------------------------------------- */

/* The noise variances that others predict for each row: those of f, or those of data. */
static struct gp_data honest_data(
	struct rounds *r, const struct gp_data *data, const struct field *f)
{
	struct gp_data honest = *data;

	for (int i = 0; f && i < data->n; i++)
		r->honest[i] = (r->data->noise ? r->data->noise[i] : 0) + exp(f->left_out[i]);
	if (f)
		honest.noise = r->honest;
	return honest;
}

/* Leave-one-out with theta; z2, and the density of rows and of the replicates within them, with the
 * noise that others predict. */
static enum kr_status look(struct rounds *r, const struct gp_data *data, const double *theta,
	const struct field *f, double *density, struct kr_error *err)
{
	struct gp_data honest = honest_data(r, data, f);
	struct gp_calibration score;
	double within = 0;
	enum kr_status status = gp_condition(r->model, data, theta, r->a, err);

	if (status == KR_OK)
		status = gp_loo(r->model, data->y, r->mean, r->var, r->a, err);
	if (status != KR_OK)
		return status;
	for (int i = 0; i < data->n; i++) {
		double miss = data->y[i] - r->mean[i], count = likelihood_count(data, i);
		double noise = likelihood_noise(data, theta, i);

		r->z2[i] = miss * miss / r->var[i];
		if (count > 1 && noise > 0)
			r->z2[i] += data->spread[i] / (noise * count);
		r->scored[i] = r->var[i] + likelihood_noise(&honest, theta, i) - noise;
		within += likelihood_within(&honest, theta, i, NULL);
	}
	status = gp_calibration_score(data->n, data->y, r->mean, r->scored, &score, err);
	*density = score.log_density + within / data->n;
	return status;
}

/* ---- the second process ---------------------------------------------------------------- */

static struct gp_data level_data(const struct rounds *r, const struct field *f)
{
	struct gp_data data = *r->data;

	data.y = f->target;
	data.noise = f->doubt;
	data.mean = NULL;
	data.count = data.spread = NULL;
	return data;
}

static double bounded(double ln_noise)
{
	return fmin(fmax(ln_noise, least_ln), most_ln);
}

/* g, with and without the own residual, from the level conditioned on the targets. */
static enum kr_status read_level(struct rounds *r, struct field *f, struct kr_error *err)
{
	struct gp_data data = level_data(r, f);
	struct arena_mark mark = arena_mark(r->a);
	struct gp_batch batch;
	enum kr_status status = gp_condition(r->level, &data, f->level_theta, r->a, err);

	if (status == KR_OK)
		status = gp_loo(r->level, f->target, f->left_out, r->scored, r->a, err);
	if (status == KR_OK)
		status = gp_predict(r->level, data.X, false, &batch, r->a, err);
	for (int i = 0; status == KR_OK && i < data.n; i++) {
		f->ln_noise[i] = bounded(batch.mean.p[i]);
		f->left_out[i] = bounded(f->left_out[i]);
	}
	arena_release(r->a, mark);
	return status;
}

/* t of a row of r replicates, and its variance. */
static double target(double g, double z2, int r, double *doubt)
{
	static const double euler = 0.57721566490153286;
	double x = r % 2 ? 0.5 : 1, psi = r % 2 ? -euler - 2 * M_LN2 : -euler;
	double psi1 = r % 2 ? M_PI * M_PI / 2 : M_PI * M_PI / 6;

	if (r == 1) {
		*doubt = var_ln_w / (above_cut * above_cut);
		return g + (log(fmax(z2, cut)) - mean_ln_w) / above_cut;
	}
	for (; x + 0.5 < 0.5 * r; x++) { /* psi(x + 1) = psi(x) + 1 / x, psi_1 less 1 / x^2 */
		psi += 1 / x;
		psi1 -= 1 / (x * x);
	}
	*doubt = psi1;
	return g + log(fmax(z2, least_z2)) - psi - M_LN2;
}

/* Log likelihood of the targets around one level. */
static double constant_likelihood(const struct field *f, int n)
{
	double top = 0, bottom = 0, sum = 0;

	for (int i = 0; i < n; i++) {
		top += f->target[i] / f->doubt[i];
		bottom += 1 / f->doubt[i];
	}
	for (int i = 0; i < n; i++) {
		double off = f->target[i] - top / bottom;

		sum += off * off / f->doubt[i] + log(2 * M_PI * f->doubt[i]);
	}
	return -0.5 * sum;
}

/* Does a level that varies explain the targets better than one that does not? */
static enum kr_status varies(
	struct rounds *r, const struct field *f, bool *yes, struct kr_error *err)
{
	struct gp_data data = level_data(r, f);
	double lml;
	enum kr_status status = gp_lml(&data, f->level_theta, &lml, NULL, NULL, r->a, err);

	*yes = status == KR_OK && lml - constant_likelihood(f, data.n) > GP_HETEROSKEDASTIC_GAIN;
	return status;
}

/* g <- what the squared residuals of the last look say. False in *yes: one level says it as well;
 * asked in the first round only, whose targets nothing has been chosen from. */
static enum kr_status learn(
	struct rounds *r, struct field *f, bool first, bool *yes, struct kr_error *err)
{
	struct gp_data data = level_data(r, f);
	struct gp_fit_result fit;
	enum kr_status status;

	for (int i = 0; i < data.n; i++)
		f->target[i] = target(
			f->ln_noise[i], r->z2[i], (int)likelihood_count(r->data, i), f->doubt + i);
	status = gp_fit_best(
		&data, &r->prior, first ? NULL : f->level_theta, f->level_theta, &fit, r->a, err);
	if (status != KR_OK)
		return status;
	r->evaluations += fit.evaluations;
	*yes = isfinite(fit.log_posterior);
	if (first && *yes)
		status = varies(r, f, yes, err);
	return status == KR_OK && *yes ? read_level(r, f, err) : status;
}

/* ---- rounds --------------------------------------------------------------------------------- */

/* f <- another round from f: the level, then the first process with the noise it says. False in
 * *more: there is nothing to learn. */
static enum kr_status round_of(
	struct rounds *r, struct field *f, bool first, bool *more, struct kr_error *err)
{
	struct gp_data data = *r->data;
	struct gp_fit_result fit;
	enum kr_status status = learn(r, f, first, more, err);

	if (status != KR_OK || !*more)
		return status;
	for (int i = 0; i < data.n; i++)
		f->noise[i] = (r->data->noise ? r->data->noise[i] : 0) + exp(f->ln_noise[i]);
	data.noise = f->noise;
	status = gp_fit_best(&data, &r->noiseless, f->theta, f->theta, &fit, r->a, err);
	if (status != KR_OK)
		return status;
	r->evaluations += fit.evaluations;
	*more = isfinite(fit.log_posterior);
	return *more ? look(r, &data, f->theta, f, &f->density, err) : KR_OK;
}

/* best <- the best round; homoskedastic: the density without any. */
static enum kr_status alternate(struct rounds *r, const double *theta, struct field *best,
	double *constant, struct kr_error *err)
{
	int n = r->data->n, last = gp_theta_size(r->data) - 1;
	struct field now;
	enum kr_status status;
	bool more = true;

	if (!field_init(&now, r) || !field_init(best, r))
		return no_memory(r, err);
	memcpy(now.theta, theta, sizeof(double) * (size_t)(last + 1));
	now.theta[last] = -INFINITY;
	for (int i = 0; i < n; i++)
		now.ln_noise[i] = bounded(theta[last]);
	status = look(r, r->data, theta, NULL, constant, err);
	for (int round = 0; status == KR_OK && more && round < ROUNDS; round++) {
		status = round_of(r, &now, round == 0, &more, err);
		if (status == KR_OK && more && now.density > best->density)
			field_copy(best, &now, r);
	}
	return status;
}

static enum kr_status copy_prior(
	struct gp_prior *to, const struct gp_prior *from, struct rounds *r, struct kr_error *err)
{
	*to = *from;
	to->term = arena_memdup(r->a, from->term, sizeof(*from->term) * (size_t)from->size);
	if (!to->term)
		return no_memory(r, err);
	gp_prior_fix(gp_prior_noise(to), 0);
	return KR_OK;
}

static enum kr_status rounds_init(
	struct rounds *r, const struct gp_prior *prior, struct kr_error *err)
{
	int n = r->data->n, d = r->data->d;
	enum kr_status status = copy_prior(&r->noiseless, prior, r, err);

	if (status == KR_OK)
		status = copy_prior(&r->prior, prior, r, err);
	if (status != KR_OK)
		return status;
	for (int i = 0; i < r->prior.size; i++) /* smooth until the residuals say otherwise */
		if (r->prior.term[i].lengthscale && r->prior.term[i].shape == GP_PRIOR_LOGNORMAL)
			r->prior.term[i].shape = GP_PRIOR_LOGNORMAL_LN;
	r->model = gp_new(n, d, 1);
	r->level = gp_new(n, d, 1);
	r->mean = ARENA_ARRAY(r->a, double, n);
	r->var = ARENA_ARRAY(r->a, double, n);
	r->z2 = ARENA_ARRAY(r->a, double, n);
	r->scored = ARENA_ARRAY(r->a, double, n);
	r->honest = ARENA_ARRAY(r->a, double, n);
	if (r->model && r->level && r->mean && r->var && r->z2 && r->scored && r->honest)
		return KR_OK;
	return no_memory(r, err);
}

/* Keep the best round if it is worth it: the level is conditioned on what it saw. */
static enum kr_status settle(struct rounds *r, struct field *best, double *theta,
	struct gp_heteroskedastic *out, struct kr_error *err)
{
	enum kr_status status;

	out->evaluations = r->evaluations;
	if (!((best->density - out->homoskedastic) * r->data->n > GP_HETEROSKEDASTIC_GAIN))
		return KR_OK;
	status = read_level(r, best, err);
	if (status != KR_OK)
		return status;
	out->kept = true;
	out->noise = best->noise;
	out->log_density = best->density;
	out->level = r->level;
	r->level = NULL;
	memcpy(theta, best->theta, sizeof(*theta) * (size_t)gp_theta_size(r->data));
	return KR_OK;
}

enum kr_status gp_heteroskedastic_fit(const struct gp_data *data, const struct gp_prior *prior,
	double *theta, struct gp_heteroskedastic *out, struct arena *a, struct kr_error *err)
{
	struct rounds r = {.data = data, .a = a};
	struct field best = {.density = -INFINITY};
	enum kr_status status = rounds_init(&r, prior, err);

	*out = (struct gp_heteroskedastic){.noise = data->noise};
	out->constant = exp(theta[gp_theta_size(data) - 1]);
	if (status == KR_OK && data->n < GP_HETEROSKEDASTIC_LEAST)
		status = look(&r, data, theta, NULL, &out->homoskedastic, err);
	else if (status == KR_OK)
		status = alternate(&r, theta, &best, &out->homoskedastic, err);
	out->log_density = out->homoskedastic;
	if (status == KR_OK && data->n >= GP_HETEROSKEDASTIC_LEAST)
		status = settle(&r, &best, theta, out, err);
	gp_free(r.model);
	gp_free(r.level);
	if (status != KR_OK)
		*out = (struct gp_heteroskedastic){0};
	return status;
}

void gp_heteroskedastic_fini(struct gp_heteroskedastic *h)
{
	gp_free(h->level);
	h->level = NULL;
}

enum kr_status gp_heteroskedastic_noise(const struct gp_heteroskedastic *h, struct mat X,
	double *var, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct gp_batch batch;
	enum kr_status status = KR_OK;

	if (h->level)
		status = gp_predict(h->level, X, false, &batch, scratch, err);
	for (int i = 0; status == KR_OK && i < X.rows; i++)
		var[i] = h->level ? exp(bounded(batch.mean.p[i])) : h->constant;
	arena_release(scratch, mark);
	return status;
}
