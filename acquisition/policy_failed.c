/* Points that were given out and brought nothing: failed, expired, infeasible. The model
 * learns nothing there, so that alone it would suggest for ever a place where the program
 * crashes. What a failure says is not an outcome (a smooth model bends everywhere when it is
 * given false ones) but how often evaluations near x succeed. With w(x, x_i) =
 * exp(-|x - x_i|^2 / (2 d h^2)) for equal choices, else 0, F the sum over the points that
 * failed and S the sum over those observed, the log acquisition at x loses
 *
 *     exp(q) - 1,   q = F^2 / (2 (1 + S))
 *
 * so that one mishap costs little (0.6, a factor of two), three at one place without a success
 * close the place (89), and it opens again with successes nearby. It grows like this because
 * a sure model of a smooth function finds nothing elsewhere by hundreds of log units. */
#include <math.h>

#include "acquisition/policy_internal.h"

static const double width = 0.1;   /* h, root mean square over the coordinates of the cube */
static const double most_q = 10;   /* exp of it: 22,000, enough to leave any place */
static const double far_away = 30; /* exponents beyond it are none */

enum kr_status policy__encode_failed(struct policy *p, struct kr_error *err)
{
	const struct policy_input *in = &p->in;
	int rows = in->n_taken < POLICY__FAILED_ROWS ? in->n_taken : POLICY__FAILED_ROWS;
	int first = in->n_taken - rows;
	if (rows == 0)
		return KR_OK;
	double *x = policy__points(p, rows);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory for %d failed points", rows);
	p->failed = mat_view(x, rows, p->d, rows);
	for (int i = 0; i < rows; i++) {
		space_encode(in->space, in->taken + (size_t)(first + i) * (size_t)p->d, p->point);
		for (int j = 0; j < p->d; j++)
			*mat_at(p->failed, i, j) = p->point[j];
	}
	return KR_OK;
}

/* w of row b of X and row i of Z. */
static double nearness(const struct policy *p, struct mat X, int b, struct mat Z, int i)
{
	const unsigned char *categorical = space_categorical(p->in.space);
	double most = far_away * 2 * p->d * width * width, sum = 0;
	for (int j = 0; j < p->d && sum < most; j++) {
		double delta = *mat_at(X, b, j) - *mat_at(Z, i, j);
		sum += !categorical[j] ? delta * delta : delta != 0 ? most : 0;
	}
	return sum < most ? exp(-far_away * sum / most) : 0;
}

static double total(const struct policy *p, struct mat X, int b, struct mat Z)
{
	double sum = 0;
	for (int i = 0; i < Z.rows; i++)
		sum += nearness(p, X, b, Z, i);
	return sum;
}

/* Row b of D += factor times the gradient of total(). */
static void add_gradient(
	const struct policy *p, struct mat X, int b, struct mat Z, double factor, struct mat D)
{
	const unsigned char *categorical = space_categorical(p->in.space);
	for (int i = 0; i < Z.rows; i++) {
		double slope = -factor * nearness(p, X, b, Z, i) / (p->d * width * width);
		for (int j = 0; j < p->d && slope != 0; j++)
			if (!categorical[j])
				*mat_at(D, b, j) += slope * (*mat_at(X, b, j) - *mat_at(Z, i, j));
	}
}

double policy__failed_cost(const struct policy *p, struct mat X, int b, struct mat D)
{
	double F = total(p, X, b, p->failed);
	if (F == 0)
		return 0;
	double tried = 1 + total(p, X, b, p->data.X), q = F * F / (2 * tried);
	if (D.p && q < most_q) {
		add_gradient(p, X, b, p->failed, -exp(q) * F / tried, D);
		add_gradient(p, X, b, p->data.X, exp(q) * q / tried, D);
	}
	return expm1(fmin(q, most_q));
}
