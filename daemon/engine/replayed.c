#include "daemon/engine/replayed.h"

#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/page.h"
#include "daemon/engine/point.h"
#include "daemon/engine/give.h"
#include "proto/limits.h"

static enum kr_status read_record(struct replayed *ev, const struct row *row, struct kr_error *err)
{
	struct record rec;
	enum kr_status st;

	ev->arena = arena_new(2 * LIMIT_ARENA_BYTES);
	if (!ev->arena)
		return kr_fail(err, KR_ENOMEM, "no memory to replay");
	ev->seq = row->seq;
	st = record_decode(&rec, row->kind, row->body, row->len, ev->arena, err);
	if (st != KR_OK)
		return st;
	ev->record = rec.u.suggested;
	ev->verdicts = ARENA_ARRAY(ev->arena, struct verdict, ev->record.n_trials);
	return ev->verdicts ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory to replay");
}

enum kr_status replayed_new(struct replayed **out, const struct row *row, struct kr_error *err)
{
	struct replayed *ev = KR_NEW(struct replayed);
	enum kr_status st;

	*out = NULL;
	if (!ev)
		return kr_fail(err, KR_ENOMEM, "no memory to replay");
	st = read_record(ev, row, err);
	if (st != KR_OK) {
		replayed_free(ev);
		return st;
	}
	*out = ev;
	return KR_OK;
}

void replayed_free(struct replayed *ev)
{
	if (!ev)
		return;
	arena_free(ev->arena);
	kr_free(ev);
}

bool replayed_possible(const struct replayed *ev, int d)
{
	const struct record_job *j = &ev->record.job;

	if (j->snapshot_seq >= ev->seq || j->n_slots > LIMIT_BATCH)
		return false;
	for (int i = 0; i < ev->record.n_trials; i++)
		if (ev->record.trials[i].n_values != d)
			return false;
	return (uint64_t)j->first_slot + (uint64_t)ev->record.n_trials <= j->n_slots &&
		(j->n_fixed == 0 || (uint64_t)j->n_fixed == (uint64_t)j->n_slots * (uint64_t)d);
}

/* ---- comparison ------------------------------------------------------------- */

static bool same_bits(const double *a, const double *b, size_t n)
{
	return n == 0 || memcmp(a, b, n * sizeof(*a)) == 0;
}

static bool same_why(const struct msg_why *a, const struct policy_suggestion *p)
{
	struct msg_why b;

	give_why(&b, p);
	return a->rule == b.rule && a->freshness == b.freshness &&
		a->has_prediction == b.has_prediction && same_bits(&a->mean, &b.mean, 1) &&
		same_bits(&a->sd, &b.sd, 1) && same_bits(&a->log_acq, &b.log_acq, 1);
}

static bool same_end(const struct record_job *rec, const struct job *j)
{
	return rec->units == j->units && rec->n_state_out == j->n_state_out &&
		same_bits(rec->state_out, j->state_out, (size_t)j->n_state_out);
}

static void keep_computed(struct replayed *ev, int i, const double *values, size_t d)
{
	size_t n = (size_t)ev->record.n_trials;

	if (!ev->computed)
		ev->computed = ARENA_ARRAY(ev->arena, double, n *d);
	if (!ev->computed)
		return;
	memcpy(ev->computed + (size_t)i * d, values, d * sizeof(double));
	ev->verdicts[i].has_computed = true;
}

void replayed_compare(struct replayed *ev, const struct job *j)
{
	size_t d = (size_t)j->def->d;
	bool end = same_end(&ev->record.job, j);

	for (int i = 0; i < ev->record.n_trials; i++) {
		const struct record_given *t = &ev->record.trials[i];
		const struct policy_suggestion *p =
			&j->suggestions[ev->record.job.first_slot + (uint32_t)i];
		bool equal = end && p->values && same_bits(t->values, p->values, d);

		ev->verdicts[i].equal = equal && same_why(&t->why, p);
		if (!ev->verdicts[i].equal && p->values)
			keep_computed(ev, i, p->values, d);
	}
}

/* ---- the answer ------------------------------------------------------------- */

static const double *computed(const struct replayed *ev, int i, int d)
{
	return ev->verdicts[i].has_computed ? ev->computed + (size_t)i * (size_t)d : NULL;
}

size_t replayed_bytes(const struct replayed *ev, const struct definition *def)
{
	enum { FRAMING = 32 };
	size_t sum = 0;

	for (int i = 0; i < ev->record.n_trials; i++) {
		const double *other = computed(ev, i, def->d);

		sum += FRAMING + page_point_bytes(def, ev->record.trials[i].values);
		sum += other ? page_point_bytes(def, other) : 0;
	}
	return sum;
}

static bool put_point(const struct definition *def, const double *values, struct arena *a, int *n,
	const struct msg_named **out)
{
	if (!values)
		return true;
	*out = point_write(def, values, n, a);
	return *out != NULL;
}

enum kr_status replayed_put(struct msg_replayed *out, const struct replayed *ev,
	const struct definition *def, bool points, struct arena *a)
{
	for (int i = 0; i < ev->record.n_trials; i++) {
		const struct record_given *t = &ev->record.trials[i];
		struct msg_replayed *m = &out[i];

		*m = (struct msg_replayed){
			.seq = ev->seq, .number = t->number, .equal = ev->verdicts[i].equal};
		if (!points)
			continue;
		if (!put_point(def, t->values, a, &m->n_recorded, &m->recorded) ||
			!put_point(def, computed(ev, i, def->d), a, &m->n_computed, &m->computed))
			return KR_ENOMEM;
	}
	return KR_OK;
}
