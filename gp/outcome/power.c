#include "gp/outcome/power.h"

#include <math.h>

/* A branch of a family: the base's logarithm t, the exponent mu, and the side of y. */
struct branch {
	double t, mu, side;
};

static struct branch branch_of(struct power p, double x)
{
	if (p.family == POWER_BOX_COX)
		return (struct branch){log(x), p.lambda, 1};
	if (x < 0)
		return (struct branch){log1p(-x), 2 - p.lambda, -1};
	return (struct branch){log1p(x), p.lambda, 1};
}

double power_value(struct power p, double x)
{
	struct branch b = branch_of(p, x);

	return b.side * (b.mu == 0 ? b.t : expm1(b.mu * b.t) / b.mu);
}

/* ln(1 + mu y) / mu: t at |y|, infinite beyond the end. */
static double log_base(double mu, double y)
{
	static const double large = 1e300;

	if (mu == 0)
		return y;
	if (mu * y <= -1)
		return mu < 0 ? INFINITY : -INFINITY;
	return (mu * y > large ? log(mu) + log(y) : log1p(mu * y)) / mu;
}

double power_inverse(struct power p, double y)
{
	if (p.family == POWER_BOX_COX)
		return exp(log_base(p.lambda, y));
	if (y < 0)
		return -expm1(log_base(2 - p.lambda, -y));
	return expm1(log_base(p.lambda, y));
}

double power_log_slope(struct power p, double x)
{
	struct branch b = branch_of(p, x);

	return (b.mu - 1) * b.t;
}
