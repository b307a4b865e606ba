/* The state: [3, how many, then of each model that was ever fitted: which, points at the fit, theta].
 * Which: its metric, -1 success, -2 the objective under the other prior. Points are the observations;
 * for success the failures too. Of earlier builds: [1, points, theta] of the objective; [2, how many,
 * then points and theta of the metrics in order]. Anything else is somebody else's, and ignored. */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

static const double format_one = 1, format_many = 2, format = 3;

enum { REFIT_ALWAYS = 50 };

static const double refit_growth = 1.04; /* a refit every n / 25 observations */

/* Of the state, whatever the job needs now. */
static int n_kept(const struct policy *p)
{
	return p->n_metrics + (int)p->options.members - 1;
}

static double tag(const struct policy *p, int k)
{
	const struct policy__metric *m = &p->metrics[k];
	return m->kind == POLICY__SUCCESS ? -1 : m->kind == POLICY__SHORT ? -2 : k;
}

double policy__known_points(const struct policy *p, const struct policy__metric *m)
{
	return m->kind == POLICY__SUCCESS ? p->in.n + p->in.n_failed + p->in.n_infeasible : p->in.n;
}

/* s: points and theta. */
static void read_model(const struct policy *p, struct policy__metric *m, const double *s)
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

static void read_tagged(struct policy *p, const double *s, int n)
{
	for (int i = 0; i < n; i++, s += 2 + p->theta_size)
		for (int k = 0; k < n_kept(p); k++)
			if (s[0] == tag(p, k))
				read_model(p, &p->metrics[k], s + 1);
}

/* Is this a list of as many models as it says, of `size` numbers each? */
static bool is_list(const struct policy *p, double of, int size)
{
	const double *s = p->in.state;
	int n = p->in.n_state;
	return n >= 2 && s[0] == of && s[1] >= 1 && s[1] <= n && n == 2 + (int)s[1] * size;
}

void policy__read_state(struct policy *p)
{
	const double *s = p->in.state;
	int size = p->theta_size;
	bool any = false;
	if (p->in.n_state == 2 + size && s[0] == format_one)
		read_model(p, &p->metrics[0], s + 1);
	else if (is_list(p, format_many, 1 + size))
		for (int k = 0; k < (int)s[1] && k < p->n_metrics; k++)
			read_model(p, &p->metrics[k], s + 2 + k * (1 + size));
	else if (is_list(p, format, 2 + size))
		read_tagged(p, s + 2, (int)s[1]);
	for (int k = 0; k < n_kept(p); k++)
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

size_t policy__state_size(const struct policy *p)
{
	return 2 + (size_t)n_kept(p) * (size_t)(2 + p->theta_size);
}

void policy__write_state(struct policy *p)
{
	double *s = p->state + 2;
	int n = 0;
	for (int k = 0; k < n_kept(p); k++) {
		const struct policy__metric *m = &p->metrics[k];
		if (m->n_fitted == 0)
			continue;
		s[0] = tag(p, k);
		s[1] = m->n_fitted;
		memcpy(s + 2, m->theta, sizeof(double) * (size_t)p->theta_size);
		s += 2 + p->theta_size;
		n++;
	}
	p->state[0] = format;
	p->state[1] = n;
	p->n_state = (int)(s - p->state);
}
