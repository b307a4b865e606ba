#include "gp/posterior.h"

#include <math.h>

enum kr_status gp_posterior_init(struct gp_posterior *p, const struct gp_data *data,
	const struct gp_prior *prior, struct arena *a, struct kr_error *err)
{
	size_t size = (size_t)prior->size;

	*p = (struct gp_posterior){.prior = prior};
	p->lower = arena_alloc(a, sizeof(double) * 2 * size);
	if (!p->lower)
		return kr_fail(err, KR_ENOMEM, "bounds of %d hyperparameters", prior->size);
	p->upper = p->lower + size;
	gp_prior_bounds(prior, p->lower, p->upper);
	return likelihood_init(&p->likelihood, data, true, a, err);
}

enum kr_status gp_posterior_eval(
	struct gp_posterior *p, const double *theta, double *value, double *grad, struct kr_error *err)
{
	enum kr_status status = likelihood_eval(&p->likelihood, theta, value, grad, NULL, err);

	if (status == KR_ENOMEM)
		return status;
	if (status != KR_OK)
		*value = -INFINITY;
	else
		*value += gp_prior_log_density(p->prior, theta, grad);
	return KR_OK;
}
