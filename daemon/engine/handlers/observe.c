/* Observe: results of trials, all or none, in one row.
 *
 *   RUNNING   COMPLETE; FAILED with the reason "nonfinite" when the objective is not finite.
 *             Under the lease of an earlier attempt it is marked late, and the newer one is over
 *   EXPIRED, QUEUED again
 *             the same, marked late: nobody else has given a result
 *   COMPLETE  the same values again are harmless and change nothing; others are CONFLICT
 *   others    CONFLICT
 * What is in conflict and came under another lease than that which ended the trial is
 * STALE_LEASE, and kept as an event. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/metric.h"
#include "daemon/engine/quote.h"
#include "daemon/engine/version.h"

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
	bool sem = false;

	if (t->state == TRIAL_COMPLETE)
		return difference(def, t, r, &sem) < 0;
	return t->state == TRIAL_FAILED && t->spends && !r->finite;
}

/* A value, or a standard error that may be none. */
static void show(bool sem, double x, char *out)
{
	if (sem && isnan(x))
		snprintf(out, NUMBER_SHOWN, "none");
	else
		number_show(x, out);
}

static enum kr_status conflict(const struct definition *def, const struct trial *t,
	const char *field, const struct metric_result *r, struct kr_error *err)
{
	const char *state = msg_trial_state_name((enum trial_state)t->state);
	char stored[NUMBER_SHOWN], given[NUMBER_SHOWN], name[72] = "";
	bool sem = false;

	if (t->state == TRIAL_COMPLETE) {
		int k = difference(def, t, r, &sem);

		if (def->spec.n_metrics > 1)
			quote_text(def->spec.metrics[k].name, name, sizeof(name));
		show(sem, sem ? (t->sems ? t->sems[k] : NAN) : t->metrics[k], stored);
		show(sem, sem ? r->sems[k] : r->metrics[k], given);
		return kr_fail_field(err, KR_CONFLICT, field,
			"trial %" PRIu64 " is COMPLETE already with %s%s%s%s "
			"and can't become %s; only the same value may be told again",
			t->number, name, *name ? " " : "", sem ? "standard error " : "", stored, given);
	}
	if (t->state == TRIAL_QUEUED)
		return kr_fail_field(err, KR_CONFLICT, field,
			"trial %" PRIu64
			" is QUEUED and was given to nobody; ask for it before telling its result",
			t->number);
	return kr_fail_field(err, KR_CONFLICT, field,
		"trial %" PRIu64 " is %s already; its result can't be told any more", t->number, state);
}

/* The attempt that the lease names; 0: none, it acts by number or was never the trial's. */
static uint32_t claimed(const struct trial *t, const struct msg_lease *lease)
{
	enum claim claim = claim_of(t, lease);

	return claim == CLAIM_NEWEST || claim == CLAIM_EARLIER ? version_claimed(t, lease)->attempt : 0;
}

/* Was it another attempt that ended the trial? */
static bool overtaken(const struct trial *t, uint32_t attempt)
{
	return attempt && attempt != t->ended_by;
}

static bool may_end(const struct trial *t)
{
	return t->state == TRIAL_RUNNING || t->state == TRIAL_EXPIRED ||
		(t->state == TRIAL_QUEUED && t->attempt > 0);
}

/* What one observation is. */
struct reading {
	bool is_new;   /* else an exact repeat, nothing to do */
	bool too_late; /* it was overtaken; kept is its record */
	struct record_stale kept;
};

static enum kr_status too_late(const struct call *c, int i, const struct trial *t,
	const struct metric_result *r, struct reading *out, struct kr_error *err)
{
	const struct msg_observation *o = &c->m->u.observe.observations[i];
	char field[64];

	out->too_late = true;
	out->kept = (struct record_stale){
		.number = t->number,
		.attempt = version_claimed(t, &o->lease)->attempt,
		.n_values = c->study->def->spec.n_metrics,
		.values = r->metrics,
		.n_sems = r->n_sems,
		.sems = r->sems,
		.worker = c->m->meta.worker_id,
	};
	snprintf(field, sizeof(field), "observations[%d].lease", i);
	return claim_overtaken(t->number, field, err);
}

/* One observation to an outcome. */
static enum kr_status read_one(const struct call *c, int i, struct record_outcome *out,
	struct reading *reading, struct kr_error *err)
{
	const struct msg_observation *o = &c->m->u.observe.observations[i];
	const struct trial *t = trials_at(&c->study->trials, o->number);
	struct metric_result r;
	uint32_t attempt;
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
	reading->is_new = !is_repeat(c->study->def, t, &r);
	if (!reading->is_new)
		return KR_OK;
	snprintf(field, sizeof(field), "observations[%d].number", i);
	attempt = claimed(t, &o->lease);
	if (!may_end(t))
		return overtaken(t, attempt) ? too_late(c, i, t, &r, reading, err)
									 : conflict(c->study->def, t, field, &r, err);
	*out = (struct record_outcome){
		.number = t->number,
		.state = r.finite ? TRIAL_COMPLETE : TRIAL_FAILED,
		.n_values = r.finite ? c->study->def->spec.n_metrics : 0,
		.values = r.metrics,
		.reason = r.finite ? NULL : nonfinite,
		.late = t->state != TRIAL_RUNNING || (attempt && attempt != t->attempt),
		.n_sems = r.finite ? r.n_sems : 0,
		.sems = r.sems,
		.attempt = attempt == t->attempt ? 0 : attempt,
	};
	if (out->attempt)
		return KR_OK;
	return claim_check(t, &o->lease, c->m->meta.worker_id, err);
}

/* The refusal is the answer, and remembered. */
static enum kr_status keep(struct call *c, const struct record_stale *kept, struct kr_error *why)
{
	struct change ch = call_change(c, RECORD_STALE);
	struct kr_error err;
	enum kr_status st;

	ch.record.u.stale = *kept;
	c->reply = engine__error_reply(c->m->method, why);
	st = call_commit(c, &ch, &err);
	if (st != KR_OK)
		*why = err;
	return st;
}

/* The trials as they will be, in the order of the request. */
static enum kr_status make_answer(
	struct call *c, const struct change *ch, const struct reading *read, struct kr_error *err)
{
	const struct msg_observe *m = &c->m->u.observe;
	struct msg_trial *trials = ARENA_ARRAY(c->a, struct msg_trial, m->n);
	enum kr_status st = KR_OK;

	if (!trials)
		return call_no_memory(err);
	for (int i = 0, k = 0; st == KR_OK && i < m->n; i++) {
		struct trial t = *trials_at(&c->study->trials, m->observations[i].number);

		if (read[i].is_new)
			trial_end(&t, &ch->record.u.ended.outcomes[k++], &ch->row);
		st = reply_trial(&trials[i], c->study, &t, reply_all_columns, c->a, err);
	}
	c->reply.u.trials.n = m->n;
	c->reply.u.trials.trials = trials;
	return st;
}

enum kr_status handle_observe(struct call *c, struct kr_error *err)
{
	const struct msg_observe *m = &c->m->u.observe;
	struct record_outcome *outcomes;
	struct change ch;
	struct reading *read;
	int n = 0, twice;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK)
		st = call_check_count("observations", m->n, err);
	if (st != KR_OK)
		return st;
	outcomes = ARENA_ARRAY(c->a, struct record_outcome, m->n);
	read = ARENA_ARRAY(c->a, struct reading, m->n);
	if (!outcomes || !read)
		return call_no_memory(err);
	for (int i = 0; st == KR_OK && i < m->n; i++) {
		st = read_one(c, i, &outcomes[n], &read[i], err);
		if (read[i].too_late)
			return keep(c, &read[i].kept, err);
		n += read[i].is_new;
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
	st = make_answer(c, &ch, read, err);
	/* Also with nothing new: the id must be known, or a late copy could end another trial. */
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}
