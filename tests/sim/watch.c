/* Replies as they leave the engine, against the model. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "daemon/engine/job_internal.h"
#include "proto/decode.h"
#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

/* ---- requests ---- */

static uint64_t id_of(const struct frame_header *h)
{
	uint64_t id;
	memcpy(&id, h->id, sizeof(id));
	return id;
}

static struct arrival *arrival_of(struct client *c, uint64_t id)
{
	for (int i = 0; i < SIM_ARRIVALS && i < c->n_arrivals; i++)
		if (c->arrivals[i].id == id)
			return &c->arrivals[i];
	return NULL;
}

/* It may renew them, whatever becomes of its answer. */
static void heartbeat_arrives(struct world *w, const struct msg_heartbeat *m)
{
	for (int i = 0; i < w->model->n; i++) {
		struct model_study *f = &w->model->studies[i];
		for (int k = 0; k < m->n && strcmp(f->name, m->study) == 0; k++) {
			if (m->leases[k].number >= f->n)
				continue;
			struct model_trial *t = &f->trials[m->leases[k].number];
			int64_t due = w->now_ns + (int64_t)t->lease_ms * 1000000;
			if (due > t->due_most)
				t->due_most = due;
		}
	}
}

void watch_request(
	struct world *w, int client, const struct frame_header *h, const struct msg_request *m)
{
	struct client *c = &w->clients[client];
	uint64_t id = id_of(h);
	w->n_asked++;
	if (!arrival_of(c, id))
		c->arrivals[c->n_arrivals++ % SIM_ARRIVALS] = (struct arrival){
			.id = id, .n_disk = w->n_disk, .at = w->now_ns};
	if (m->method == METHOD_HEARTBEAT)
		heartbeat_arrives(w, &m->u.heartbeat);
}

void watch_job(struct world *w, const struct job *j)
{
	struct arrival *a;
	if (j->kind != JOB_PREDICT)
		return;
	a = arrival_of(&w->clients[j->route->identity[0]], id_of(&j->route->header));
	if (a) {
		a->study = j->study;
		a->seq = j->of->seq;
		a->job_ns = w->now_ns;
	}
}

/* ---- trials ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_scalar(const struct msg_param *p, double x, const struct msg_named *v)
{
	if (strcmp(p->name, v->name) != 0)
		return false;
	if (p->kind == PARAM_CATEGORICAL)
		return msg_scalar_equal(&p->choices[(int)x], &v->value);
	if (p->kind == PARAM_INT)
		return v->value.kind == SCALAR_INT && v->value.i == (int64_t)x;
	return v->value.kind == SCALAR_REAL && v->value.r == x;
}

static bool same_point(const struct model_study *f, const double *point, const struct msg_trial *t)
{
	bool same = t->n_params == f->spec.n_params;
	for (int i = 0; same && i < t->n_params; i++)
		same = same_scalar(&f->spec.params[i], point[i], &t->params[i]);
	return same;
}

static bool same_values(
	const struct model_study *f, const struct model_version *v, const struct msg_trial *t)
{
	if (v->state != TRIAL_COMPLETE)
		return t->n_values == 0;
	return t->n_values == 1 && t->values[0].value == v->value &&
		strcmp(t->values[0].name, f->spec.metrics[0].name) == 0;
}

/* Only the lease of a trial that is given out is told. */
static bool same_lease(const struct model_trial *o, const struct msg_trial *t)
{
	return !t->has_lease ||
		(t->state == TRIAL_RUNNING && t->lease.number == t->number &&
			t->lease.attempt == o->attempt && t->lease.remaining_ms == o->lease_ms &&
			memcmp(t->lease.token, o->token, sizeof(o->token)) == 0);
}

/* columns: which of them the request asked for; NULL: all. */
static bool shows(const struct model_study *f, const struct msg_trial *t,
	const struct msg_list_trials *columns, const struct model_version *v)
{
	const struct model_trial *o = &f->trials[t->number];
	bool ended = v->state != TRIAL_RUNNING;
	return t->seq == v->seq && t->state == v->state && t->late == v->late &&
		t->told == !o->suggested && t->attempt == o->attempt && same_text(t->worker, o->worker) &&
		same_text(t->reason, v->reason) && t->created_ms == o->versions[0].time_ms &&
		t->finished_ms == (ended ? v->time_ms : 0) && same_lease(o, t) &&
		(columns && !columns->params ? t->n_params == 0 : same_point(f, o->point, t)) &&
		(columns && !columns->values ? t->n_values == 0 : same_values(f, v, t)) &&
		((columns && !columns->why) || o->suggested == (t->why.rule != 0));
}

/* Is this how one of the trial's events left it? */
static bool is_true(const struct model_study *f, const struct msg_trial *t)
{
	if (t->number >= f->n)
		return false;
	for (int i = 0; i < f->trials[t->number].n_versions; i++)
		if (shows(f, t, NULL, &f->trials[t->number].versions[i]))
			return true;
	return false;
}

static bool are_true(const struct model_study *f, const struct msg_trials_reply *r)
{
	bool good = true;
	for (int i = 0; good && i < r->n; i++)
		good = is_true(f, &r->trials[i]);
	return good;
}

/* ---- one reply ---- */

struct seen {
	struct world *w;
	const struct asked *asked;
	const struct arrival *arrival;
	size_t from; /* rows on the disk when the request came */
	const struct msg_reply *r;
};

bool watch_lived(const struct model_study *f, size_t from)
{
	const struct model_view *v = model_view_at(f, from);
	for (uint64_t i = model_seq_at(f, from); i < f->seq && (!v || v->state == STUDY_DELETED); i++)
		v = &f->views[i];
	return v && v->state != STUDY_DELETED;
}

/* Does the claim hold of a study of that name? live: one that was not deleted then. */
static bool of_any(const struct seen *s, bool live,
	bool (*claim)(const struct seen *s, const struct model_study *f))
{
	for (int i = 0; i < s->w->model->n; i++) {
		const struct model_study *f = &s->w->model->studies[i];
		if (strcmp(f->name, s->asked->name) == 0 && (!live || watch_lived(f, s->from)) &&
			claim(s, f))
			return true;
	}
	return false;
}

/* The first event that may be the newest that the reply knows. */
static uint64_t first_seq(const struct seen *s, const struct model_study *f)
{
	uint64_t seq = model_seq_at(f, s->from);
	return seq ? seq : 1;
}

/* ---- studies ---- */

static void study_is_true(const struct seen *s, const struct msg_study *m, bool fresh)
{
	const struct model_study *f = model_find(s->w->model, m->id);
	if (!f || m->seq == 0 || m->seq > f->seq) {
		world_complain(s->w, "study %llu is shown as of event %llu, durable is %llu", LL(m->id),
			LL(m->seq), LL(f ? f->seq : 0));
		return;
	}
	const struct model_view *v = &f->views[m->seq - 1];
	if (fresh && m->seq < model_seq_at(f, s->from))
		world_complain(s->w, "study %llu is shown as it was at event %llu", LL(m->id), LL(m->seq));
	if (strcmp(f->name, m->name) != 0 || v->state != m->state || v->spent != m->reserved ||
		v->limited != m->spec.has_budget || (v->limited && v->budget != m->spec.budget) ||
		memcmp(v->counts, m->counts, sizeof(v->counts)) != 0)
		world_complain(s->w, "study %llu was otherwise at event %llu: reserved %llu of %llu",
			LL(m->id), LL(m->seq), LL(v->spent), LL(v->budget));
	if ((v->best >= 0) != (m->best != NULL) ||
		(m->best && ((int64_t)m->best->number != v->best || !is_true(f, m->best))))
		world_complain(s->w, "the best of study %llu was trial %d at event %llu", LL(m->id),
			(int)v->best, LL(m->seq));
	if ((m->reason != NULL) != (v->state != STUDY_ACTIVE || (v->limited && v->spent >= v->budget)))
		world_complain(s->w, "study %llu: reason %s", LL(m->id), m->reason ? m->reason : "none");
}

static void studies_are_true(const struct seen *s)
{
	const struct msg_list_studies_reply *r = &s->r->u.list_studies;
	int n = 0;
	for (int i = 0; i < r->n; i++) {
		study_is_true(s, &r->studies[i], true);
		if (i > 0 && r->studies[i].id <= r->studies[i - 1].id)
			world_complain(s->w, "studies are not listed by id");
	}
	for (int i = 0; i < s->w->model->n; i++)
		n += model_seq_at(&s->w->model->studies[i], s->from) > 0;
	if (!world_in_trouble(s->w) && !r->more && r->n < n)
		world_complain(s->w, "%d studies are listed, there were %d", r->n, n);
}

/* Sums over the studies that were not deleted, when n rows were on the disk. */
static bool status_at(const struct world *w, const struct msg_status_reply *r, size_t n)
{
	struct msg_status_reply sum = {0};
	for (int i = 0; i < w->model->n; i++) {
		const struct model_view *v = model_view_at(&w->model->studies[i], n);
		if (!v || v->state == STUDY_DELETED)
			continue;
		sum.studies++;
		for (int k = 0; k < TRIAL_N_STATES; k++)
			sum.trials[k] += v->counts[k];
	}
	return sum.studies == r->studies && memcmp(sum.trials, r->trials, sizeof(sum.trials)) == 0;
}

/* While studies are read anew some may be left out. */
static bool status_is_within(const struct world *w, const struct msg_status_reply *r)
{
	uint64_t studies = 0, trials = 0, told = 0;
	for (int i = 0; i < w->model->n; i++) {
		studies += model_now(&w->model->studies[i])->state != STUDY_DELETED;
		trials += w->model->studies[i].n;
	}
	for (int k = 0; k < TRIAL_N_STATES; k++)
		told += r->trials[k];
	return r->studies <= studies && told <= trials;
}

static void status_is_true(const struct seen *s)
{
	bool good = world_in_trouble(s->w) && status_is_within(s->w, &s->r->u.status);
	for (size_t n = s->from; !good && n <= s->w->n_disk; n++)
		good = status_at(s->w, &s->r->u.status, n);
	if (!good)
		world_complain(s->w, "the status counts what is not there");
}

/* ---- lists ---- */

static bool wanted(const struct msg_list_trials *q, const struct model_version *v)
{
	return v && (!q->states || (q->states & 1u << v->state)) && v->seq > q->since_seq;
}

/* The page that the study had at event r->seq. */
static bool is_page(const struct seen *s, const struct model_study *f)
{
	const struct msg_list_trials *q = &s->asked->list;
	const struct msg_list_trials_reply *r = &s->r->u.list_trials;
	int n = 0;
	if (r->seq < first_seq(s, f) || r->seq > f->seq)
		return false;
	for (uint64_t k = q->from_number; k < f->n; k++) {
		const struct model_version *v = model_version_at(&f->trials[k], r->seq);
		if (!wanted(q, v))
			continue;
		if (n == r->n) /* cut by the limit */
			return r->more && r->next_number == k && q->limit && n == (int)q->limit;
		if (r->trials[n].number != k || !shows(f, &r->trials[n], q, v))
			return false;
		n++;
	}
	return n == r->n && !r->more;
}

/* ---- single trials ---- */

/* Not older than the request. */
static bool is_fresh_trial(const struct seen *s, const struct model_study *f)
{
	const struct msg_trial *t = &s->r->u.trials.trials[0];
	if (t->number != s->asked->told[0].number || !is_true(f, t))
		return false;
	const struct model_version *v = model_version_at(&f->trials[t->number], first_seq(s, f));
	return !v || v->seq <= t->seq;
}

static bool is_given(const struct seen *s, const struct model_study *f)
{
	const struct msg_trials_reply *r = &s->r->u.trials;
	bool good = r->n > 0 && (uint64_t)r->n <= s->asked->count && are_true(f, r);
	for (int i = 0; good && i < r->n; i++)
		good = r->trials[i].has_lease;
	return good;
}

static bool is_told(const struct seen *s, const struct model_study *f)
{
	const struct msg_trials_reply *r = &s->r->u.trials;
	bool good = r->n == s->asked->n_told && are_true(f, r);
	for (int i = 0; good && i < r->n; i++) {
		const struct told *q = &s->asked->told[i];
		const struct msg_trial *t = &r->trials[i];
		bool complete = s->asked->method == METHOD_OBSERVE && isfinite(q->value);
		good = t->number == q->number &&
			(complete ? t->n_values == 1 && t->values[0].value == q->value
					  : t->state ==
						(enum trial_state)(
							s->asked->method == METHOD_OBSERVE ? TRIAL_FAILED : (int)q->value));
	}
	return good;
}

static bool is_added(const struct seen *s, const struct model_study *f)
{
	const struct msg_add_trials_reply *r = &s->r->u.add_trials;
	bool good = r->count == (uint64_t)s->asked->n_points && r->first_number + r->count <= f->n;
	for (uint64_t i = 0; good && i < r->count; i++)
		good = !f->trials[r->first_number + i].suggested;
	return good;
}

static bool is_best(const struct seen *s, const struct model_study *f)
{
	const struct msg_trial *t = s->r->u.best.trial;
	if (t && !is_true(f, t))
		return false;
	for (uint64_t seq = first_seq(s, f); seq <= f->seq; seq++)
		if (f->views[seq - 1].best == (t ? (int64_t)t->number : -1))
			return true;
	return false;
}

static void prediction_is_true(const struct seen *s)
{
	const struct msg_predict_reply *r = &s->r->u.predict;
	const struct model_study *f = model_find(s->w->model, s->arrival->study);
	if (!f || f->seq < s->arrival->seq || f->lost_ns > s->arrival->job_ns)
		world_complain(s->w, "a prediction knows of events that are not durable");
	bool good = r->n == s->asked->n_points;
	for (int i = 0; good && i < r->n; i++)
		good = isfinite(r->predictions[i].mean) && isfinite(r->predictions[i].sd) &&
			r->predictions[i].sd >= 0;
	sim_met.predicted += good;
	if (!good)
		world_complain(
			s->w, "%d predictions for %d points, or one is not a number", r->n, s->asked->n_points);
}

/* ---- heartbeats ---- */

bool watch_right(const struct model_trial *t, const struct msg_lease *lease, const char *worker)
{
	if (lease->has_attempt && lease->attempt != t->attempt)
		return false;
	if (lease->has_token)
		return memcmp(lease->token, t->token, sizeof(t->token)) == 0;
	return !worker || !t->worker || strcmp(worker, t->worker) == 0;
}

static bool in_lost(const struct msg_heartbeat_reply *r, uint64_t number)
{
	for (int i = 0; i < r->n_lost; i++)
		if (r->lost[i] == number)
			return true;
	return false;
}

/* Renewed: it was the caller's and had not ended when the request came. Lost: it was
 * not there yet, is another's, or has ended by now. */
static bool is_judged(
	const struct seen *s, const struct model_study *f, const struct msg_lease *lease)
{
	const struct model_trial *t = lease->number < f->n ? &f->trials[lease->number] : NULL;
	bool right = t && watch_right(t, lease, s->asked->worker);
	const struct model_version *v = right ? model_version_at(t, first_seq(s, f)) : NULL;
	if (in_lost(&s->r->u.heartbeat, lease->number))
		return !v || model_version_now(t)->state != TRIAL_RUNNING;
	return right && (!v || v->state == TRIAL_RUNNING);
}

static bool heartbeat_is_true(const struct seen *s, const struct model_study *f)
{
	const struct msg_heartbeat_reply *r = &s->r->u.heartbeat;
	bool good = r->n + r->n_lost == s->asked->n_leases;
	for (int i = 0; good && i < s->asked->n_leases; i++)
		good = is_judged(s, f, &s->asked->leases[i]);
	return good;
}

/* What was told to be renewed holds for a full term from the arrival on. */
static void leases_are_renewed(const struct seen *s)
{
	const struct msg_heartbeat_reply *r = &s->r->u.heartbeat;
	for (int i = 0; i < s->w->model->n; i++) {
		struct model_study *f = &s->w->model->studies[i];
		if (strcmp(f->name, s->asked->name) != 0 || !heartbeat_is_true(s, f))
			continue;
		for (int k = 0; k < r->n; k++) {
			struct model_trial *t = &f->trials[r->leases[k].number];
			int64_t due = s->arrival->at + (int64_t)t->lease_ms * 1000000;
			if (watch_lived(f, s->from) && due > t->due_least)
				t->due_least = due;
		}
	}
	sim_met.renewed += r->n;
	sim_met.lost_leases += r->n_lost;
}

/* ---- all ---- */

static void of_study(const struct seen *s, bool live,
	bool (*claim)(const struct seen *s, const struct model_study *f))
{
	if (!of_any(s, live, claim))
		world_complain(s->w, "the answer to %s is true of no durable study '%s'",
			msg_method_name(s->asked->method), s->asked->name);
}

static void judge(const struct seen *s)
{
	switch (s->asked->method) {
	case METHOD_CREATE_STUDY:
	case METHOD_UPDATE_STUDY:
	case METHOD_DELETE_STUDY: study_is_true(s, &s->r->u.study.study, false); break;
	case METHOD_GET_STUDY: study_is_true(s, &s->r->u.study.study, true); break;
	case METHOD_LIST_STUDIES: studies_are_true(s); break;
	case METHOD_STATUS: status_is_true(s); break;
	case METHOD_SUGGEST: of_study(s, false, is_given); break;
	case METHOD_OBSERVE:
	case METHOD_FAIL_TRIAL: of_study(s, false, is_told); break;
	case METHOD_ADD_TRIALS: of_study(s, false, is_added); break;
	case METHOD_GET_TRIAL: of_study(s, true, is_fresh_trial); break;
	case METHOD_LIST_TRIALS: of_study(s, true, is_page); break;
	case METHOD_BEST: of_study(s, true, is_best); break;
	case METHOD_HEARTBEAT:
		of_study(s, true, heartbeat_is_true);
		leases_are_renewed(s);
		break;
	case METHOD_PREDICT: prediction_is_true(s); break;
	default: break;
	}
}

void watch_reply(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len)
{
	struct client *c = &w->clients[client];
	const struct arrival *arrival = arrival_of(c, id_of(h));
	struct arena *a = arena_new(64 << 20);
	struct msg_reply r;
	struct kr_error err;
	bool is_error = h->flags & FRAME_ERROR;
	w->n_replied++;
	if (w->complaint[0]) {
		/* the model has stopped there */
	} else if (decode_reply(&r, h->method, is_error, body, len, a, &err) != KR_OK) {
		world_complain(w, "a reply cannot be read: %s", err.text);
	} else if (arrival && id_of(h) >= c->first_patience) {
		struct seen s = {w, &c->asked, arrival, arrival->n_disk, &r};
		if (is_error)
			refusals_judge(w, &c->asked, &r.error, arrival->n_disk);
		else
			judge(&s);
	}
	arena_free(a);
}
