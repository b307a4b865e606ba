/* Refusals: each must have been right at some moment between the arrival of its
 * request and now, by what was durable then. */
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

struct refusal {
	const struct world *w;
	const struct asked *asked;
	const struct msg_error *e;
	size_t from;
};

/* ---- what a view of a study may say ---- */

typedef bool view_fact(
	const struct asked *q, const struct model_study *f, const struct model_view *v);

static bool finished(const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	(void)f;
	return v->state == STUDY_FINISHED;
}

static bool paused(const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	(void)f;
	return v->state == STUDY_PAUSED;
}

static bool without_results(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	(void)f;
	return v->counts[TRIAL_COMPLETE] == 0;
}

static bool limited(const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)q;
	(void)f;
	return v->limited;
}

static bool has_another_budget(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	return v->state != STUDY_DELETED && q->budget != f->spec.budget &&
		(!v->limited || v->budget != q->budget);
}

static bool has_no_such_trial(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	(void)f;
	for (int i = 0; i < q->n_told; i++)
		if (q->told[i].number >= v->n)
			return true;
	return false;
}

/* Has one of the trials an end that lets nothing else come? */
static bool has_ended(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	for (int i = 0; i < q->n_told; i++) {
		if (q->told[i].number >= v->n)
			continue;
		const struct model_version *t = model_version_at(
			&f->trials[q->told[i].number], (uint64_t)(v - f->views) + 1);
		if (t->state != TRIAL_RUNNING && t->state != TRIAL_EXPIRED)
			return true;
	}
	return false;
}

/* Is one of the trials another's? */
static bool is_foreign(
	const struct asked *q, const struct model_study *f, const struct model_view *v)
{
	for (int i = 0; i < q->n_told; i++) {
		if (q->told[i].number >= v->n)
			continue;
		struct msg_lease lease = {.has_token = !q->told[i].by_number && i == 0};
		memcpy(lease.token, q->token, sizeof(lease.token));
		if (!watch_right(&f->trials[q->told[i].number], &lease, q->worker))
			return true;
	}
	return false;
}

static bool was(const struct refusal *r, view_fact *fact)
{
	for (int i = 0; i < r->w->model->n; i++) {
		const struct model_study *f = &r->w->model->studies[i];
		if (strcmp(f->name, r->asked->name) != 0 || !watch_lived(f, r->from))
			continue;
		uint64_t seq = model_seq_at(f, r->from);
		for (seq = seq ? seq : 1; seq <= f->seq; seq++)
			if (fact(r->asked, f, &f->views[seq - 1]))
				return true;
	}
	return false;
}

/* ---- names ---- */

static bool name_was(const struct refusal *r, bool taken)
{
	for (size_t n = r->from; n <= r->w->n_disk; n++)
		if ((model_live(r->w->model, r->asked->name, n) != NULL) == taken)
			return true;
	return false;
}

static bool was_deleted(const struct refusal *r)
{
	for (int i = 0; i < r->w->model->n; i++) {
		const struct model_study *f = &r->w->model->studies[i];
		if (strcmp(f->name, r->asked->name) == 0 && model_now(f)->state == STUDY_DELETED)
			return true;
	}
	return false;
}

/* ---- codes ---- */

static bool not_found(const struct refusal *r)
{
	const char *field = r->e->field ? r->e->field : "";
	if (r->asked->method == METHOD_DELETE_STUDY && (r->asked->undelete || !strcmp(field, "id")))
		return true; /* which id it should have been is not written down */
	/* a suggest that waits goes with its study, though another may have the name */
	return strstr(field, "number")
		? was(r, has_no_such_trial)
		: name_was(r, false) || (r->asked->method == METHOD_SUGGEST && was_deleted(r));
}

static bool conflict(const struct refusal *r)
{
	switch (r->asked->method) {
	case METHOD_CREATE_STUDY:
		return r->asked->if_exists == IF_EXISTS_ATTACH && was(r, has_another_budget);
	case METHOD_UPDATE_STUDY: return r->asked->update.action == ACTION_PAUSE && was(r, finished);
	case METHOD_OBSERVE:
	case METHOD_FAIL_TRIAL: return was(r, has_ended);
	default: return false;
	}
}

/* How many places wait for a computation is not known here. */
static bool spent(const struct refusal *r)
{
	return r->asked->method == METHOD_SUGGEST && was(r, limited);
}

static bool justified(const struct refusal *r)
{
	switch (kr_status_from_wire(r->e->code)) {
	case KR_NOT_FOUND: return not_found(r);
	case KR_ALREADY_EXISTS:
		return (r->asked->method == METHOD_CREATE_STUDY && r->asked->if_exists == IF_EXISTS_FAIL &&
				   name_was(r, true)) ||
			(r->asked->undelete && name_was(r, true));
	case KR_CONFLICT: return conflict(r);
	case KR_STALE_LEASE: return r->asked->forged || was(r, is_foreign);
	case KR_STUDY_FINISHED: return r->asked->method == METHOD_SUGGEST && was(r, finished);
	case KR_NOT_NOW:
		return r->asked->method == METHOD_PREDICT
			? was(r, without_results)
			: r->asked->method == METHOD_SUGGEST && was(r, paused);
	case KR_BUDGET_SPENT: return spent(r);
	case KR_SPACE_EXHAUSTED: /* the first study has a float */
		return strcmp(r->asked->name, clients_study_name(0)) != 0;
	case KR_INVALID_ARGUMENT: /* several deleted studies have the name */
		return r->asked->method == METHOD_DELETE_STUDY && r->asked->undelete;
	case KR_UNAVAILABLE: return world_in_trouble(r->w);
	case KR_OVERLOADED: return r->w->profile->starves > 0 && world_in_trouble(r->w);
	default: return false;
	}
}

void refusals_judge(
	struct world *w, const struct asked *asked, const struct msg_error *e, size_t arrived)
{
	const struct refusal r = {w, asked, e, arrived};
	sim_met.stale += e->code == kr_status_wire(KR_STALE_LEASE);
	sim_met.exhausted += e->code == kr_status_wire(KR_SPACE_EXHAUSTED);
	sim_met.unavailable += e->code == kr_status_wire(KR_UNAVAILABLE);
	if (!e->message || !e->message[0])
		world_complain(w, "an error without a sentence");
	if (!justified(&r))
		world_complain(w, "%s was refused without cause: %s (%s)", msg_method_name(asked->method),
			kr_status_name(kr_status_from_wire(e->code)), e->message);
}
