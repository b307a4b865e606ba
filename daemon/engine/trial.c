#include "daemon/engine/trial.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "acquisition/policy/choice.h"
#include "base/alloc.h"
#include "daemon/engine/progress.h"

enum { CHUNK = 64 };

struct trial_chunk {
	struct trial trials[CHUNK];
	double numbers[]; /* CHUNK times: a point, its metrics, their standard errors */
};

/* ---- one trial -------------------------------------------------------------- */

void trial_give(struct trial *t, const struct record_given *given,
	const struct record_suggested *to, const struct row *row)
{
	*t = (struct trial){
		.number = given->number,
		.made_seq = row->seq,
		.created_ms = (uint64_t)row->time_ms,
	};
	trial_give_again(t, given, to, row);
}

/* One that a later version has added is as none. */
static uint8_t acquisition_known(const char *name)
{
	enum choice c;

	return choice_find(name, &c) ? (uint8_t)c : CHOICE_AUTO;
}

void trial_give_again(struct trial *t, const struct record_given *given,
	const struct record_suggested *to, const struct row *row)
{
	t->values = given->values;
	t->given_seq = t->seq = row->seq;
	t->lease_ms = given->lease_ms;
	t->mean = given->why.mean;
	t->sd = given->why.sd;
	t->has_acq = given->why.has_acq;
	t->acq = t->has_acq ? given->why.acq : given->why.log_acq;
	t->acquisition = acquisition_known(given->why.acquisition);
	t->p_feasible = given->why.has_p_feasible ? given->why.p_feasible : NAN;
	t->has_prediction = given->why.has_prediction;
	t->grounds = given->why.grounds;
	t->rule = (uint8_t)given->why.rule;
	t->freshness = (uint8_t)given->why.freshness;
	t->worker = to->worker;
	t->has_session = to->has_session;
	memcpy(t->session, to->session, sizeof(t->session));
	t->attempt = given->attempt;
	memcpy(t->token, given->token, sizeof(t->token));
	t->state = TRIAL_RUNNING;
	t->reason = NULL;
	t->spends = true;
	t->partial = false;
	t->shown = false;
}

void trial_queue(struct trial *t, uint64_t number, const struct record_added_trial *added,
	bool partial, const struct row *row)
{
	*t = (struct trial){
		.number = number,
		.values = added->values,
		.made_seq = row->seq,
		.seq = row->seq,
		.created_ms = (uint64_t)row->time_ms,
		.note = added->note && added->note[0] ? added->note : NULL,
		.labels = added->labels,
		.state = TRIAL_QUEUED,
		.partial = partial,
		.shown = true,
	};
}

void trial_tell(
	struct trial *t, uint64_t number, const struct record_added_trial *added, const struct row *row)
{
	*t = (struct trial){
		.number = number,
		.values = added->values,
		.made_seq = row->seq,
		.seq = row->seq,
		.created_ms = (uint64_t)row->time_ms,
		.finished_ms = (uint64_t)row->time_ms,
		.reason = added->reason,
		.note = added->note && added->note[0] ? added->note : NULL,
		.labels = added->labels,
		.state = added->n_metrics ? TRIAL_COMPLETE : TRIAL_FAILED,
		.has_value = added->n_metrics > 0,
		.told = true,
	};
	if (t->has_value)
		t->metrics = added->metrics;
	if (t->has_value && added->n_sems)
		t->sems = added->sems;
}

/* A place of the budget comes back when a trial is lost or called off: at expiry
 * and at FailTrial with FAILED. A non-finite result was an evaluation. */
static bool spends(const struct record_outcome *o, const struct row *row)
{
	if (o->state == TRIAL_FAILED)
		return row->method == METHOD_OBSERVE;
	return o->state == TRIAL_COMPLETE || o->state == TRIAL_PRUNED || o->state == TRIAL_INFEASIBLE;
}

void trial_end(struct trial *t, const struct record_outcome *outcome, const struct row *row)
{
	bool queued = outcome->state == TRIAL_QUEUED;

	t->seq = row->seq;
	t->finished_ms = queued ? 0 : (uint64_t)row->time_ms;
	t->excluded &= !queued;
	t->state = (uint8_t)outcome->state;
	t->reason = outcome->reason;
	t->late = outcome->late;
	t->ended_by = outcome->attempt ? outcome->attempt : t->attempt;
	t->spends = !t->told && spends(outcome, row);
	t->has_value = outcome->n_values > 0;
	t->metrics = t->has_value ? outcome->values : NULL;
	t->sems = t->has_value && outcome->n_sems ? outcome->sems : NULL;
	t->shown = row->has_request;
}

void trial_edit(struct trial *t, const struct record_edited *edited, const struct row *row)
{
	t->seq = row->seq;
	if (edited->n_values) {
		t->metrics = edited->values;
		t->sems = edited->n_sems ? edited->sems : NULL;
	}
	if (edited->has_excluded)
		t->excluded = edited->excluded;
	if (edited->note)
		t->note = edited->note[0] ? edited->note : NULL;
	if (edited->has_labels)
		t->labels = edited->labels;
	t->deleted = edited->deleted;
	t->spends &= !edited->deleted;
	t->shown = true;
}

struct msg_why trial_why(const struct trial *t)
{
	return (struct msg_why){
		.rule = (enum why_rule)t->rule,
		.freshness = (enum why_freshness)t->freshness,
		.has_prediction = t->has_prediction,
		.mean = t->mean,
		.sd = t->sd,
		.log_acq = t->has_acq ? 0 : t->acq,
		.acquisition = t->acquisition == CHOICE_AUTO ? NULL : choice_name(t->acquisition),
		.has_acq = t->has_acq,
		.acq = t->has_acq ? t->acq : 0,
		.has_p_feasible = t->rule && !isnan(t->p_feasible),
		.p_feasible = t->p_feasible,
		.grounds = t->grounds,
	};
}

/* ---- all of a study --------------------------------------------------------- */

void trials_init(struct trials *s, int d, int n_metrics)
{
	*s = (struct trials){.d = d, .n_metrics = n_metrics};
}

void trials_fini(struct trials *s)
{
	for (uint64_t k = 0; k < s->n; k++)
		progress_free(trials_kept(s, k)->progress);
	for (size_t i = 0; i < s->n_chunks; i++)
		kr_free(s->chunks[i]);
	kr_free(s->chunks);
}

/* Numbers of one trial. */
static size_t stride(const struct trials *s)
{
	return (size_t)s->d + 2 * (size_t)s->n_metrics;
}

static int add_chunk(struct trials *s)
{
	struct trial_chunk *c;

	if (KR_GROW(&s->chunks, s->n_chunks, &s->cap))
		return -1;
	c = kr_malloc(sizeof(*c) + CHUNK * stride(s) * sizeof(double));
	if (!c)
		return -1;
	s->chunks[s->n_chunks++] = c;
	return 0;
}

enum kr_status trials_reserve(struct trials *s, size_t extra, struct kr_error *err)
{
	while (s->n_chunks * CHUNK - s->n < extra)
		if (add_chunk(s))
			return kr_fail(err, KR_ENOMEM, "no memory for trials");
	return KR_OK;
}

struct trial *trials_add(struct trials *s, const struct trial *t)
{
	size_t i = s->n % CHUNK;
	struct trial_chunk *c;
	double *at;

	assert(s->n < s->n_chunks * CHUNK && t->number == s->n);
	c = s->chunks[s->n / CHUNK];
	at = c->numbers + i * stride(s);
	memcpy(at, t->values, (size_t)s->d * sizeof(double));
	c->trials[i] = *t;
	c->trials[i].values = at;
	s->n++;
	trials_keep_result(s, &c->trials[i]);
	return &c->trials[i];
}

void trials_keep_result(const struct trials *s, struct trial *t)
{
	size_t i = t->number % CHUNK, k = (size_t)s->n_metrics;
	double *at = s->chunks[t->number / CHUNK]->numbers + i * stride(s) + (size_t)s->d;

	if (t->metrics)
		t->metrics = memcpy(at, t->metrics, k * sizeof(double));
	if (t->sems)
		t->sems = memcpy(at + k, t->sems, k * sizeof(double));
}

struct trial *trials_kept(const struct trials *s, uint64_t number)
{
	return number < s->n ? &s->chunks[number / CHUNK]->trials[number % CHUNK] : NULL;
}

struct trial *trials_at(const struct trials *s, uint64_t number)
{
	struct trial *t = trials_kept(s, number);

	return t && !t->deleted ? t : NULL;
}

uint64_t trials_made_from(const struct trials *s, uint64_t seq)
{
	uint64_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (trials_kept(s, mid)->made_seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
