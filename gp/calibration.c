#include "gp/calibration.h"

#include <math.h>

#include "gp/special/special.h"

/* Phi^-1 of 0.75, 0.9 and 0.975: half the widths of the intervals. */
static const double half50 = 0.67448975019608174;
static const double half80 = 1.2815515655446004;
static const double half95 = 1.9599639845400543;

/* Of a standard normal prediction: z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt pi. */
static double unit_crps(double z)
{
	static const double inverse_sqrt_pi = 0.56418958354775629;

	return z * erf(z * M_SQRT1_2) + 2 * exp(special_log_pdf(z)) - inverse_sqrt_pi;
}

static void add(struct gp_calibration *c, int i, double z, double sd)
{
	c->n++;
	c->log_density += (special_log_pdf(z) - log(sd) - c->log_density) / c->n;
	c->crps += (sd * unit_crps(z) - c->crps) / c->n;
	c->mean_square_z += (z * z - c->mean_square_z) / c->n;
	c->coverage50 += fabs(z) <= half50;
	c->coverage80 += fabs(z) <= half80;
	c->coverage95 += fabs(z) <= half95;
	c->outliers += fabs(z) > GP_CALIBRATION_OUTLIER;
	if (c->worst < 0 || fabs(z) > fabs(c->worst_z)) {
		c->worst = i;
		c->worst_z = z;
	}
}

enum kr_status gp_calibration_score(int n, const double *y, const double *mean, const double *var,
	struct gp_calibration *out, struct kr_error *err)
{
	*out = (struct gp_calibration){.worst = -1};
	for (int i = 0; i < n; i++) {
		double sd = sqrt(var[i]);

		if (sd < INFINITY)
			add(out, i, (y[i] - mean[i]) / sd, sd);
	}
	if (out->n > 0) {
		out->coverage50 /= out->n;
		out->coverage80 /= out->n;
		out->coverage95 /= out->n;
	}
	if (isfinite(out->log_density) && isfinite(out->crps) && isfinite(out->mean_square_z))
		return KR_OK;
	*out = (struct gp_calibration){.worst = -1};
	return kr_fail(err, KR_ENONFINITE, "scores of %d predictions are not finite", n);
}

enum kr_status gp_calibrate(const struct gp *g, const double *y, struct gp_calibration *out,
	struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	int n = gp_rows(g);
	double *mean = ARENA_ARRAY(a, double, n), *var = ARENA_ARRAY(a, double, n);
	enum kr_status status = KR_ENOMEM;

	*out = (struct gp_calibration){.worst = -1};
	if (mean && var)
		status = gp_loo_refit(g, y, mean, var, a, err);
	else
		kr_fail(err, status, "calibration of %d observations", n);
	if (status == KR_OK)
		status = gp_calibration_score(n, y, mean, var, out, err);
	arena_release(a, mark);
	return status;
}
