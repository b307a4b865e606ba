/* The state: [1, points at the fit, theta] of the objective; with more metrics [2, how
 * many, then points and theta of each, 0 points where nothing was fitted]. Anything else is
 * somebody else's, and ignored. Points are the observations; for success the failures too. */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

static const double format_one = 1, format_many = 2;

enum { REFIT_ALWAYS = 50 };

static const double refit_growth = 1.04; /* a refit every n / 25 observations */

double policy__known_points(const struct policy *p, const struct policy__metric *m)
{
	return m->kind == POLICY__SUCCESS ? p->in.n + p->in.n_failed + p->in.n_infeasible : p->in.n;
}

/* s: points and theta. */
static void read_metric(const struct policy *p, struct policy__metric *m, const double *s)
{
	int size = p->theta_size;
	if (!(s[0] >= 1 && s[0] <= policy__known_points(p, m)))
		return;
	for (int i = 0; i < size; i++)
		if (!isfinite(s[1 + i]) && !(m->known && i == size - 1))
			return;
	double *lower = m->starts, *upper = m->starts + size;
	gp_prior_bounds(&m->prior, lower, upper);
	for (int i = 0; i < size; i++)
		m->theta[i] = fmin(fmax(s[1 + i], lower[i]), upper[i]);
	m->n_fitted = s[0];
	m->warm = true;
}

void policy__read_state(struct policy *p)
{
	const double *s = p->in.state;
	int n = p->in.n_state, size = 1 + p->theta_size;
	bool any = false;
	if (n == 1 + size && s[0] == format_one)
		read_metric(p, &p->metrics[0], s + 1);
	else if (n >= 2 && s[0] == format_many && s[1] >= 1 && s[1] <= n && n == 2 + (int)s[1] * size)
		for (int k = 0; k < (int)s[1] && k < p->n_metrics; k++)
			read_metric(p, &p->metrics[k], s + 2 + k * size);
	for (int k = 0; k < p->n_metrics; k++)
		any |= p->metrics[k].warm;
	if (any)
		policy__write_state(p);
}

bool policy__needs_fit(const struct policy *p, const struct policy__metric *m)
{
	double n = policy__known_points(p, m);
	if (!m->warm)
		return true;
	return n > m->n_fitted && (n <= REFIT_ALWAYS || n >= refit_growth * m->n_fitted + 1);
}

void policy__write_state(struct policy *p)
{
	int size = 1 + p->theta_size, head = p->n_metrics == 1 ? 1 : 2;
	p->state[0] = p->n_metrics == 1 ? format_one : format_many;
	p->state[1] = p->n_metrics;
	for (int k = 0; k < p->n_metrics; k++) {
		double *s = p->state + head + k * size;
		s[0] = p->metrics[k].n_fitted;
		memcpy(s + 1, p->metrics[k].theta, sizeof(double) * (size_t)p->theta_size);
	}
	p->n_state = head + p->n_metrics * size;
}
