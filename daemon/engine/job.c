#include "daemon/engine/job.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/job_internal.h"

/* ---- snapshot --------------------------------------------------------------- */

/* The points of the trials of two sets that have one, by number. False without memory. */
static bool copy_points(double **to, int *n_to, const struct study *s, const struct numbers *a,
	const struct numbers *b)
{
	size_t d = (size_t)s->def->d, i = 0, k = 0;

	*to = kr_calloc(a->n + b->n, d * sizeof(**to));
	while (*to && (i < a->n || k < b->n)) {
		bool first = k == b->n || (i < a->n && a->p[i] < b->p[k]);
		const struct trial *t = trials_at(&s->trials, first ? a->p[i++] : b->p[k++]);

		if (!t->partial)
			memcpy(*to + (size_t)(*n_to)++ * d, t->values, d * sizeof(**to));
	}
	return *to != NULL;
}

static bool copy_numbers(double **to, int *n_to, const double *from, size_t n)
{
	*to = kr_calloc(n, sizeof(**to));
	if (!*to)
		return false;
	if (n)
		memcpy(*to, from, n * sizeof(**to));
	*n_to = (int)n;
	return true;
}

static bool make_slots(struct job *j, const struct job_wish *wish)
{
	size_t d = (size_t)j->def->d, n = (size_t)wish->n_slots;

	j->n_slots = wish->n_slots;
	j->slots = KR_ARRAY(struct policy_slot, n);
	j->suggestions = KR_ARRAY(struct policy_suggestion, n);
	j->values = kr_calloc(n, d * sizeof(double));
	if (!j->slots || !j->suggestions || !j->values)
		return false;
	if (wish->any_fixed) {
		j->fixed = kr_calloc(n, d * sizeof(double));
		if (!j->fixed)
			return false;
		for (size_t i = 0; i < n * d; i++)
			j->fixed[i] = NAN;
	}
	for (size_t i = 0; i < n; i++) {
		j->slots[i].number = j->first_number + i;
		j->slots[i].fixed = j->fixed ? j->fixed + i * d : NULL;
	}
	return true;
}

static bool make_queries(struct job *j, const struct job_wish *wish)
{
	size_t n = (size_t)wish->n_queries;
	int copied;

	j->n_queries = wish->n_queries;
	j->means = KR_ARRAY(double, n);
	j->sds = KR_ARRAY(double, n);
	return j->means && j->sds &&
		copy_numbers(&j->queries, &copied, wish->queries, n * (size_t)j->def->d);
}

static bool make_points(struct job *j, const struct study *s)
{
	static const struct numbers none;

	return copy_points(&j->pending, &j->n_pending, s, &s->running, &s->queued) &&
		copy_points(&j->taken, &j->n_taken, s, &s->taken, &none) &&
		copy_numbers(&j->state, &j->n_state, s->state, s->n_state);
}

enum kr_status job_new(struct job **out, enum job_kind kind, uint64_t id, const struct study *s,
	const struct job_wish *wish, struct kr_error *err)
{
	struct job *j = KR_NEW(struct job);

	*out = NULL;
	if (!j)
		return kr_fail(err, KR_ENOMEM, "no memory for a computation");
	j->kind = kind;
	j->id = id;
	j->study = s->id;
	j->incarnation = s->incarnation;
	j->def = definition_retain(s->def);
	j->snapshot_seq = s->now.seq;
	j->first_number = s->trials.n;
	if (history_view(&s->history, &j->history, err) != KR_OK || !make_slots(j, wish) ||
		!make_queries(j, wish) || !make_points(j, s)) {
		job_free(j);
		return kr_fail(err, KR_ENOMEM, "no memory for a computation");
	}
	*out = j;
	return KR_OK;
}

enum kr_status job_set_state(struct job *j, int n, const double *state, struct kr_error *err)
{
	kr_free(j->state);
	j->n_state = 0;
	if (!copy_numbers(&j->state, &j->n_state, state, (size_t)n))
		return kr_fail(err, KR_ENOMEM, "no memory for a computation");
	return KR_OK;
}

/* ---- work ------------------------------------------------------------------- */

static void drop_work(struct job *j)
{
	policy_free(j->policy);
	j->policy = NULL;
	kr_free(j->X);
	kr_free(j->Y);
	kr_free(j->S);
	j->X = j->Y = j->S = NULL;
}

static void give_up(struct job *j)
{
	j->status = KR_ENOMEM;
	j->settled = true;
	drop_work(j);
}

/* The first unit: gather the observations. False without memory. */
static bool start(struct job *j)
{
	size_t n = j->history.n, d = (size_t)j->def->d, k = (size_t)j->def->spec.n_metrics;
	struct policy_input in = {
		.space = j->def->space,
		.minimize = j->def->minimize,
		.seed = j->def->spec.seed,
		.n = (int)n,
		.n_pending = j->n_pending,
		.pending = j->pending,
		.n_taken = j->n_taken,
		.taken = j->taken,
		.n_slots = j->n_slots,
		.slots = j->slots,
		.n_queries = j->n_queries,
		.queries = j->queries,
		.n_state = j->n_state,
		.state = j->state,
	};

	j->X = kr_calloc(n, d * sizeof(double));
	j->Y = kr_calloc(n, k * sizeof(double));
	j->S = kr_calloc(n, k * sizeof(double));
	if (!j->X || !j->Y || !j->S)
		return false;
	history_gather(&j->history, j->X, j->Y, j->S);
	in.X = j->X;
	in.y = j->Y + (size_t)j->def->objective * n;
	return policy_new(&j->policy, &in, NULL) == KR_OK;
}

static void take_suggestions(struct job *j)
{
	size_t d = (size_t)j->def->d;

	for (int i = 0; i < j->n_slots; i++) {
		struct policy_suggestion *to = &j->suggestions[i];

		*to = policy_suggestion(j->policy, i);
		if (!to->values)
			continue;
		memcpy(j->values + (size_t)i * d, to->values, d * sizeof(double));
		to->values = j->values + (size_t)i * d;
	}
}

static void take_predictions(struct job *j)
{
	j->predicted = true;
	for (int i = 0; i < j->n_queries; i++)
		if (!policy_prediction(j->policy, i, &j->means[i], &j->sds[i]))
			j->predicted = false;
}

static void settle(struct job *j)
{
	const double *state;
	int n;

	if (policy_starved(j->policy)) { /* no replay could make these suggestions again */
		give_up(j);
		return;
	}
	if (j->cut)
		policy_cut(j->policy);
	take_suggestions(j);
	take_predictions(j);
	j->units = (uint32_t)policy_units(j->policy);
	state = policy_state(j->policy, &n);
	if (!copy_numbers(&j->state_out, &j->n_state_out, state, (size_t)n)) {
		give_up(j);
		return;
	}
	j->settled = true;
	drop_work(j);
}

/* Is this all the work that may be done? */
static bool at_limit(const struct job *j)
{
	if (j->asked_to_stop)
		return true;
	return j->bounded && (uint32_t)policy_units(j->policy) >= j->most_units;
}

bool job_step(struct job *j)
{
	if (j->settled)
		return false;
	if (!j->policy) {
		if (start(j))
			return true;
		give_up(j);
		return false;
	}
	j->cut = at_limit(j);
	if (!j->cut && policy_step(j->policy))
		return true;
	settle(j);
	return false;
}

void job_cut(struct job *j)
{
	j->asked_to_stop = true;
}

void job_finish(struct job *j)
{
	job_cut(j);
	while (job_step(j))
		;
}

/* ---- the shell's view ------------------------------------------------------- */

uint64_t job_id(const struct job *j)
{
	return j->id;
}

uint64_t job_study(const struct job *j)
{
	static const uint64_t replays = (uint64_t)1 << 63;

	return j->kind == JOB_REPLAY ? j->study | replays : j->study;
}

void job_free(struct job *j)
{
	if (!j)
		return;
	drop_work(j);
	history_view_fini(&j->history);
	definition_release(j->def);
	kr_free(j->route);
	kr_free(j->slots);
	kr_free(j->fixed);
	kr_free(j->pending);
	kr_free(j->taken);
	kr_free(j->queries);
	kr_free(j->state);
	kr_free(j->suggestions);
	kr_free(j->values);
	kr_free(j->means);
	kr_free(j->sds);
	kr_free(j->state_out);
	kr_free(j);
}
