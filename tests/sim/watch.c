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

/* It may be renewed, whatever becomes of the answer. */
static void may_renew(struct world *w, const char *study, uint64_t number)
{
	for (int i = 0; i < w->model->n; i++) {
		struct model_study *f = &w->model->studies[i];
		if (strcmp(f->name, study) != 0 || number >= f->n)
			continue;
		struct model_trial *t = &f->trials[number];
		const struct model_attempt *a = model_holder(t, model_version_now(t));
		int64_t due = w->now_ns + (a ? (int64_t)a->lease_ms * 1000000 : 0);
		if (due > t->due_most)
			t->due_most = due;
	}
}

void watch_request(
	struct world *w, int client, const struct frame_header *h, const struct msg_request *m)
{
	struct client *c = &w->clients[client];
	uint64_t id = id_of(h);
	watch_enter(w, client, h, m);
	if (!arrival_of(c, id))
		c->arrivals[c->n_arrivals++ % SIM_ARRIVALS] = (struct arrival){
			.id = id, .n_disk = w->n_disk, .at = w->now_ns};
	if (m->method == METHOD_SUGGEST)
		w->asked_ns[clients_study_index(m->u.suggest.study)] = w->now_ns;
	if (m->method == METHOD_REPORT)
		may_renew(w, m->u.report.study, m->u.report.number);
	for (int i = 0; m->method == METHOD_HEARTBEAT && i < m->u.heartbeat.n; i++)
		may_renew(w, m->u.heartbeat.study, m->u.heartbeat.leases[i].number);
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

/* ---- one reply ---- */

bool watch_lived(const struct model_study *f, size_t from)
{
	const struct model_view *v = model_view_at(f, from);
	for (uint64_t i = model_seq_at(f, from); i < f->seq && (!v || v->state == STUDY_DELETED); i++)
		v = &f->views[i];
	return v && v->state != STUDY_DELETED;
}

bool watch_of_any(const struct seen *s, bool live,
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

uint64_t watch_first_seq(const struct seen *s, const struct model_study *f)
{
	uint64_t seq = model_seq_at(f, s->from);
	return seq ? seq : 1;
}

/* ---- studies ---- */

static bool same_settings(const struct model_view *v, const struct msg_study *m)
{
	return v->limited == m->spec.has_budget && (!v->limited || v->budget == m->spec.budget) &&
		v->lease_s == m->spec.lease_s && v->spec_version == m->spec_version &&
		(!m->spec.on_expiry || v->on_expiry == m->spec.on_expiry) &&
		(!m->spec.has_retry_limit || v->retry_limit == m->spec.retry_limit) &&
		strcmp(v->acquisition, m->spec.acquisition.name ? m->spec.acquisition.name : "auto") == 0 &&
		v->no_progress == (m->spec.has_stop ? m->spec.stop.no_progress : 0) &&
		model_same_labels(&v->labels, &m->spec.labels);
}

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
		memcmp(v->counts, m->counts, sizeof(v->counts)) != 0)
		world_complain(s->w, "study %llu was otherwise at event %llu: reserved %llu of %llu",
			LL(m->id), LL(m->seq), LL(v->spent), LL(v->budget));
	if (!same_settings(v, m))
		world_complain(s->w, "study %llu had other settings at event %llu, version %llu", LL(m->id),
			LL(m->seq), LL(v->spec_version));
	if ((v->best >= 0) != (m->best != NULL) ||
		(m->best &&
			((int64_t)m->best->number != v->best ||
				!watch_shows(f, m->best, NULL, model_version_at(&f->trials[v->best], m->seq)))))
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

/* ---- what waits, what comes next ---- */

/* With wait_ms: not before there is something new, or the time is over. */
static void was_worth_waiting(const struct seen *s)
{
	const struct msg_study *m = &s->r->u.study.study;
	bool news = m->seq > s->asked->since_seq;
	if (s->asked->wait_ms && !news &&
		s->w->now_ns < s->arrival->at + (int64_t)s->asked->wait_ms * 1000000)
		world_complain(s->w, "study %llu is shown without news before %llu ms were over", LL(m->id),
			LL(s->asked->wait_ms));
	sim_met.watched += s->asked->wait_ms && news && s->w->now_ns > s->arrival->at + 50000000;
}

static bool why_is_true(const struct seen *s, const struct model_study *f)
{
	const struct msg_why_reply *r = &s->r->u.why;
	for (uint64_t seq = watch_first_seq(s, f); seq <= f->seq; seq++) {
		const struct model_view *v = &f->views[seq - 1];
		bool good = r->queued == v->counts[TRIAL_QUEUED] &&
			r->running == v->counts[TRIAL_RUNNING] && r->has_left == v->limited &&
			r->has_expiry == (r->running > 0) && r->sentences.n > 0 &&
			(r->next == NEXT_NOTHING) == (r->error.code != 0) &&
			(v->state == STUDY_ACTIVE || r->next == NEXT_NOTHING) &&
			(r->next != NEXT_QUEUED || r->next_number < v->n);
		if (good && r->next == NEXT_QUEUED)
			good = model_version_at(&f->trials[r->next_number], seq)->state == TRIAL_QUEUED;
		if (good)
			return true;
	}
	return false;
}

/* The newest model that a durable suggestion has recorded, or why there is none. A computation that
 * a deadline cut after its fit recorded none; the next one may then record that of success alone. */
static bool model_is_true(const struct seen *s, const struct model_study *f)
{
	const struct msg_get_model_reply *r = &s->r->u.get_model;
	const struct msg_model *shown = model_of_objective(&f->spec, &r->models, NULL);
	for (uint64_t seq = watch_first_seq(s, f); seq <= f->seq; seq++) {
		const struct msg_model *is = f->views[seq - 1].objective;
		bool good = !is == !shown && !r->models.n == !!r->reason;
		if (good && is)
			good = shown->n == is->n && shown->mean == is->mean &&
				shown->noise_sd == is->noise_sd && r->sentences.n > 0;
		sim_met.models += good && is;
		if (good)
			return true;
	}
	return false;
}

static void prediction_is_true(const struct seen *s)
{
	const struct msg_predict_reply *r = &s->r->u.predict;
	const struct model_study *f = model_find(s->w->model, s->arrival->study);
	if (!f || f->seq < s->arrival->seq || f->lost_ns > s->arrival->job_ns)
		world_complain(s->w, "a prediction knows of events that are not durable");
	bool good = r->n == s->asked->n_points && (r->n_metrics == f->spec.n_metrics);
	for (int i = 0; good && i < r->n * r->n_metrics; i++)
		good = isfinite(r->predictions[i].mean) && isfinite(r->predictions[i].sd) &&
			r->predictions[i].sd >= 0;
	sim_met.predicted += good;
	if (!good)
		world_complain(
			s->w, "%d predictions for %d points, or one is not a number", r->n, s->asked->n_points);
}

/* ---- all ---- */

static void of_study(
	const struct seen *s, bool (*claim)(const struct seen *s, const struct model_study *f))
{
	if (!watch_of_any(s, true, claim))
		world_complain(s->w, "the answer to %s is true of no durable study '%s'",
			msg_method_name(s->asked->method), s->asked->name);
}

static void judge(const struct seen *s)
{
	switch (s->asked->method) {
	case METHOD_CREATE_STUDY:
	case METHOD_UPDATE_STUDY:
	case METHOD_DELETE_STUDY: study_is_true(s, &s->r->u.study.study, false); break;
	case METHOD_GET_STUDY:
		study_is_true(s, &s->r->u.study.study, true);
		was_worth_waiting(s);
		break;
	case METHOD_LIST_STUDIES: studies_are_true(s); break;
	case METHOD_STATUS: status_is_true(s); break;
	case METHOD_GET_TRIAL: of_study(s, watch_fresh_trial); break;
	case METHOD_LIST_TRIALS: of_study(s, watch_page); break;
	case METHOD_BEST: of_study(s, watch_best); break;
	case METHOD_HEARTBEAT: watch_heartbeat(s); break;
	case METHOD_PREDICT: prediction_is_true(s); break;
	case METHOD_WHY: of_study(s, why_is_true); break;
	case METHOD_GET_MODEL: of_study(s, model_is_true); break;
	default: break;
	}
	if (msg_method_mutates(s->asked->method) && !s->w->complaint[0])
		watch_change(s);
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
	watch_leave(w, client, h);
	if (w->complaint[0]) {
		/* the model has stopped there */
	} else if (decode_reply(&r, h->method, is_error, body, len, a, &err) != KR_OK) {
		world_complain(w, "a reply cannot be read: %s", err.text);
	} else if (arrival && id_of(h) >= c->first_patience) {
		const struct ledger_line *l = c->line == SIZE_MAX ? NULL : &w->ledger[c->line];
		struct seen s = {w, &c->asked, arrival, l, arrival->n_disk, &r};
		if (is_error)
			refusals_judge(&s, &r.error);
		else
			judge(&s);
	}
	arena_free(a);
}
