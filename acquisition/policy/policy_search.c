/* One slot through the model: candidates, the maximum of what they are worth, distinctness. */
#include <math.h>

#include "acquisition/policy/policy_internal.h"

enum { LEAST_WORK = 32, MOST_WORK = 8192 };

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
		if (gp_predict(m->base, X, false, &batch, p->arena, NULL))
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

/* What the place of a slot has not done yet. */
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
	if (!gp_predict(m->base, X, false, &batch, p->arena, NULL)) {
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

/* Give the slot the best new point known; false when there is none. */
static bool settle_best(struct policy *p, enum policy_freshness freshness)
{
	struct policy_suggestion *r = &p->results[p->n_settled];
	double *values = p->values + (size_t)p->n_settled * (size_t)p->d, value;
	for (int k = 0; p->maximizer && maximize_ranked(p->maximizer, k, p->point, &value); k++) {
		if (!region_has(p->region, p->point))
			continue;
		policy__decode(p, p->n_settled, p->point, values);
		if (!policy__is_new(p, values))
			continue;
		r->acquisition = p->aim.choice;
		r->has_acq = choice_has(p->aim.choice, CHOICE_PLAIN);
		r->role = p->aim.role;
		space_encode(p->in.space, values, p->point);
		*(r->has_acq ? &r->acq : &r->log_acq) = policy__without_belief(p, p->point, value);
		predict(p, p->point, r);
		policy__explain(p, p->point, value, r);
		policy__settle(p, POLICY_MODEL, freshness);
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

/* The slot has its result, or begins again. */
static void settle(struct policy *p)
{
	bool again = p->survey.on && !p->place.anywhere, found = true;
	if (p->n_unseen == 0)
		policy__settle(p, POLICY_EXHAUSTED, POLICY_FRESH);
	else
		found = settle_best(p, POLICY_FRESH);
	p->place.again = !found && again;
	if (!found && !again)
		policy__settle_fill(p, POLICY_FRESH);
	finish(p);
}

enum kr_status policy__search(struct policy *p, bool *more, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	if (!p->maximizer)
		st = begin(p, err);
	*more = p->n_unseen > 0;
	if (!st && *more)
		st = maximize_step(p->maximizer, work(p), more, err);
	if (!st && !*more)
		settle(p);
	return st;
}
