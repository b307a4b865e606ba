/* Observe: results of trials, all or none, in one row.
 *
 *   RUNNING   COMPLETE; FAILED with the reason "nonfinite" when the objective is not finite
 *   EXPIRED   the same, marked late: nobody else has given a result
 *   COMPLETE  the same values again are harmless and change nothing; others are CONFLICT
 *   others    CONFLICT */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/metric.h"
#include "daemon/engine/quote.h"

static const char nonfinite[] = "nonfinite";

/* The first metric of which t has another value (*sem: another standard error) than r;
 * -1 when all are the same. */
static int difference(
	const struct definition *def, const struct trial *t, const struct metric_result *r, bool *sem)
{
	for (int k = 0; k < def->spec.n_metrics; k++) {
		double stored = t->sems ? t->sems[k] : NAN;

		*sem = t->metrics[k] == r->metrics[k];
		if (!*sem || (stored != r->sems[k] && !(isnan(stored) && isnan(r->sems[k]))))
			return k;
	}
	return -1;
}

static bool is_repeat(
	const struct definition *def, const struct trial *t, const struct metric_result *r)
{
	bool sem;

	if (t->state == TRIAL_COMPLETE)
		return difference(def, t, r, &sem) < 0;
	return t->state == TRIAL_FAILED && t->spends && !r->finite;
}

static enum kr_status conflict(const struct definition *def, const struct trial *t,
	const char *field, const struct metric_result *r, struct kr_error *err)
{
	const char *state = msg_trial_state_name((enum trial_state)t->state);
	char stored[NUMBER_SHOWN], given[NUMBER_SHOWN], name[72] = "";
	bool sem;

	if (t->state == TRIAL_COMPLETE) {
		int k = difference(def, t, r, &sem);

		if (def->spec.n_metrics > 1)
			quote_text(def->spec.metrics[k].name, name, sizeof(name));
		number_show(sem ? (t->sems ? t->sems[k] : NAN) : t->metrics[k], stored);
		number_show(sem ? r->sems[k] : r->metrics[k], given);
		return kr_fail_field(err, KR_CONFLICT, field,
			"trial %" PRIu64 " is COMPLETE already with %s%s%s%s "
			"and can't become %s; only the same value may be told again",
			t->number, name, *name ? " " : "", sem ? "standard error " : "", stored, given);
	}
	return kr_fail_field(err, KR_CONFLICT, field,
		"trial %" PRIu64 " is %s already; its result can't be told any more", t->number, state);
}

/* One observation to an outcome. False in *is_new: an exact repeat, nothing to do. */
static enum kr_status read_one(
	const struct call *c, int i, struct record_outcome *out, bool *is_new, struct kr_error *err)
{
	const struct msg_observation *o = &c->m->u.observe.observations[i];
	const struct trial *t = trials_at(&c->study->trials, o->number);
	struct metric_result r;
	char field[64];
	enum kr_status st;

	snprintf(field, sizeof(field), "observations[%d].number", i);
	if (!t)
		return kr_fail_field(err, KR_NOT_FOUND, field, "study '%s' has no trial %" PRIu64,
			c->study->def->name, o->number);
	snprintf(field, sizeof(field), "observations[%d].values", i);
	st = metric_read(c->study->def, field, o->n_values, o->values, &r, c->a, err);
	if (st != KR_OK)
		return st;
	*is_new = !is_repeat(c->study->def, t, &r);
	if (!*is_new)
		return KR_OK;
	snprintf(field, sizeof(field), "observations[%d].number", i);
	if (t->state != TRIAL_RUNNING && t->state != TRIAL_EXPIRED)
		return conflict(c->study->def, t, field, &r, err);
	*out = (struct record_outcome){
		.number = t->number,
		.state = r.finite ? TRIAL_COMPLETE : TRIAL_FAILED,
		.n_values = r.finite ? c->study->def->spec.n_metrics : 0,
		.values = r.metrics,
		.reason = r.finite ? NULL : nonfinite,
		.late = t->state == TRIAL_EXPIRED,
		.n_sems = r.finite ? r.n_sems : 0,
		.sems = r.sems,
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
