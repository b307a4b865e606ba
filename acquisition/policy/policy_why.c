/* Why a point: what is expected of it, and which observations and parameters make the prediction.
 * For people and stop rules; no suggestion depends on it. */
#include <math.h>

#include "acquisition/policy/policy_internal.h"
#include "gp/special/special.h"

enum { QUANTILES = 64 }; /* of outcomes beyond the incumbent */

/* ---- what is expected of it --------------------------------------------------- */

/* What a point is compared with. */
struct incumbent {
	int observation; /* number in the input; -1: none of them */
	double z;        /* in model units */
};

static bool equal_rows(struct mat A, int i, struct mat B, int j)
{
	for (int c = 0; c < A.cols; c++)
		if (*mat_at(A, i, c) != *mat_at(B, j, c))
			return false;
	return true;
}

/* The best known point, and what the model predicts there. */
static bool best_by_mean(const struct policy *p, struct incumbent *out)
{
	const struct policy__survey *s = &p->survey;
	const struct policy__metric *m = &p->metrics[0];
	struct mat top = s->on ? s->top : p->top, X = s->on ? m->all.X : m->data.X;
	int row = 0;
	if ((s->on ? s->n_incumbents : p->n_incumbents) == 0)
		return false;
	while (row < X.rows && !equal_rows(X, row, top, 0))
		row++;
	bool known = row < X.rows;
	out->observation = !known ? -1 : policy__first_of(p, s->on ? row : m->data.rows[row]);
	out->z = s->on ? s->top_mean[0] : p->best_mean;
	return true;
}

/* Without noise the best observation that met the constraints, under noise the best known point.
 * There is none while nothing met them, and where the function is to be learnt, because then
 * neither direction is the better one. */
static bool find_incumbent(const struct policy *p, struct incumbent *out)
{
	int best = 0;
	if (!p->has_incumbent || choice_has(p->in.acquisition, CHOICE_LEARNS))
		return false;
	if (p->noisy)
		return best_by_mean(p, out);
	for (int i = 1; i < p->n_obs; i++)
		if (p->merit[i] > p->merit[best])
			best = i;
	*out = (struct incumbent){policy__first_of(p, best), p->best_z};
	return true;
}

/* E max(y - y_best, 0) in raw units, y = raw(z), z ~ N(mean, sd^2). Where raw is a straight line
 * beyond the incumbent it is scale sd h((mean - best) / sd) (Jones, Schonlau & Welch 1998, eq. 15);
 * else, when all that is allowed lies in a bad tail that was pulled in, the mean over quantiles
 * of z beyond the incumbent, by the midpoint rule. */
static double expected_gain(const struct outcome *o, double mean, double sd, double best)
{
	double u = (mean - best) / sd, tail = exp(special_log_cdf(u)), sum = 0;
	double at = outcome_raw_value(o, best);
	if (outcome_is_straight(o, best))
		return fabs(o->scale) * sd * exp(special_log_h(u, NULL));
	for (int i = 0; i < QUANTILES; i++) {
		double beyond = tail * (i + 0.5) / QUANTILES;
		sum += fabs(outcome_raw_value(o, mean - sd * special_quantile(beyond)) - at);
	}
	return tail > 0 ? tail * sum / QUANTILES : 0;
}

static void explain_gain(
	const struct policy *p, double mean, double sd, struct policy_suggestion *r)
{
	const struct outcome *o = &p->metrics[0].outcome;
	double feasible = r->has_p_feasible ? r->p_feasible : 1, sign = o->minimize ? -1 : 1;
	struct incumbent inc;
	r->has_gain = find_incumbent(p, &inc);
	if (!r->has_gain)
		return;
	r->incumbent = inc.observation;
	r->best = outcome_raw_value(o, inc.z);
	r->p_gain = feasible * exp(special_log_cdf((mean - inc.z) / sd));
	r->expected_gain = feasible * expected_gain(o, mean, sd, inc.z);
	r->enough = fmax(p->in.least_gain, p->in.least_gain_relative * fabs(r->best));
	double z = r->enough > 0 ? outcome_model_value(o, r->best + sign * r->enough) : inc.z;
	r->p_gain_enough = feasible * exp(special_log_cdf((mean - z) / sd));
}

/* ---- what makes the prediction -------------------------------------------------- */

/* Of row i of X from x, in lengthscales; idle parameters do not count. */
static double distance(const struct policy *p, struct mat X, int i, const double *x)
{
	const double *l = gp_lengthscale(p->metrics[0].base);
	double r2 = 0;
	for (int j = 0; j < p->d; j++) {
		double step = *mat_at(X, i, j) - x[j];
		if (space_categorical(p->in.space)[j])
			step = step != 0;
		r2 += isfinite(l[j]) && l[j] > 0 ? step * step / (l[j] * l[j]) : 0;
	}
	return sqrt(r2);
}

/* rows <- those of the `most` largest pulls by size, largest first; of equal ones the earlier row.
 * Returns how many. */
static int largest(const double *pull, int n, int most, int *rows)
{
	int kept = 0;
	for (int i = 0; i < n; i++) {
		int at = kept < most ? kept++ : most;
		for (; at > 0 && fabs(pull[i]) > fabs(pull[rows[at - 1]]); at--)
			if (at < most)
				rows[at] = rows[at - 1];
		if (at < most)
			rows[at] = i;
	}
	return kept;
}

/* w (n x 1) <- K^-1 k(X, x), with K of the observations and their noise. */
static enum kr_status weights(struct policy *p, const struct gp *g, struct mat x, struct mat w)
{
	struct mat Z;
	enum kr_status st = gp_see(g, x, &Z, NULL, p->arena, NULL);
	if (!st)
		st = kernel_cross(gp_kernel(g), gp_points(g), Z, w, NULL, p->arena, NULL);
	if (!st)
		gp_solve(g, w);
	return st;
}

static void explain_pulls(struct policy *p, struct mat x, double mean, struct policy_suggestion *r)
{
	const struct policy__metric *m = &p->metrics[0];
	int n = gp_rows(m->base), rows[POLICY_MOST_PULLS];
	double *w = ARENA_ARRAY(p->arena, double, n), *pull = ARENA_ARRAY(p->arena, double, n);
	double at = outcome_raw_value(&m->outcome, mean);
	enum kr_status st = w && pull ? weights(p, m->base, x, mat_view(w, n, 1, n)) : KR_ENOMEM;
	policy__note(p, st);
	if (st)
		return;
	for (int i = 0; i < n; i++)
		pull[i] = w[i] * (m->data.z[i] - gp_mean(m->base));
	r->n_pulls = largest(pull, n, POLICY_MOST_PULLS, rows);
	for (int k = 0; k < r->n_pulls; k++)
		r->pulls[k] = (struct policy_pull){
			.observation = policy__observation(p, &m->data, rows[k]),
			.weight = w[rows[k]],
			.pull = at - outcome_raw_value(&m->outcome, mean - pull[rows[k]]),
			.distance = distance(p, m->data.X, rows[k], x.p),
		};
}

/* The parameters of shortest lengthscale among those that vary and that the point has. */
static void explain_levers(struct policy *p, struct policy_suggestion *r)
{
	const double *l = gp_lengthscale(p->metrics[0].base);
	const double *values = p->values + (size_t)p->n_settled * (size_t)p->d;
	for (int j = 0; j < p->d; j++) {
		int at = r->n_levers;
		if (space_levels(p->in.space, j) <= 1 || isnan(values[j]) || !isfinite(l[j]))
			continue;
		while (at > 0 && l[j] < r->levers[at - 1].lengthscale)
			at--;
		if (at == POLICY_MOST_LEVERS)
			continue;
		r->n_levers += r->n_levers < POLICY_MOST_LEVERS;
		for (int k = r->n_levers - 1; k > at; k--)
			r->levers[k] = r->levers[k - 1];
		r->levers[at] = (struct policy_lever){j, l[j]};
	}
}

void policy__explain(
	struct policy *p, const double *coords, double value, struct policy_suggestion *r)
{
	struct arena_mark mark = arena_mark(p->arena);
	const struct policy__metric *m = &p->metrics[0];
	double *x = policy__points(p, 1);
	struct mat X = mat_view(x, 1, p->d, 1);
	struct gp_batch batch;
	enum kr_status st = x ? KR_OK : KR_ENOMEM;
	if (!r->has_prediction)
		goto done;
	for (int j = 0; !st && j < p->d; j++)
		x[j] = coords[j];
	if (!st)
		st = gp_predict(m->base, X, false, &batch, p->arena, NULL);
	policy__note(p, st);
	if (st)
		goto done;
	double mean = *batch.mean.p;
	r->model_mean = outcome_raw_value(&m->outcome, gp_mean(m->base));
	r->noise_sd = p->in.has_noise_sd ? p->in.noise_sd
									 : outcome_raw_sd(&m->outcome, mean, sqrt(gp_noise(m->base)));
	r->n_optima = maximize_optima(p->maximizer, x, value, &r->rank);
	if (r->n_optima == 0)
		r->rank = 0;
	explain_gain(p, mean, sqrt(*batch.var), r);
	explain_pulls(p, X, mean, r);
	explain_levers(p, r);
done:
	arena_release(p->arena, mark);
}
