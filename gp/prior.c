#include "gp/prior.h"

#include <math.h>
#include <stddef.h>

#include "gp/kernels/kernel.h"
#include "gp/special/special.h"
#include "gp/warp.h"

static const double warp_sd = 0.5, most_warp = 2.5; /* of ln a and ln b */

/* Lengthscales grow with the square root of the inputs, and so do their bounds. */
static struct gp_prior_term scaled_by_dimension(struct gp_prior_term term, int columns)
{
	double shift = log(sqrt(columns));

	if (term.lengthscale) {
		term.a += shift;
		term.upper += shift;
	}
	return term;
}

/* Terms of the kernel, n_more left for the caller, and the noise. */
static enum kr_status make(struct gp_prior *p, const struct kernel_term *kernel, int d, int n_more,
	struct arena *a, struct kr_error *err)
{
	int n = kernel_parameters(kernel, d), size = n + n_more + 1;

	*p = (struct gp_prior){size, d, ARENA_ARRAY(a, struct gp_prior_term, size)};
	if (!p->term)
		return kr_fail(err, KR_ENOMEM, "priors of %d hyperparameters", size);
	for (int i = 0; i < n; i++) {
		struct kernel_place place = kernel_place(kernel, d, i);
		int columns = place.term->n_dims > 0 ? place.term->n_dims : d;

		p->term[i] = scaled_by_dimension(place.prior, columns);
	}
	p->term[size - 1] = (struct gp_prior_term){
		.shape = GP_PRIOR_NOISE, .a = log(0.0039), .b = log(0.05), .lower = log(1e-8)};
	return KR_OK;
}

enum kr_status gp_prior_default(struct gp_prior *p, const struct kernel_term *kernel, int d,
	struct arena *a, struct kr_error *err)
{
	return make(p, kernel, d, 0, a, err);
}

enum kr_status gp_prior_warped(struct gp_prior *p, const struct kernel_term *kernel, int d,
	const unsigned char *categorical, struct arena *a, struct kr_error *err)
{
	int n = gp_warp_parameters(d);
	enum kr_status status = make(p, kernel, d, n, a, err);

	for (int i = 0; status == KR_OK && i < n; i++) {
		struct gp_prior_term *term = &p->term[p->size - 1 - n + i];

		*term = (struct gp_prior_term){
			.shape = GP_PRIOR_LOGNORMAL_LN, .b = warp_sd, .lower = -most_warp, .upper = most_warp};
		if (categorical && categorical[i % d])
			gp_prior_fix(term, 1);
	}
	return status;
}

struct gp_prior_term *gp_prior_noise(struct gp_prior *p)
{
	return &p->term[p->size - 1];
}

void gp_prior_fix(struct gp_prior_term *term, double value)
{
	*term = (struct gp_prior_term){.shape = GP_PRIOR_FLAT,
		.lower = log(value),
		.upper = log(value),
		.start = log(value),
		.lengthscale = term->lengthscale};
}

void gp_prior_saas(struct gp_prior *p, double c, bool of_logarithm)
{
	for (int i = 0; i < p->size; i++) {
		struct gp_prior_term *t = &p->term[i];

		if (!t->lengthscale || t->lower == t->upper)
			continue;
		t->shape = of_logarithm ? GP_PRIOR_CAUCHY_LN : GP_PRIOR_CAUCHY;
		t->a = log(c);
		t->b = -2;
	}
}

enum kr_status gp_prior_of_theta(
	struct gp_prior *out, const struct gp_prior *p, struct arena *a, struct kr_error *err)
{
	*out = *p;
	out->term = arena_memdup(a, p->term, sizeof(*p->term) * (size_t)p->size);
	if (!out->term)
		return kr_fail(err, KR_ENOMEM, "priors of %d hyperparameters", p->size);
	for (int i = 0; i < p->size; i++) {
		enum gp_prior_shape *shape = &out->term[i].shape;

		if (*shape == GP_PRIOR_LOGNORMAL)
			*shape = GP_PRIOR_LOGNORMAL_LN;
		else if (*shape == GP_PRIOR_GAMMA)
			*shape = GP_PRIOR_GAMMA_LN;
		else if (*shape == GP_PRIOR_CAUCHY)
			*shape = GP_PRIOR_CAUCHY_LN;
	}
	return KR_OK;
}

/* Half-Cauchy of v = exp(a + b t); ln(1 + v^2) without v^2, which may overflow. */
static double cauchy(const struct gp_prior_term *p, double t, double *slope)
{
	bool of_t = p->shape == GP_PRIOR_CAUCHY_LN;
	double log_v = p->a + p->b * t, above = fmax(0, 2 * log_v);

	*slope = p->b * (of_t - 2 / (1 + exp(-2 * log_v)));
	return log(2 / M_PI) - above - log1p(exp(-fabs(2 * log_v))) +
		(of_t ? log_v + log(fabs(p->b)) : 0);
}

/* ln p(t); *slope = its derivative. */
static double density(const struct gp_prior_term *p, double t, double *slope)
{
	double z, over, power;
	int sign; /* lgamma keeps it in a global */

	switch (p->shape) {
	case GP_PRIOR_FLAT: break;
	case GP_PRIOR_LOGNORMAL:
	case GP_PRIOR_LOGNORMAL_LN:
		z = (t - p->a) / p->b;
		*slope = -z / p->b - (p->shape == GP_PRIOR_LOGNORMAL);
		return -0.5 * z * z - (p->shape == GP_PRIOR_LOGNORMAL ? t : 0) - log(p->b) -
			SPECIAL_HALF_LN_2PI;
	case GP_PRIOR_GAMMA:
	case GP_PRIOR_GAMMA_LN:
		power = p->shape == GP_PRIOR_GAMMA ? p->a - 1 : p->a;
		*slope = power - p->b * exp(t);
		return p->a * log(p->b) - lgamma_r(p->a, &sign) + power * t - p->b * exp(t);
	case GP_PRIOR_CAUCHY:
	case GP_PRIOR_CAUCHY_LN: return cauchy(p, t, slope);
	case GP_PRIOR_NOISE:
		over = fmax(0, t - p->b);
		*slope = -0.02 * (t - p->a) - over;
		return -0.01 * (t - p->a) * (t - p->a) - 0.5 * over * over;
	}
	*slope = 0;
	return 0;
}

double gp_prior_log_density(const struct gp_prior *p, const double *theta, double *grad)
{
	double sum = 0, slope;

	for (int i = 0; i < p->size; i++) {
		sum += density(&p->term[i], theta[i], &slope);
		if (grad)
			grad[i] += slope;
	}
	return sum;
}

void gp_prior_bounds(const struct gp_prior *p, double *lower, double *upper)
{
	for (int i = 0; i < p->size; i++) {
		lower[i] = p->term[i].lower;
		upper[i] = p->term[i].upper;
	}
}
