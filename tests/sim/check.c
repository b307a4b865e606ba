/* What must hold, told by a reference model that folds the rows on the disk and
 * shares no code with the engine: everything acknowledged is there, nothing was
 * applied twice, budgets held, and the live engine, a restarted one and the
 * model agree. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decode.h"
#include "proto/record.h"
#include "tests/sim/sim.h"

enum { MAX_TRIALS = 1024, MAX_FOLDED = 32 };

struct folded_trial {
	enum trial_state state;
	bool suggested, late, nonfinite;
	double value;
};

struct folded {
	uint64_t id, seq;
	char name[64];
	bool deleted;
	bool limited;
	uint64_t budget;
	struct folded_trial trials[MAX_TRIALS];
	uint64_t n;
};

struct model {
	struct folded studies[MAX_FOLDED];
	int n;
};

#define LL(x) ((unsigned long long)(x))

/* ---- the fold ---- */

static struct folded *find(struct model *m, uint64_t id)
{
	for (int i = 0; i < m->n; i++)
		if (m->studies[i].id == id)
			return &m->studies[i];
	return NULL;
}

static void set_budget(struct folded *f, bool limited, uint64_t budget)
{
	f->limited = limited;
	f->budget = budget;
}

/* Places of the budget that are taken: trials given out, less those that failed
 * without an evaluation or expired, and late results whose place was given on. */
static uint64_t reserved(const struct folded *f)
{
	uint64_t n = 0;
	for (uint64_t i = 0; i < f->n; i++) {
		const struct folded_trial *t = &f->trials[i];
		n += t->suggested && !t->late && t->state != TRIAL_EXPIRED &&
			(t->state != TRIAL_FAILED || t->nonfinite);
	}
	return n;
}

static void fold_suggested(struct world *w, struct folded *f, const struct record_suggested *s)
{
	for (int i = 0; i < s->n_trials; i++) {
		if (s->trials[i].number != f->n || f->n == MAX_TRIALS) {
			world_complain(w, "study %llu: number %llu given, %llu expected", LL(f->id),
				LL(s->trials[i].number), LL(f->n));
			return;
		}
		f->trials[f->n++] = (struct folded_trial){.state = TRIAL_RUNNING, .suggested = true};
	}
	if (f->limited && reserved(f) > f->budget)
		world_complain(w, "study %llu: %llu places of a budget of %llu", LL(f->id),
			LL(reserved(f)), LL(f->budget));
}

static void fold_outcome(struct world *w, struct folded *f, const struct record_outcome *o)
{
	if (o->number >= f->n) {
		world_complain(w, "an outcome of trial %llu of %llu", LL(o->number), LL(f->n));
		return;
	}
	struct folded_trial *t = &f->trials[o->number];
	bool from_running = t->state == TRIAL_RUNNING && !o->late;
	bool from_expired = t->state == TRIAL_EXPIRED && o->late;
	if (!from_running && !from_expired)
		world_complain(w, "study %llu trial %llu: from state %d to %d, late %d", LL(f->id),
			LL(o->number), t->state, o->state, o->late);
	t->state = o->state;
	t->late = o->late;
	t->nonfinite = o->reason && strcmp(o->reason, "nonfinite") == 0;
	t->value = o->n_values ? o->values[0] : NAN;
}

static void fold_added(struct world *w, struct folded *f, const struct record_added *r)
{
	if (r->first_number != f->n)
		world_complain(w, "told trials begin at %llu, not %llu", LL(r->first_number), LL(f->n));
	for (int i = 0; i < r->n && f->n < MAX_TRIALS; i++)
		f->trials[f->n++] = (struct folded_trial){.state = r->trials[i].reason ?
			TRIAL_FAILED : TRIAL_COMPLETE, .value = r->trials[i].metrics[0]};
}

static void fold_row(struct world *w, struct model *m, const struct row *row, const struct record *r)
{
	struct folded *f = find(m, row->study);
	if (!f && r->kind == RECORD_STUDY_CREATED && m->n < MAX_FOLDED) {
		f = &m->studies[m->n++];
		f->id = row->study;
	}
	if (!f || row->seq != f->seq + 1) {
		world_complain(w, "row %llu of study %llu is out of order", LL(row->seq), LL(row->study));
		return;
	}
	f->seq = row->seq;
	switch (r->kind) {
	case RECORD_STUDY_CREATED:
		strncpy(f->name, r->u.created.name, sizeof(f->name) - 1);
		set_budget(f, r->u.created.spec.has_budget, r->u.created.spec.budget);
		break;
	case RECORD_STUDY_UPDATED:
		if (r->u.updated.has_budget || r->u.updated.no_budget)
			set_budget(f, r->u.updated.has_budget, r->u.updated.budget);
		if (r->u.updated.state)
			f->deleted = r->u.updated.state == STUDY_DELETED;
		break;
	case RECORD_SUGGESTED:
		fold_suggested(w, f, &r->u.suggested);
		break;
	case RECORD_ENDED:
		for (int i = 0; i < r->u.ended.n; i++)
			fold_outcome(w, f, &r->u.ended.outcomes[i]);
		break;
	case RECORD_ADDED:
		fold_added(w, f, &r->u.added);
		break;
	}
}

static bool read_row(struct world *w, const struct row *row, struct record *r, struct arena *a)
{
	struct kr_error err;
	if (record_decode(r, row->kind, row->body, row->len, a, &err) == KR_OK)
		return true;
	world_complain(w, "a stored row cannot be read: %s", err.text);
	return false;
}

static void fold_disk(struct world *w, struct model *m)
{
	struct arena *a = arena_new(16 << 20);
	for (size_t i = 0; i < w->n_disk && !w->complaint[0]; i++) {
		struct record r;
		arena_reset(a);
		if (read_row(w, &w->disk[i].row, &r, a))
			fold_row(w, m, &w->disk[i].row, &r);
	}
	arena_free(a);
}

/* ---- the ledger against the rows ---- */

static const struct row *row_of(struct world *w, const struct ledger_line *l, int *n)
{
	const struct row *found = NULL;
	*n = 0;
	for (size_t i = 0; i < w->n_disk; i++) {
		const struct row *r = &w->disk[i].row;
		if (r->has_request && memcmp(r->request, l->request, 16) == 0) {
			found = r; /* the last: a replacing create has two */
			++*n;
		}
	}
	return found;
}

static void check_given(struct world *w, const struct ledger_line *l, const struct row *row)
{
	struct arena *a = arena_new(1 << 20);
	struct record r;
	if (read_row(w, row, &r, a)) {
		if (r.kind != RECORD_SUGGESTED || r.u.suggested.n_trials != l->n_numbers)
			world_complain(w, "a suggest was answered with other trials than stored");
		else
			for (int i = 0; i < l->n_numbers; i++)
				if (r.u.suggested.trials[i].number != l->numbers[i])
					world_complain(w, "trial %llu was answered, %llu stored",
						LL(l->numbers[i]), LL(r.u.suggested.trials[i].number));
	}
	arena_free(a);
}

static bool ended_so(const struct folded *f, const struct ledger_line *l)
{
	if (l->number >= f->n)
		return false;
	const struct folded_trial *t = &f->trials[l->number];
	if (l->method == METHOD_FAIL_TRIAL || isnan(l->value))
		return t->state == TRIAL_FAILED;
	return t->state == TRIAL_COMPLETE && t->value == l->value;
}

/* The trial has the outcome that was acknowledged. */
static void check_ended(struct world *w, struct model *m, const struct ledger_line *l,
	const struct row *row)
{
	if (row) {
		if (!ended_so(find(m, row->study), l))
			world_complain(w, "%s of trial %llu was acknowledged and is not there",
				msg_method_name(l->method), LL(l->number));
		return;
	}
	for (int i = 0; i < m->n; i++) /* a harmless repeat makes no row */
		if (ended_so(&m->studies[i], l))
			return;
	world_complain(w, "%s of trial %llu was acknowledged without a row",
		msg_method_name(l->method), LL(l->number));
}

static void check_line(struct world *w, struct model *m, const struct ledger_line *l)
{
	int n;
	const struct row *row = row_of(w, l, &n);
	if (n > (l->method == METHOD_CREATE_STUDY ? 2 : 1))
		world_complain(w, "%s was applied %d times", msg_method_name(l->method), n);
	if (!l->answered) {
		world_complain(w, "%s was never answered", msg_method_name(l->method));
		return;
	}
	if (!l->ok) {
		/* A refusal is not remembered: another copy of it may be applied later. */
		if (n && l->copies == 1 && w->profile->twice == 0)
			world_complain(w, "%s was refused (code %u) and applied",
				msg_method_name(l->method), l->code);
		return;
	}
	switch (l->method) {
	case METHOD_SUGGEST:
	case METHOD_ADD_TRIALS:
	case METHOD_DELETE_STUDY:
		if (!row)
			world_complain(w, "%s was acknowledged and is lost", msg_method_name(l->method));
		else if (l->method == METHOD_SUGGEST)
			check_given(w, l, row);
		break;
	case METHOD_OBSERVE:
	case METHOD_FAIL_TRIAL:
		check_ended(w, m, l, row);
		break;
	case METHOD_CREATE_STUDY:
		if (!find(m, l->study_id) || (row && row->study != l->study_id))
			world_complain(w, "a created study is lost");
		break;
	default:
		break;
	}
}

/* ---- the engine against the fold ---- */

static bool look_at(struct world *w, enum method method, const char *study, struct msg_reply *out,
	struct arena *a)
{
	struct msg_request m = {.method = method};
	m.u.get_study.study = study;
	if (method == METHOD_LIST_TRIALS)
		m.u.list_trials.params = m.u.list_trials.values = m.u.list_trials.why = true;
	return check_ask(w, &m, out, a);
}

static void check_study(struct world *w, const struct folded *f, struct arena *a)
{
	struct msg_reply study, list;
	if (!look_at(w, METHOD_GET_STUDY, f->name, &study, a) ||
		!look_at(w, METHOD_LIST_TRIALS, f->name, &list, a))
		return;
	if (study.is_error || list.is_error) {
		world_complain(w, "study %llu is on the disk and not shown", LL(f->id));
		return;
	}
	uint64_t counts[TRIAL_N_STATES] = {0};
	for (uint64_t i = 0; i < f->n; i++)
		counts[f->trials[i].state]++;
	if (memcmp(counts, study.u.study.study.counts, sizeof(counts)))
		world_complain(w, "the counters of study %llu differ from a recount", LL(f->id));
	if (study.u.study.study.reserved != reserved(f) && !study.u.study.study.reserved)
		world_complain(w, "study %llu: reserved %llu", LL(f->id),
			LL(study.u.study.study.reserved));
	if ((uint64_t)list.u.list_trials.n != f->n) {
		world_complain(w, "%d trials listed of %llu", list.u.list_trials.n, LL(f->n));
		return;
	}
	for (uint64_t i = 0; i < f->n; i++) {
		const struct msg_trial *t = &list.u.list_trials.trials[i];
		const struct folded_trial *r = &f->trials[i];
		if (t->number != i || t->state != r->state || t->told == r->suggested ||
			(t->state == TRIAL_COMPLETE &&
				(t->n_values != 1 || t->values[0].value != r->value)))
			world_complain(w, "trial %llu of study %llu is listed otherwise", LL(i), LL(f->id));
	}
}

static void check_replay(struct world *w, const char *study, struct arena *a)
{
	struct msg_request m = {.method = METHOD_REPLAY};
	struct msg_reply r;
	m.u.replay.study = study;
	do {
		if (!check_ask(w, &m, &r, a))
			return;
		if (r.is_error) {
			world_complain(w, "replay: %s", r.error.message);
			return;
		}
		for (int i = 0; i < r.u.replay.n; i++)
			if (!r.u.replay.suggestions[i].equal)
				world_complain(w, "replay of trial %llu differs",
					LL(r.u.replay.suggestions[i].number));
		m.u.replay.from_seq = r.u.replay.next_seq;
	} while (r.u.replay.more && !w->complaint[0]);
}

/* Listings before and after a restart are equal, byte for byte. */
static void check_restart(struct world *w, const struct model *m, struct arena *a)
{
	uint8_t *before[MAX_FOLDED] = {0};
	size_t len[MAX_FOLDED] = {0};
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < m->n; i++) {
			struct msg_reply r;
			if (m->studies[i].deleted ||
				!look_at(w, METHOD_LIST_TRIALS, m->studies[i].name, &r, a))
				continue;
			if (pass == 0) {
				before[i] = w->caught;
				len[i] = w->caught_len;
				w->caught = NULL;
			} else if (len[i] != w->caught_len ||
				memcmp(before[i], w->caught, len[i])) {
				world_complain(w, "study %llu differs after a restart",
					LL(m->studies[i].id));
			}
		}
		if (pass == 0)
			world_kill(w);
	}
	for (int i = 0; i < m->n; i++)
		free(before[i]);
}

bool check_ask(struct world *w, struct msg_request *m, struct msg_reply *out, struct arena *a)
{
	struct route route = {.identity = {SIM_CLIENTS}, .identity_len = 1,
		.header = {.version = 1, .method = (uint16_t)m->method}};
	struct event ev = {.kind = EVENT_REQUEST, .u.request = {.route = &route, .request = m}};
	struct kr_error err;
	for (int tries = 0; tries < 100 && !w->complaint[0]; tries++) {
		free(w->caught);
		w->caught = NULL;
		world_event(w, &ev);
		for (long i = 0; i < 100000 && !w->caught && !w->complaint[0]; i++)
			world_turn(w);
		if (!w->caught)
			break;
		bool is_error = w->caught_header.flags & FRAME_ERROR;
		if (decode_reply(out, m->method, is_error, w->caught, w->caught_len, a, &err) != KR_OK)
			break;
		if (!is_error || out->error.code != kr_status_wire(KR_UNAVAILABLE))
			return true;
	}
	world_complain(w, "%s is not answered", msg_method_name(m->method));
	return false;
}

/* Copies of old requests on their way, jobs and commits under way. */
static bool busy(const struct world *w)
{
	for (size_t i = 0; i < w->n_heap; i++)
		if (w->heap[i].kind != HAPPEN_TICK && w->heap[i].kind != HAPPEN_TIMEOUT)
			return true;
	return false;
}

/* So that nothing changes any more while the engine is compared: what is under way
 * arrives, then every lease runs out. */
static void settle(struct world *w)
{
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < 20 || busy(w); i++)
			world_turn(w);
		w->now_ns += 1000LL * 1000000000;
	}
	for (int i = 0; i < 20 || busy(w); i++)
		world_turn(w);
}

void check_world(struct world *w)
{
	struct model *m = calloc(1, sizeof(*m));
	struct arena *a = arena_new(64 << 20);
	if (!m || !a)
		abort();
	settle(w);
	fold_disk(w, m);
	for (size_t i = 0; i < w->n_ledger && !w->complaint[0]; i++)
		check_line(w, m, &w->ledger[i]);
	for (int i = 0; i < m->n && !w->complaint[0]; i++)
		if (!m->studies[i].deleted)
			check_study(w, &m->studies[i], a);
	if (!w->complaint[0])
		check_restart(w, m, a);
	for (int i = 0; i < m->n && w->seed % 8 == 0 && !w->complaint[0]; i++)
		if (!m->studies[i].deleted)
			check_replay(w, m->studies[i].name, a);
	arena_free(a);
	free(m);
}

/* ---- replies show only what is durable ---- */

static bool touches(const struct record *r, uint64_t number)
{
	if (r->kind == RECORD_ADDED)
		return number >= r->u.added.first_number &&
			number < r->u.added.first_number + (uint64_t)r->u.added.n;
	if (r->kind == RECORD_SUGGESTED)
		for (int i = 0; i < r->u.suggested.n_trials; i++)
			if (r->u.suggested.trials[i].number == number)
				return true;
	if (r->kind == RECORD_ENDED)
		for (int i = 0; i < r->u.ended.n; i++)
			if (r->u.ended.outcomes[i].number == number)
				return true;
	return false;
}

static void trial_is_durable(struct world *w, const struct msg_trial *t, struct arena *a)
{
	for (size_t i = 0; i < w->n_disk; i++) {
		struct record r;
		if (w->disk[i].row.seq == t->seq && read_row(w, &w->disk[i].row, &r, a) &&
			touches(&r, t->number))
			return;
	}
	world_complain(w, "trial %llu is shown as of event %llu, which is not durable",
		LL(t->number), LL(t->seq));
}

static void study_is_durable(struct world *w, const struct msg_study *s)
{
	if (s->seq == 0 || s->seq > disk_seq(w, s->id))
		world_complain(w, "study %llu is shown as of event %llu, durable is %llu", LL(s->id),
			LL(s->seq), LL(disk_seq(w, s->id)));
}

void check_reply_is_durable(struct world *w, const struct frame_header *h, const uint8_t *body,
	size_t len)
{
	if (h->flags & FRAME_ERROR)
		return;
	struct arena *a = arena_new(64 << 20);
	struct msg_reply r;
	struct kr_error err;
	if (decode_reply(&r, h->method, false, body, len, a, &err) != KR_OK) {
		world_complain(w, "a reply cannot be read: %s", err.text);
	} else if (h->method == METHOD_CREATE_STUDY || h->method == METHOD_GET_STUDY ||
		h->method == METHOD_UPDATE_STUDY || h->method == METHOD_DELETE_STUDY) {
		study_is_durable(w, &r.u.study.study);
	} else if (h->method == METHOD_SUGGEST || h->method == METHOD_OBSERVE ||
		h->method == METHOD_FAIL_TRIAL || h->method == METHOD_GET_TRIAL) {
		for (int i = 0; i < r.u.trials.n; i++)
			trial_is_durable(w, &r.u.trials.trials[i], a);
	} else if (h->method == METHOD_LIST_TRIALS) {
		for (int i = 0; i < r.u.list_trials.n; i++)
			trial_is_durable(w, &r.u.list_trials.trials[i], a);
	} else if (h->method == METHOD_LIST_STUDIES) {
		for (int i = 0; i < r.u.list_studies.n; i++)
			study_is_durable(w, &r.u.list_studies.studies[i]);
	} else if (h->method == METHOD_BEST && r.u.best.trial) {
		trial_is_durable(w, r.u.best.trial, a);
	}
	arena_free(a);
}
