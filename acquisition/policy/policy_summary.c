/* What the models look like from outside, and how well they predict: for people, never for a
 * suggestion. */
#include <math.h>
#include <stdio.h>

#include "acquisition/policy/policy_internal.h"

static bool has_fitted(const struct policy__metric *m)
{
	return m->fitted_here && m->base;
}

/* The next metric that was fitted here; n_metrics when there is none. Of labels, which are no
 * measurements, the scores would say nothing. */
static int next_to_calibrate(const struct policy *p)
{
	int k = p->n_calibrated;
	while (
		k < p->n_metrics && !(has_fitted(&p->metrics[k]) && p->metrics[k].kind != POLICY__SUCCESS))
		k++;
	return k;
}

bool policy__has_uncalibrated(const struct policy *p)
{
	return p->in.calibrate && next_to_calibrate(p) < p->n_metrics;
}

enum kr_status policy__calibrate(struct policy *p, bool *more, struct kr_error *err)
{
	int k = next_to_calibrate(p);
	struct policy__metric *m = &p->metrics[k];
	enum kr_status st = gp_calibrate(m->base, m->data.z, &m->calibration, p->arena, err);
	p->n_calibrated = k + 1;
	*more = policy__has_uncalibrated(p);
	return st == KR_ENOMEM ? st : KR_OK; /* scores beyond the largest double are none */
}

/* ---- the summary ------------------------------------------------------------- */

static double raw_mean(const struct policy__metric *m, double z)
{
	return m->kind == POLICY__SUCCESS ? z : outcome_raw_value(&m->outcome, z);
}

/* What was declared, or learnt: where outcomes are bent their deviation depends on where they are,
 * the objective's is that at its best. */
static double raw_noise(const struct policy *p, const struct policy__metric *m)
{
	double at = gp_mean(m->base), sd = sqrt(gp_noise(m->base));

	if (m->kind == POLICY__OBJECTIVE && p->in.has_noise_sd)
		return p->in.noise_sd;
	for (int i = 0; m->kind == POLICY__OBJECTIVE && i < m->data.m; i++)
		at = i == 0 ? m->data.z[i] : fmax(at, m->data.z[i]);
	return m->kind == POLICY__SUCCESS ? sd : outcome_raw_sd(&m->outcome, at, sd);
}

int policy__first_of(const struct policy *p, int i)
{
	int first = 0;
	if (!p->group)
		return i;
	while (p->group[first] != i)
		first++;
	return first;
}

int policy__observation(const struct policy *p, const struct policy__data *data, int row)
{
	return row < 0 || !data->rows ? -1 : policy__first_of(p, data->rows[row]);
}

/* How many observations the rows of a model stand for. */
static int observations(const struct policy__data *data)
{
	double sum = 0;
	for (int i = 0; data->count && i < data->m; i++)
		sum += data->count[i];
	return data->count ? (int)sum : data->m;
}

bool policy_model(const struct policy *p, int metric, struct policy_model *out)
{
	const struct policy__metric *m = metric < p->n_metrics ? &p->metrics[metric] : NULL;
	if (!m || !has_fitted(m))
		return false;
	*out = (struct policy_model){
		.kernel = policy__kernel_name(p),
		.lengthscale = gp_lengthscale(m->base),
		.outputscale = gp_scale(m->base),
		.noise_sd = raw_noise(p, m),
		.mean = raw_mean(m, gp_mean(m->base)),
		.n_model = observations(&m->data),
		.n_fit = observations(m->on_all ? &m->all : &m->fit_data),
		.has_log_posterior = isfinite(m->log_posterior),
		.log_posterior = isfinite(m->log_posterior) ? m->log_posterior : 0,
		.jitter = fmax(gp_jitter(m->base), m->jitter),
		.calibration = m->calibration,
		.worst = policy__observation(p, &m->data, m->calibration.n ? m->calibration.worst : -1),
	};
	if (m->kind == POLICY__SUCCESS)
		snprintf(out->transform, sizeof(out->transform), "1: a result, -1: it failed");
	else
		outcome_describe(&m->outcome, out->transform, sizeof(out->transform));
	return true;
}
