/* The policy: its units of work in order, and what happens when they stop early.
 *
 *   prepare -> fit -> condition -> query -> { join -> search } for each slot -> calibrate
 *   prepare -> fit -> survey -> query -> { locate -> settle in -> join -> search }, of very many
 *
 * A unit that fails (memory, numbers that cannot be factored) ends the computation: the
 * slots that are left are filled along a space-filling net, which needs no memory. */
#include "acquisition/policy/policy.h"

#include <math.h>

#include "acquisition/policy/policy_internal.h"
#include "base/alloc.h"

enum { THETAS = 5 }; /* of a model: theta, here, rival, two of scratch */

static const size_t arena_cap = (size_t)1 << 30;

/* Is the noise of this model declared, not learnt? A declared deviation is that of the objective;
 * declared to be 0 it is that of the constraints too. */
static bool noise_known(const struct policy_input *in, enum policy__kind kind)
{
	if (kind == POLICY__OBJECTIVE || kind == POLICY__SHORT)
		return in->has_noise_sd;
	return kind == POLICY__CONSTRAINT && in->has_noise_sd && in->noise_sd == 0;
}

static enum policy__kind kind_of(const struct policy *p, int k)
{
	if (k >= p->n_metrics)
		return POLICY__SHORT;
	if (k == 0)
		return POLICY__OBJECTIVE;
	return k <= p->in.n_constraints ? POLICY__CONSTRAINT : POLICY__SUCCESS;
}

static enum kr_status begin_metrics(struct policy *p, struct kr_error *err)
{
	size_t size = (size_t)p->theta_size;
	for (int k = 0; k < policy__n_models(p); k++) {
		struct policy__metric *m = &p->metrics[k];
		m->kind = kind_of(p, k);
		m->known = noise_known(&p->in, m->kind);
		enum kr_status st = policy__make_prior(p, m, &m->prior, err);
		if (st)
			return st;
		m->theta = p->thetas + (size_t)k * THETAS * size;
		m->here = m->theta + size;
		m->rival = m->here + size;
		m->scratch = m->rival + size;
		m->lower = -INFINITY;
		m->upper = INFINITY;
	}
	return KR_OK;
}

enum kr_status policy_new(struct policy **out, const struct policy_input *in, struct kr_error *err)
{
	struct policy *p = KR_NEW(struct policy);
	*out = NULL;
	if (!p)
		goto fail_memory;
	p->in = *in;
	p->d = space_dims(in->space);
	p->n_before = in->n + in->n_pending + in->n_failed + in->n_infeasible + in->n_taken;
	p->n_metrics = 1 + in->n_constraints + (in->n_failed + in->n_infeasible > 0);
	p->options = in->options ? *in->options : policy_options_default();
	if (in->acquisition != CHOICE_AUTO)
		p->options.members = 1;
	p->n_members = (int)p->options.members;
	size_t n_models = (size_t)policy__n_models(p);
	p->arena = arena_new(arena_cap);
	if (!p->arena || !policy__choose_kernel(p))
		goto fail_memory;
	size_t d = (size_t)p->d, size = (size_t)p->theta_size;
	size_t n_queries = (size_t)in->n_queries * (1 + (size_t)in->n_constraints) + 1;
	p->results = KR_ARRAY(struct policy_suggestion, in->n_slots + 1);
	p->values = KR_ARRAY(double, (size_t)(in->n_slots + 1) * d);
	p->query_mean = KR_ARRAY(double, n_queries);
	p->query_sd = KR_ARRAY(double, n_queries);
	p->state = KR_ARRAY(double, policy__state_size(p));
	p->seen = seen_new(in->space, p->n_before + in->n_slots);
	p->point = KR_ARRAY(double, 3 * d);
	p->metrics = KR_ARRAY(struct policy__metric, n_models);
	p->aim.terms = KR_ARRAY(struct constrained_term, p->n_metrics);
	p->thetas = KR_ARRAY(double, n_models *THETAS *size);
	if (!p->results || !p->values || !p->query_mean || !p->query_sd || !p->state || !p->seen ||
		!p->point || !p->metrics || !p->aim.terms || !p->thetas)
		goto fail_memory;
	p->fixed = p->point + d;
	p->lot = p->fixed + d;
	p->region = region_new(in->space, p->arena);
	p->enumerate = enumerate_new(in->space, p->arena);
	if (!p->region || !p->enumerate)
		goto fail_memory;
	if (begin_metrics(p, err))
		goto fail_memory;
	p->floor = -INFINITY;
	policy__read_state(p);
	*out = p;
	return KR_OK;

fail_memory:
	policy_free(p);
	return kr_fail(err, KR_ENOMEM, "no memory to compute %d suggestions", in->n_slots);
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (int k = 0; p->metrics && k < policy__n_models(p); k++) {
		gp_free(p->metrics[k].base);
		gp_free(p->metrics[k].joint);
	}
	policy__drop_survey_model(p);
	gp_free(p->survey.success);
	arena_free(p->arena);
	kr_free(p->results);
	kr_free(p->values);
	kr_free(p->query_mean);
	kr_free(p->query_sd);
	kr_free(p->state);
	seen_free(p->seen);
	kr_free(p->point);
	kr_free(p->metrics);
	kr_free(p->aim.terms);
	kr_free(p->thetas);
	kr_free(p);
}

/* ---- units ------------------------------------------------------------------ */

static void settle_design(struct policy *p)
{
	while (p->n_settled < p->in.n_slots && policy__is_initial(p, p->n_settled))
		policy__settle_initial(p);
}

/* The slot that is next, when the queries and the slots before it are done. */
static enum policy__stage next_slot(const struct policy *p)
{
	if (p->n_settled == p->in.n_slots)
		return policy__has_uncalibrated(p) ? POLICY__CALIBRATE : POLICY__DONE;
	return p->survey.on ? POLICY__LOCATE : POLICY__JOIN;
}

static enum policy__stage after_fit(const struct policy *p)
{
	return p->survey.on ? POLICY__SURVEY : POLICY__CONDITION;
}

static enum policy__stage after_models(const struct policy *p)
{
	return p->n_queried < p->in.n_queries ? POLICY__QUERY : next_slot(p);
}

/* Where nothing is left to be suggested no models are needed. */
static enum policy__stage after_locate(const struct policy *p)
{
	return p->n_unseen > 0 ? POLICY__SETTLE_IN : POLICY__SEARCH;
}

/* Every stage but the first: one unit of it, which says whether there are more, and what follows
 * the last (NULL: the stage below). */
static const struct {
	enum kr_status (*unit)(struct policy *p, bool *more, struct kr_error *err);
	enum policy__stage (*next)(const struct policy *p);
} stages[] = {
	[POLICY__FIT] = {policy__fit, after_fit},
	[POLICY__CONDITION] = {policy__condition, after_models},
	[POLICY__SURVEY] = {policy__survey, after_models},
	[POLICY__QUERY] = {policy__query, next_slot},
	[POLICY__LOCATE] = {policy__locate, after_locate},
	[POLICY__SETTLE_IN] = {policy__settle_in, NULL},
	[POLICY__JOIN] = {policy__join, NULL},
	[POLICY__SEARCH] = {policy__search, next_slot},
	[POLICY__CALIBRATE] = {policy__calibrate, next_slot},
};

/* Slots of the initial design need no model; is there anything that does? */
static enum kr_status prepare(struct policy *p, struct kr_error *err)
{
	settle_design(p);
	bool needs_model = p->n_settled < p->in.n_slots || p->in.n_queries > 0;
	p->stage = POLICY__DONE;
	if (!needs_model || p->in.n == 0)
		return KR_OK;
	if (p->n_settled == p->in.n_slots || p->in.n_pending + p->in.n_slots > POLICY__CROWD)
		p->n_members = 1; /* for predictions only, or for a crowd */
	enum kr_status st = policy__encode(p, err);
	if (st)
		return st;
	p->stage = policy__begin_fit(p) ? POLICY__FIT : after_fit(p);
	return KR_OK;
}

static enum kr_status one_unit(struct policy *p, struct kr_error *err)
{
	bool more = false;
	if (p->stage == POLICY__PREPARE)
		return prepare(p, err);
	enum kr_status st = stages[p->stage].unit(p, &more, err);
	if (!more && stages[p->stage].next)
		p->stage = stages[p->stage].next(p);
	else if (!more)
		p->stage++;
	return st;
}

/* Settle what is left: the slot that was being searched by the best known point, the
 * others by filling the space. */
static void settle_rest(struct policy *p, enum policy_freshness freshness)
{
	settle_design(p);
	policy__settle_partial(p);
	while (p->n_settled < p->in.n_slots)
		policy__settle_fill(p, freshness);
	p->stage = POLICY__DONE;
}

/* What exceeds the cap of the arena does so again in a replay. */
void policy__note(struct policy *p, enum kr_status st)
{
	p->starved |= st == KR_ENOMEM && !arena_capped(p->arena);
}

bool policy_step(struct policy *p)
{
	if (p->stage == POLICY__DONE)
		return false;
	enum kr_status st = one_unit(p, NULL);
	p->units++;
	policy__note(p, st);
	if (st)
		settle_rest(p, POLICY_FRESH);
	return p->stage != POLICY__DONE;
}

int policy_units(const struct policy *p)
{
	return p->units;
}

bool policy_starved(const struct policy *p)
{
	return p->starved;
}

void policy_cut(struct policy *p)
{
	if (p->stage != POLICY__DONE)
		settle_rest(p, POLICY_FALLBACK);
}

/* ---- results ---------------------------------------------------------------- */

struct policy_suggestion policy_suggestion(struct policy *p, int i)
{
	policy_cut(p);
	return p->results[i];
}

bool policy_prediction(struct policy *p, int i, int metric, double *mean, double *sd)
{
	size_t at = (size_t)metric * (size_t)p->in.n_queries + (size_t)i;
	policy_cut(p);
	if (i >= p->n_queried)
		return false;
	*mean = p->query_mean[at];
	*sd = p->query_sd[at];
	return true;
}

const double *policy_state(const struct policy *p, int *n)
{
	*n = p->n_state;
	return p->state;
}
