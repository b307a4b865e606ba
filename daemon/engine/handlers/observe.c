/* Observe: results of trials, all or none, in one row.
 *
 *   RUNNING   COMPLETE; FAILED with the reason "nonfinite" when the objective is not finite
 *   EXPIRED   the same, marked late: nobody else has given a result
 *   COMPLETE  the same value again is harmless and changes nothing; another is CONFLICT
 *   others    CONFLICT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/point.h"

static const char nonfinite[] = "nonfinite";

static bool is_repeat(const struct trial *t, double y)
{
	if (t->state == TRIAL_COMPLETE)
		return t->value == y;
	return t->state == TRIAL_FAILED && t->spends && !isfinite(y);
}

static enum kr_status conflict(
	const struct trial *t, const char *field, double y, struct kr_error *err)
{
	const char *state = msg_trial_state_name((enum trial_state)t->state);
	char stored[NUMBER_SHOWN], given[NUMBER_SHOWN];

	if (t->state == TRIAL_COMPLETE)
		return kr_fail_field(err, KR_CONFLICT, field,
			"trial %" PRIu64 " is COMPLETE already with %s "
			"and can't become %s; only the same value may be told again",
			t->number, number_show(t->value, stored), number_show(y, given));
	return kr_fail_field(err, KR_CONFLICT, field,
		"trial %" PRIu64 " is %s already; its result can't be told any more", t->number, state);
}

/* One observation to an outcome. False in *is_new: an exact repeat, nothing to do. */
static enum kr_status read_one(
	const struct call *c, int i, struct record_outcome *out, bool *is_new, struct kr_error *err)
{
	const struct msg_observation *o = &c->m->u.observe.observations[i];
	const struct trial *t = trials_at(&c->study->trials, o->number);
	char field[64];
	double *y = ARENA_NEW(c->a, double);
	enum kr_status st;

	if (!y)
		return call_no_memory(err);
	snprintf(field, sizeof(field), "observations[%d].number", i);
	if (!t)
		return kr_fail_field(err, KR_NOT_FOUND, field, "study '%s' has no trial %" PRIu64,
			c->study->def->name, o->number);
	snprintf(field, sizeof(field), "observations[%d].values", i);
	st = point_objective(c->study->def, field, o->n_values, o->values, y, err);
	if (st != KR_OK)
		return st;
	*is_new = !is_repeat(t, *y);
	if (!*is_new)
		return KR_OK;
	snprintf(field, sizeof(field), "observations[%d].number", i);
	if (t->state != TRIAL_RUNNING && t->state != TRIAL_EXPIRED)
		return conflict(t, field, *y, err);
	*out = (struct record_outcome){
		.number = t->number,
		.state = isfinite(*y) ? TRIAL_COMPLETE : TRIAL_FAILED,
		.n_values = isfinite(*y) ? 1 : 0,
		.values = y,
		.reason = isfinite(*y) ? NULL : nonfinite,
		.late = t->state == TRIAL_EXPIRED,
	};
	return claim_check(t, &o->lease, c->m->meta.worker_id, err);
}

/* The trials as they will be, in the order of the request. */
static enum kr_status make_answer(
	struct call *c, const struct change *ch, const bool *is_new, struct kr_error *err)
{
	const struct msg_observe *m = &c->m->u.observe;
	struct msg_trial *trials = ARENA_ARRAY(c->a, struct msg_trial, m->n);
	enum kr_status st = KR_OK;

	if (!trials)
		return call_no_memory(err);
	for (int i = 0, k = 0; st == KR_OK && i < m->n; i++) {
		struct trial t = *trials_at(&c->study->trials, m->observations[i].number);

		if (is_new[i])
			trial_end(&t, &ch->record.u.ended.outcomes[k++], &ch->row);
		st = reply_trial(&trials[i], c->study, &t, reply_all_columns, c->a, err);
	}
	c->reply.u.trials.n = m->n;
	c->reply.u.trials.trials = trials;
	return st;
}

static enum kr_status check_size(const struct msg_observe *m, struct kr_error *err)
{
	if (m->n < 1 || m->n > LIMIT_BATCH)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "observations",
			"observations has %d entries; 1 to %d are allowed", m->n, LIMIT_BATCH);
	return KR_OK;
}

enum kr_status handle_observe(struct call *c, struct kr_error *err)
{
	const struct msg_observe *m = &c->m->u.observe;
	struct record_outcome *outcomes;
	struct change ch;
	bool *is_new;
	int n = 0, twice;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = check_size(m, err);
	if (st != KR_OK)
		return st;
	outcomes = ARENA_ARRAY(c->a, struct record_outcome, m->n);
	is_new = ARENA_ARRAY(c->a, bool, m->n);
	if (!outcomes || !is_new)
		return call_no_memory(err);
	for (int i = 0; st == KR_OK && i < m->n; i++) {
		st = read_one(c, i, &outcomes[n], &is_new[i], err);
		n += is_new[i];
	}
	if (st != KR_OK)
		return st;
	ch = call_change(c, RECORD_ENDED);
	ch.record.u.ended = (struct record_ended){.n = n, .outcomes = outcomes};
	twice = study_repeated(&ch.record.u.ended);
	if (twice >= 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "observations",
			"observations has trial %" PRIu64 " twice; give each trial once",
			outcomes[twice].number);
	st = make_answer(c, &ch, is_new, err);
	/* Also with nothing new: the id must be known, or a late copy could end another trial. */
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}
