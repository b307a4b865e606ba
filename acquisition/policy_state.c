/* The state: [format, observations at the fit, theta (d + 2)]. Anything else is somebody
 * else's, and ignored. */
#include <math.h>
#include <string.h>

#include "acquisition/policy_internal.h"

static const double format = 1;

enum { HEAD = 2, REFIT_ALWAYS = 50 };

static const double refit_growth = 1.04; /* a refit every n / 25 observations */

void policy__read_state(struct policy *p)
{
	const double *s = p->in.state;
	int size = p->d + 2;
	if (p->in.n_state != HEAD + size || s[0] != format)
		return;
	if (!(s[1] >= 1 && s[1] <= p->in.n))
		return;
	for (int i = 0; i < size; i++)
		if (!isfinite(s[HEAD + i]))
			return;
	double *lower = p->starts, *upper = p->starts + size;
	gp_prior_bounds(&p->prior, lower, upper);
	for (int i = 0; i < size; i++)
		p->theta[i] = fmin(fmax(s[HEAD + i], lower[i]), upper[i]);
	p->n_fitted = s[1];
	p->warm = true;
	policy__write_state(p);
}

bool policy__needs_fit(const struct policy *p)
{
	int n = p->in.n;
	if (!p->warm)
		return true;
	return n > p->n_fitted && (n <= REFIT_ALWAYS || n >= refit_growth * p->n_fitted + 1);
}

void policy__write_state(struct policy *p)
{
	p->state[0] = format;
	p->state[1] = p->n_fitted;
	memcpy(p->state + HEAD, p->theta, sizeof(double) * (size_t)(p->d + 2));
	p->n_state = HEAD + p->d + 2;
}
