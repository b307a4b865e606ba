/* Who waits in the engine. When no commit, computation or load is under way, what is durable is
 * all that it knows: then nobody may wait but a suggest that was told to and can get nothing
 * yet, and a GetStudy of which nothing has changed; and neither for longer than it said. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

enum { MS = 1000000 };

/* ---- coming and going ---- */

static bool is_joined(const struct world *w, int i)
{
	for (int k = 0; k < i; k++)
		if (w->waiting[k].method == METHOD_SUGGEST &&
			memcmp(w->waiting[k].request, w->waiting[i].request, MSG_ID_BYTES) == 0)
			return true;
	return false;
}

static void note_crowd(struct world *w)
{
	struct crowd c = {.at = w->now_ns};
	for (int i = 0; i < w->n_waiting; i++)
		if (w->waiting[i].method == METHOD_SUGGEST && !is_joined(w, i))
			c.n[clients_study_index(w->waiting[i].name)]++;
	w->crowds = model__grown(w->crowds, w->n_crowds, &w->cap_crowds, sizeof(*w->crowds));
	w->crowds[w->n_crowds++] = c;
}

static const char *study_of(const struct msg_request *m)
{
	for (int i = 0; i < SIM_STUDIES; i++)
		if (m->method != METHOD_STATUS && m->method != METHOD_LIST_STUDIES &&
			strcmp(m->u.get_study.study, clients_study_name(i)) == 0)
			return clients_study_name(i);
	return NULL;
}

void watch_enter(
	struct world *w, int client, const struct frame_header *h, const struct msg_request *m)
{
	w->waiting = model__grown(
		w->waiting, (size_t)w->n_waiting, &w->cap_waiting, sizeof(*w->waiting));
	struct waiting *x = &w->waiting[w->n_waiting++];
	*x = (struct waiting){
		.client = client, .method = m->method, .name = study_of(m), .at = w->now_ns};
	memcpy(&x->id, h->id, sizeof(x->id));
	memcpy(x->request, m->meta.request_id, MSG_ID_BYTES);
	x->has_deadline = m->method == METHOD_SUGGEST && m->meta.has_deadline;
	x->deadline_ms = m->meta.deadline_ms;
	if (m->method == METHOD_SUGGEST)
		x->wait_ms = m->u.suggest.wait_ms;
	if (m->method == METHOD_GET_STUDY) {
		x->wait_ms = m->u.get_study.wait_ms;
		x->since_seq = m->u.get_study.since_seq;
	}
	if (m->method == METHOD_SUGGEST)
		note_crowd(w);
}

void watch_leave(struct world *w, int client, const struct frame_header *h)
{
	uint64_t id;
	memcpy(&id, h->id, sizeof(id));
	for (int i = 0; i < w->n_waiting; i++) {
		if (w->waiting[i].client != client || w->waiting[i].id != id)
			continue;
		bool suggest = w->waiting[i].method == METHOD_SUGGEST;
		memmove(&w->waiting[i], &w->waiting[i + 1],
			(size_t)(w->n_waiting - i - 1) * sizeof(*w->waiting));
		w->n_waiting--;
		if (suggest)
			note_crowd(w);
		return;
	}
	world_complain(w, "an answer to %s that nobody waits for", msg_method_name(h->method));
}

void watch_nobody(struct world *w)
{
	w->n_waiting = 0;
	note_crowd(w);
}

bool watch_alone(const struct world *w, const struct ledger_line *l, int64_t until)
{
	int study = clients_study_index(l->asked.name);
	if (!l->reached_ns)
		return false;
	for (size_t i = w->n_crowds; i > 0 && w->crowds[i - 1].at >= l->reached_ns; i--)
		if (w->crowds[i - 1].at <= until && w->crowds[i - 1].n[study] > 1)
			return false;
	return true;
}

/* ---- who may wait ---- */

/* Could a queued trial be given to it? */
static bool may_get_queued(
	const struct model_study *f, const struct model_version *v, const double *fixed)
{
	bool agrees = true;
	if (v->state != TRIAL_QUEUED || v->deleted)
		return false;
	for (int i = 0; i < f->spec.n_params; i++)
		agrees &= isnan(fixed[i]) || isnan(v->point[i]) || v->point[i] == fixed[i];
	return agrees && !(v->partial && model_is_finite(f));
}

static enum kr_status stands_in_the_way(const struct model_study *f, const double *fixed)
{
	const struct model_view *v = model_now(f);
	if (v->state != STUDY_ACTIVE)
		return v->state == STUDY_PAUSED ? KR_NOT_NOW : KR_STUDY_FINISHED;
	if (v->limited && v->spent >= v->budget)
		return KR_BUDGET_SPENT;
	for (uint64_t k = 0; k < f->n; k++)
		if (may_get_queued(f, model_version_now(&f->trials[k]), fixed))
			return KR_OK;
	return model_exhausted(f, fixed, f->seq) ? KR_SPACE_EXHAUSTED : KR_OK;
}

static bool may_change(const struct model_view *v, enum kr_status why)
{
	switch (why) {
	case KR_NOT_NOW: return true;
	case KR_BUDGET_SPENT: return v->counts[TRIAL_RUNNING] > 0;
	case KR_SPACE_EXHAUSTED: return v->counts[TRIAL_RUNNING] + v->counts[TRIAL_QUEUED] > 0;
	default: return false;
	}
}

static void suggest_may_wait(struct world *w, const struct waiting *x, const struct model_study *f)
{
	const struct ledger_line *l = clients_line(w, x->request);
	double fixed[SIM_MAX_PARAMS] = {NAN, NAN, NAN, NAN, NAN};
	if (l->asked.fixed)
		fixed[l->asked.fixed_at] = l->asked.fixed_value;
	enum kr_status why = stands_in_the_way(f, fixed);
	if (!x->wait_ms || !may_change(model_now(f), why))
		world_complain(w, "a suggest for study %llu waits, wait_ms %llu, though it is %s",
			LL(f->id), LL(x->wait_ms), kr_status_name(why));
}

/* It waits for one study of the name; that may have been deleted meanwhile. */
static bool get_may_wait(const struct world *w, const struct waiting *x)
{
	for (int i = 0; i < w->model->n; i++) {
		const struct model_study *f = &w->model->studies[i];
		if (x->wait_ms && strcmp(f->name, x->name) == 0 && f->seq <= x->since_seq)
			return true;
	}
	return false;
}

void watch_waits(struct world *w)
{
	for (int i = 0; i < w->n_waiting && !w->complaint[0]; i++) {
		const struct waiting *x = &w->waiting[i];
		const struct model_study *f = x->name ? model_live(w->model, x->name, w->n_disk) : NULL;
		if (x->method == METHOD_SUGGEST && f)
			suggest_may_wait(w, x, f);
		else if (x->method != METHOD_GET_STUDY || !get_may_wait(w, x))
			world_complain(
				w, "%s waits for nothing, or for what has come", msg_method_name(x->method));
	}
}

void watch_clock(struct world *w)
{
	for (int i = 0; i < w->n_waiting; i++) {
		const struct waiting *x = &w->waiting[i];
		if (x->wait_ms && x->at + (int64_t)x->wait_ms * MS <= w->now_ns)
			world_complain(
				w, "%s waits for more than %llu ms", msg_method_name(x->method), LL(x->wait_ms));
	}
}

/* A unit of work and a commit may still be under way; a tick comes each millisecond or so while
 * there is something to do. One that may wait has its deadline from when it could begin. */
void watch_deadlines(struct world *w)
{
	enum { MOST_TICKS = 20, MOST_MS = 100 };
	for (int i = 0; i < w->n_waiting; i++) {
		struct waiting *x = &w->waiting[i];
		int64_t late = w->now_ns - x->at - (int64_t)x->deadline_ms * MS;
		if (!x->has_deadline || x->wait_ms || late < 0)
			continue;
		if (++x->late_ticks > MOST_TICKS && late > (int64_t)MOST_MS * MS)
			world_complain(w, "a suggest is %lld ms behind its deadline", (long long)late / MS);
	}
}

/* ---- refusals ---- */

/* Was there a moment at which waiting was of no use? */
static bool was_hopeless(const struct seen *s, const struct model_study *f)
{
	enum kr_status why = kr_status_from_wire(s->r->error.code);
	for (uint64_t seq = watch_first_seq(s, f); seq <= f->seq; seq++)
		if (!may_change(&f->views[seq - 1], why))
			return true;
	return false;
}

void watch_patience(const struct seen *s, const struct msg_error *e)
{
	enum kr_status code = kr_status_from_wire(e->code);
	bool waits = code == KR_NOT_NOW || code == KR_BUDGET_SPENT || code == KR_SPACE_EXHAUSTED;
	if (s->asked->method != METHOD_SUGGEST || !s->asked->wait_ms || !waits || !s->line)
		return;
	bool over = s->w->now_ns >= s->line->reached_ns + (int64_t)s->asked->wait_ms * MS;
	sim_met.waited_in_vain += over;
	if (!over && !watch_of_any(s, false, was_hopeless))
		world_complain(s->w, "a suggest was refused with %s before its wait of %llu ms was over",
			kr_status_name(code), LL(s->asked->wait_ms));
}
