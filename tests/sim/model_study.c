/* Studies of the model, and their settings. */
#include <string.h>

#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

static void name_is_unique(struct world *w, const struct model_study *f)
{
	const struct model *m = w->model;
	for (int i = 0; i < m->n; i++) {
		const struct model_study *o = &m->studies[i];
		if (o != f && strcmp(o->name, f->name) == 0 && model_now(o)->state != STUDY_DELETED)
			world_complain(w, "studies %llu and %llu have one name", LL(o->id), LL(f->id));
	}
}

void model__created(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	struct model_view *v = model__view(f);
	f->name = r->u.created.name;
	f->spec = r->u.created.spec;
	v->limited = f->spec.has_budget;
	v->budget = f->spec.budget;
	v->lease_s = f->spec.lease_s;
	v->on_expiry = f->spec.on_expiry ? f->spec.on_expiry : ON_EXPIRY_EXPIRE;
	v->retry_limit = f->spec.has_retry_limit ? f->spec.retry_limit : 2;
	v->labels = f->spec.labels;
	v->no_progress = f->spec.has_stop ? f->spec.stop.no_progress : 0;
	v->acquisition = "auto";
	const struct asked *q = model__asked(w, f, &s->row, METHOD_CREATE_STUDY);
	if (q && (!v->limited || v->budget != q->budget))
		world_complain(w, "study %llu has a budget of %llu, not %llu", LL(f->id), LL(v->budget),
			LL(q->budget));
	name_is_unique(w, f);
}

/* ---- labels ---- */

static const struct msg_named *find_label(const struct msg_labels *l, const char *name)
{
	for (int i = 0; i < l->n; i++)
		if (strcmp(l->p[i].name, name) == 0)
			return &l->p[i];
	return NULL;
}

bool model_same_labels(const struct msg_labels *a, const struct msg_labels *b)
{
	bool same = a->n == b->n;
	for (int i = 0; same && i < a->n; i++) {
		const struct msg_named *l = find_label(b, a->p[i].name);
		same = l && msg_scalar_equal(&a->p[i].value, &l->value);
	}
	return same;
}

static bool is_among(const struct msg_texts *texts, const char *name)
{
	for (int i = 0; i < texts->n; i++)
		if (strcmp(texts->p[i], name) == 0)
			return true;
	return false;
}

struct msg_labels model__merged(struct world *w, const struct msg_labels *old,
	const struct msg_labels *set, const struct msg_texts *remove)
{
	struct msg_named *p = ARENA_ARRAY(w->model->arena, struct msg_named, old->n + set->n + 1);
	int n = 0;
	for (int i = 0; i < old->n; i++)
		if (!is_among(remove, old->p[i].name) && !find_label(set, old->p[i].name))
			p[n++] = old->p[i];
	for (int i = 0; i < set->n; i++)
		p[n++] = set->p[i];
	return (struct msg_labels){n, p};
}

/* ---- changes ---- */

bool model_halts(const struct model_view *v)
{
	return (v->state == STUDY_ACTIVE || v->state == STUDY_PAUSED) && v->no_progress &&
		v->without >= v->no_progress;
}

static enum study_state before_deletion(const struct model_study *f)
{
	uint64_t i = f->seq;
	while (i > 1 && f->views[i - 1].state == STUDY_DELETED)
		i--;
	return f->views[i - 1].state;
}

static bool same_settings(const struct model_view *a, const struct model_view *b)
{
	return a->limited == b->limited && (!a->limited || a->budget == b->budget) &&
		a->lease_s == b->lease_s && a->on_expiry == b->on_expiry &&
		a->retry_limit == b->retry_limit && a->no_progress == b->no_progress &&
		strcmp(a->acquisition, b->acquisition) == 0 && model_same_labels(&a->labels, &b->labels);
}

/* What the request makes of a study. */
static void ask_settings(struct world *w, struct model_view *v, const struct msg_update_study *q)
{
	static const enum study_state after[] = {[ACTION_PAUSE] = STUDY_PAUSED,
		[ACTION_RESUME] = STUDY_ACTIVE,
		[ACTION_FINISH] = STUDY_FINISHED};
	struct model_view was = *v;
	if (q->has_budget || q->no_budget) {
		v->limited = q->has_budget;
		v->budget = q->has_budget ? q->budget : 0;
	}
	if (q->has_lease)
		v->lease_s = q->lease_s;
	if (q->on_expiry)
		v->on_expiry = q->on_expiry;
	if (q->has_retry_limit)
		v->retry_limit = q->retry_limit;
	if (q->has_stop && q->stop.no_progress != v->no_progress) {
		v->no_progress = q->stop.no_progress;
		if (v->ended && v->state == STUDY_FINISHED && !q->action)
			v->state = STUDY_ACTIVE;
	}
	if (q->acquisition.name)
		v->acquisition = q->acquisition.name;
	v->labels = model__merged(w, &v->labels, &q->labels, &q->remove_labels);
	v->spec_version += !same_settings(&was, v);
	if (q->action)
		v->state = after[q->action];
}

/* What the row makes of it; versions are counted by the request. */
static void tell_settings(struct model_view *v, const struct record_updated *r)
{
	if (r->has_budget || r->no_budget) {
		v->limited = r->has_budget;
		v->budget = r->has_budget ? r->budget : 0;
	}
	if (r->has_lease)
		v->lease_s = r->lease_s;
	if (r->on_expiry)
		v->on_expiry = r->on_expiry;
	if (r->has_retry_limit)
		v->retry_limit = r->retry_limit;
	if (r->has_labels)
		v->labels = r->labels;
	if (r->has_stop)
		v->no_progress = r->stop.no_progress;
	if (r->acquisition.name)
		v->acquisition = r->acquisition.name;
	if (r->has_stop || r->state == STUDY_ACTIVE)
		v->without = 0;
	if (r->state == STUDY_ACTIVE || (r->state == STUDY_FINISHED && v->state != STUDY_DELETED))
		v->ended = r->reason != NULL;
	if (r->state)
		v->state = r->state;
}

/* What the client of the row wanted; a replaced study had none of its own. */
static bool ask(
	struct world *w, struct model_study *f, const struct row *row, struct model_view *wanted)
{
	const struct asked *q;
	if (!row->has_request && row->method == 0) { /* its stop rule */
		if (!model_halts(wanted))
			world_complain(w, "study %llu has ended after %llu trials without progress, not %llu",
				LL(f->id), LL(wanted->without), LL(wanted->no_progress));
		wanted->state = STUDY_FINISHED;
		sim_met.halted++;
		return true;
	}
	if (row->method == METHOD_CREATE_STUDY) { /* replaced, or somebody attached to it */
		wanted->state = row->has_request ? wanted->state : STUDY_DELETED;
		return true;
	}
	q = model__asked(w, f, row, (enum method)row->method);
	if (!q)
		return false;
	if (q->method == METHOD_DELETE_STUDY)
		wanted->state = q->undelete ? before_deletion(f) : STUDY_DELETED;
	else
		ask_settings(w, wanted, &q->update);
	if (q->update.action == ACTION_PAUSE && model__view(f)->state == STUDY_FINISHED)
		world_complain(w, "study %llu was finished and is paused", LL(f->id));
	if (q->update.has_expected_version &&
		q->update.expected_version != model__view(f)->spec_version)
		world_complain(w, "study %llu: event %llu is a change of version %llu, not %llu", LL(f->id),
			LL(row->seq), LL(model__view(f)->spec_version), LL(q->update.expected_version));
	return true;
}

void model__updated(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r)
{
	struct model_view *v = model__view(f), wanted = *v, was = *v;
	if (!ask(w, f, &s->row, &wanted))
		return;
	tell_settings(v, &r->u.updated);
	v->spec_version = wanted.spec_version;
	if (v->state != wanted.state || (!s->row.has_request && s->row.method == 0 && !v->ended) ||
		!same_settings(v, &wanted))
		world_complain(w, "study %llu: event %llu is another change than was asked for", LL(f->id),
			LL(f->seq));
	f->shrunk |= v->limited && (!was.limited || v->budget < was.budget);
	sim_met.settings += v->spec_version != was.spec_version;
	sim_met.undeleted += was.state == STUDY_DELETED && v->state == STUDY_PAUSED;
	if (was.state == STUDY_DELETED && v->state != STUDY_DELETED)
		name_is_unique(w, f);
}
