/* One slot through the model: candidates, the maximum of what they are worth, distinctness. */
#include <math.h>

#include "acquisition/policy/policy_internal.h"

enum { LEAST_WORK = 32, MOST_WORK = 8192 };

/* Points without an outcome are so far apart in some coordinate, in lengthscales: closer ones
 * would tell the same. */
static const double least_distance = 1e-3;

/* Evaluations a unit times rows squared: about 50 ms. */
static const double work_a_unit = 1e8;

/* By the models without fantasies: the product of the probabilities that the constraints hold and
 * of success, whose mean label is 2 p - 1. NaN without memory. */
static double probability_feasible(struct policy *p, struct mat X)
{
	double product = 1, dmu, ds;
	struct gp_batch batch;
	for (int k = 1; k < p->n_metrics; k++) {
		const struct policy__metric *m = &p->metrics[k];
		enum kr_status st = gp_predict(m->base, X, false, &batch, p->arena, NULL);
		policy__note(p, st);
		if (st)
			return NAN;
		double mean = *batch.mean.p, sd = sqrt(*batch.var);
		product *= m->kind == POLICY__SUCCESS
			? fmin(fmax(0.5 * (1 + mean), 0), 1)
			: exp(constrained_log_probability(mean, sd, m->lower, m->upper, &dmu, &ds));
	}
	return product;
}

static int work(const struct policy *p)
{
	double rows = policy__worth_rows(p);
	return (int)fmin(fmax(work_a_unit / (rows * rows), LEAST_WORK), MOST_WORK);
}

enum kr_status policy__enumerate(struct policy *p, struct kr_error *err)
{
	p->n_unseen = policy__unseen(p, p->n_settled, 0, (struct mat){0});
	p->few = p->n_unseen <= POLICY__ENUMERATED;
	if (!(p->few && p->n_unseen > 0))
		return KR_OK;
	int rows = (int)p->n_unseen;
	double *x = policy__points(p, rows);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory for %d points", rows);
	p->raw = (struct candidates){.X = mat_view(x, rows, p->d, rows), .n_net = rows};
	policy__unseen(p, p->n_settled, 0, p->raw.X);
	return KR_OK;
}

/* Fixed values and the number of unseen points, unless policy__locate has found them. */
static enum kr_status begin_slot(struct policy *p, struct kr_error *err)
{
	if (p->searching)
		return KR_OK;
	p->mark = arena_mark(p->arena);
	p->searching = true;
	policy__fix(p, p->n_settled);
	return policy__enumerate(p, err);
}

/* Everything from here on lives until the slot is settled. */
static enum kr_status begin(struct policy *p, struct kr_error *err)
{
	const struct policy_input *in = &p->in;
	uint64_t number = in->slots[p->n_settled].number;
	enum kr_status st = begin_slot(p, err);
	if (st || p->n_unseen == 0)
		return st;
	bool few = p->few;
	struct candidates_source source = {.space = in->space,
		.region = p->region,
		.fixed = p->fixed,
		.lengthscale = gp_lengthscale(p->metrics[0].base),
		.box = policy__box(p),
		.belief = p->in.belief,
		.top = p->sources,
		.seed = in->seed,
		.number = number};
	if (!few)
		st = candidates_make(&source, &p->raw, p->arena, err);
	if (!st)
		st = policy__aim(p, err);
	if (st)
		return st;
	struct maximize_problem problem = {.space = in->space,
		.region = few ? NULL : p->region,
		.fixed = p->fixed,
		.scale = gp_lengthscale(p->metrics[0].base),
		.box = policy__box(p),
		.function = {policy__worth, p},
		.raw = &p->raw,
		.n_starts = few ? 0 : maximize_starts(p->d),
		.seed = in->seed,
		.number = number};
	p->maximizer = maximize_new(&problem, p->arena);
	return p->maximizer ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for the maximizer");
}

static void finish(struct policy *p)
{
	p->maximizer = NULL;
	p->searching = false;
	if (!p->survey.on) /* else the data of the models stay until the next slot */
		arena_release(p->arena, p->mark);
}

/* Mean and deviation at coords, without fantasies, in raw units. */
static void predict(struct policy *p, double *coords, struct policy_suggestion *r)
{
	struct arena_mark mark = arena_mark(p->arena);
	const struct policy__metric *m = &p->metrics[0];
	struct mat X = mat_view(coords, 1, p->d, 1);
	struct gp_batch batch;
	enum kr_status st = gp_predict(m->base, X, false, &batch, p->arena, NULL);
	policy__note(p, st);
	if (!st) {
		r->has_prediction = true;
		r->mean = outcome_raw_value(&m->outcome, *batch.mean.p);
		r->sd = outcome_raw_sd(&m->outcome, *batch.mean.p, sqrt(*batch.var));
	}
	if (p->n_metrics > 1) {
		r->p_feasible = probability_feasible(p, X);
		r->has_p_feasible = !isnan(r->p_feasible);
	}
	arena_release(p->arena, mark);
}

/* Is the point at coords so close to one without an outcome that a model cannot tell them apart?
 * other: d, overwritten. */
static bool is_beside(struct policy *p, const double *coords, double *other)
{
	const double *scale = gp_lengthscale(p->metrics[0].base);
	for (int k = policy__n_open(p) - 1; k >= 0; k--) {
		const double *values = policy__open_point(p, k);
		double farthest = 0;
		if (!values)
			continue;
		space_encode(p->in.space, values, other);
		for (int j = 0; j < p->d && farthest < least_distance; j++) {
			double apart = fabs(coords[j] - other[j]);
			farthest = fmax(farthest, space_categorical(p->in.space)[j] ? apart : apart / scale[j]);
		}
		if (farthest < least_distance)
			return true;
	}
	return false;
}

bool policy__may_take(struct policy *p, bool apart)
{
	double *values = p->values + (size_t)p->n_settled * (size_t)p->d;
	if (!region_has(p->region, p->point))
		return false;
	policy__decode(p, p->n_settled, p->point, values);
	return policy__is_new(p, values) && !(apart && is_beside(p, p->point, p->lot));
}

bool policy__is_log(const struct policy *p)
{
	return !choice_has(p->aim.choice, CHOICE_PLAIN);
}

void policy__take(struct policy *p, double value, enum policy_freshness freshness)
{
	struct policy_suggestion *r = &p->results[p->n_settled];
	r->acquisition = p->aim.choice;
	r->has_acq = !policy__is_log(p);
	r->role = p->aim.role;
	space_encode(p->in.space, p->values + (size_t)p->n_settled * (size_t)p->d, p->point);
	*(r->has_acq ? &r->acq : &r->log_acq) = policy__without_belief(p, p->point, value);
	predict(p, p->point, r);
	policy__explain(p, p->point, value, r);
	policy__settle(p, POLICY_MODEL, freshness);
}

/* Give the slot the best new point known, one apart from those without an outcome if there is any;
 * false when there is none. */
static bool settle_best(struct policy *p, enum policy_freshness freshness)
{
	double value;
	for (int apart = policy__n_open(p) > 0; p->maximizer && apart >= 0; apart--)
		for (int k = 0; maximize_ranked(p->maximizer, k, p->point, &value); k++)
			if (policy__may_take(p, apart)) {
				policy__take(p, value, freshness);
				return true;
			}
	return false;
}

bool policy__settle_partial(struct policy *p)
{
	if (!p->searching)
		return false;
	bool found = settle_best(p, POLICY_PARTIAL);
	finish(p);
	return found;
}

/* The slot has its result, or begins again; the others of its round have theirs. */
static enum kr_status settle(struct policy *p, struct kr_error *err)
{
	bool again = p->survey.on && !p->place.anywhere, found = true;
	int round = policy__round(p);
	enum kr_status st = KR_OK;
	if (p->n_unseen == 0)
		policy__settle(p, POLICY_EXHAUSTED, POLICY_FRESH);
	else
		found = settle_best(p, POLICY_FRESH);
	p->place.again = !found && again;
	if (!found && !again)
		policy__settle_fill(p, POLICY_FRESH);
	else if (found && p->n_unseen > 0 && round > 1)
		st = policy__share(p, round - 1, err);
	finish(p);
	return st;
}

enum kr_status policy__search(struct policy *p, bool *more, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	if (!p->searching && policy__fills(p)) {
		policy__settle_fill(p, POLICY_FRESH);
		*more = false;
		return KR_OK;
	}
	if (!p->maximizer)
		st = begin(p, err);
	*more = p->n_unseen > 0;
	if (!st && *more)
		st = maximize_step(p->maximizer, work(p), more, err);
	return st || *more ? st : settle(p, err);
}
