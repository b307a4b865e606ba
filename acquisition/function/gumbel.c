#include "acquisition/function/gumbel.h"

#include <assert.h>
#include <math.h>

#include "gp/special/special.h"

static double log_cdf(const double *mu, const double *s, int n, double y)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += special_log_cdf((y - mu[i]) / s[i]);
	return sum;
}

/* The y with sum_i ln Phi((y - mu_i) / s_i) = ln p, by bisection down to neighbouring numbers.
 * Every factor is at least the product, and one of them at most its n-th root: the bracket. */
static double quantile(const double *mu, const double *s, int n, double p)
{
	double low = -INFINITY, high = -INFINITY;
	double z_low = special_quantile(p), z_high = -special_quantile(-expm1(log(p) / n));

	for (int i = 0; i < n; i++) {
		low = fmax(low, mu[i] + s[i] * z_low);
		high = fmax(high, mu[i] + s[i] * z_high);
	}
	for (;;) {
		double middle = low + (high - low) / 2;

		if (!(low < middle && middle < high))
			return middle;
		if (log_cdf(mu, s, n, middle) < log(p))
			low = middle;
		else
			high = middle;
	}
}

struct gumbel gumbel_fit(const double *mu, const double *s, int n)
{
	struct gumbel g;
	assert(n >= 1);
	g.q25 = quantile(mu, s, n, 0.25);
	g.q50 = quantile(mu, s, n, 0.5);
	g.q75 = quantile(mu, s, n, 0.75);
	g.b = (g.q25 - g.q75) / (log(log(4.0 / 3)) - log(log(4.0)));
	g.a = g.q50 + g.b * log(log(2.0));
	return g;
}

enum kr_status gumbel_fit_model(const struct gp *g, struct mat X, struct gumbel *fit,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct gp_batch batch;
	enum kr_status st = gp_predict(g, X, false, &batch, scratch, err);

	for (int i = 0; !st && i < X.rows; i++)
		batch.var[i] = sqrt(batch.var[i]);
	if (!st)
		*fit = gumbel_fit(mat_col(batch.mean, 0), batch.var, X.rows);
	arena_release(scratch, mark);
	return st;
}

double gumbel_quantile(const struct gumbel *g, double u)
{
	return g->a - g->b * log(-log(u));
}

/* Away from both ends, so that no quantile is infinite, whatever n. */
static double within(double u)
{
	return fmin(fmax(u, 0x1p-40), 1 - 0x1p-40);
}

void gumbel_draw(const struct gumbel *g, struct rng *r, int n, double *top)
{
	for (int k = 0; k < n; k++)
		top[k] = gumbel_quantile(g, (k + within(rng_uniform(r))) / n);
}
