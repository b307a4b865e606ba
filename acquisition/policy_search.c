/* One slot through the model: candidates, the acquisition, its maximum, distinctness. */
#include <math.h>

#include "acquisition/policy_internal.h"

enum { LEAST_WORK = 32, MOST_WORK = 8192 };

/* Evaluations a unit times rows squared: about 50 ms. */
static const double work_a_unit = 1e8;

/* The acquisition, less what failures cost. */
static enum kr_status evaluate(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct policy *p = ctx;
	enum kr_status st = acq_eval(&p->acq, X, value, D, scratch, err);
	for (int b = 0; !st && b < X.rows && p->failed.rows; b++)
		value[b] -= policy__failed_cost(p, X, b, D);
	return st;
}

static int work(const struct policy *p)
{
	double rows = gp_rows(p->acq.model);
	return (int)fmin(fmax(work_a_unit / (rows * rows), LEAST_WORK), MOST_WORK);
}

/* All unseen points as candidates, when there are few; *n <- how many. */
static enum kr_status enumerate(struct policy *p, double *n, struct kr_error *err)
{
	*n = policy__unseen(p, p->n_settled, 0, (struct mat){0});
	if (!(*n > 0 && *n <= POLICY__ENUMERATED))
		return KR_OK;
	int rows = (int)*n;
	double *x = policy__points(p, rows);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory for %d points", rows);
	p->raw = (struct candidates){.X = mat_view(x, rows, p->d, rows), .n_net = rows};
	policy__unseen(p, p->n_settled, 0, p->raw.X);
	return KR_OK;
}

/* Everything from here on lives until the slot is settled. */
static enum kr_status begin(struct policy *p, bool *exhausted, struct kr_error *err)
{
	const struct policy_input *in = &p->in;
	uint64_t number = in->slots[p->n_settled].number;
	double unseen;
	p->mark = arena_mark(p->arena);
	p->searching = true;
	p->acq = (struct acq){
		.family = acq_find("log_ei"), .model = p->joint ? p->joint : p->base, .best = p->best};
	policy__fix(p, p->n_settled);
	enum kr_status st = enumerate(p, &unseen, err);
	*exhausted = unseen == 0;
	if (st || *exhausted)
		return st;
	bool few = unseen <= POLICY__ENUMERATED;
	struct candidates_source source = {.space = in->space,
		.region = p->region,
		.fixed = p->fixed,
		.lengthscale = gp_lengthscale(p->base),
		.top = p->top,
		.seed = in->seed,
		.number = number};
	if (!few)
		st = candidates_make(&source, &p->raw, p->arena, err);
	if (st)
		return st;
	struct maximize_problem problem = {.space = in->space,
		.region = few ? NULL : p->region,
		.fixed = p->fixed,
		.scale = gp_lengthscale(p->base),
		.function = {evaluate, p},
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
	arena_release(p->arena, p->mark);
}

/* Mean and deviation at coords, without fantasies, in raw units. */
static void predict(struct policy *p, double *coords, struct policy_suggestion *r)
{
	struct arena_mark mark = arena_mark(p->arena);
	struct gp_batch batch;
	if (!gp_predict(p->base, mat_view(coords, 1, p->d, 1), false, &batch, p->arena, NULL)) {
		r->has_prediction = true;
		r->mean = outcome_raw_mean(&p->outcome, *batch.mean.p);
		r->sd = outcome_raw_sd(&p->outcome, sqrt(*batch.var));
	}
	arena_release(p->arena, mark);
}

/* Give the slot the best new point known; false when there is none. */
static bool settle_best(struct policy *p, enum policy_freshness freshness)
{
	struct policy_suggestion *r = &p->results[p->n_settled];
	double *values = p->values + (size_t)p->n_settled * (size_t)p->d, value;
	struct mat one = mat_view(p->point, 1, p->d, 1);
	for (int k = 0; p->maximizer && maximize_ranked(p->maximizer, k, p->point, &value); k++) {
		if (!region_has(p->region, p->point))
			continue;
		policy__decode(p, p->n_settled, p->point, values);
		if (!policy__is_new(p, values))
			continue;
		r->log_acq = value + policy__failed_cost(p, one, 0, (struct mat){0});
		space_encode(p->in.space, values, p->point);
		predict(p, p->point, r);
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

enum kr_status policy__search(struct policy *p, bool *more, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	bool exhausted = false;
	if (!p->searching)
		st = begin(p, &exhausted, err);
	*more = !exhausted;
	if (!st && *more)
		st = maximize_step(p->maximizer, work(p), more, err);
	if (st || *more)
		return st;
	if (exhausted)
		policy__settle(p, POLICY_EXHAUSTED, POLICY_FRESH);
	else if (!settle_best(p, POLICY_FRESH))
		policy__settle_fill(p, POLICY_FRESH);
	finish(p);
	return KR_OK;
}
