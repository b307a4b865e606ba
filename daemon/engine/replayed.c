#include "daemon/engine/replayed.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/give.h"
#include "daemon/engine/grounds.h"
#include "daemon/engine/page.h"
#include "daemon/engine/point.h"
#include "proto/limits.h"

/* The slot of a queued trial that was completed, by its key; -1: it was whole. */
static int slot_of_queued(const struct record_job *j, uint64_t number)
{
	for (int i = (int)j->first_slot; i < j->n_numbers; i++)
		if (j->numbers[i] == number)
			return i;
	return -1;
}

/* The slots of one suggest complete its queued trials, then make new ones. */
static void find_slots(struct replayed *ev)
{
	const struct record_job *j = &ev->record.job;
	int next = (int)j->first_slot;

	while (next < j->n_numbers && j->numbers[next] < j->first_number)
		next++;
	for (int i = 0; i < ev->record.n_trials; i++) {
		uint64_t number = ev->record.trials[i].number;

		ev->slots[i] = number >= j->first_number ? next++ : slot_of_queued(j, number);
		ev->n_computed += ev->slots[i] >= 0;
	}
}

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
	ev->slots = ARENA_ARRAY(ev->arena, int, ev->record.n_trials);
	if (!ev->verdicts || !ev->slots)
		return kr_fail(err, KR_ENOMEM, "no memory to replay");
	if (ev->record.job.first_slot <= LIMIT_BATCH)
		find_slots(ev);
	return KR_OK;
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

/* Values that slots must keep: free, or allowed. */
static bool good_fixed(const struct record_job *j, const struct definition *def)
{
	if (j->n_fixed == 0)
		return true;
	if ((uint64_t)j->n_fixed != (uint64_t)j->n_slots * (uint64_t)def->d)
		return false;
	for (int i = 0; i < j->n_fixed; i++)
		if (!isnan(j->fixed[i]) && space_check(def->space, i % def->d, j->fixed[i], NULL) != KR_OK)
			return false;
	return true;
}

bool replayed_possible(const struct replayed *ev, const struct definition *def)
{
	const struct record_job *j = &ev->record.job;

	if (j->snapshot_seq >= ev->seq || j->n_slots > LIMIT_BATCH || j->first_slot >= j->n_slots)
		return false;
	for (int i = 0; i < ev->record.n_trials; i++)
		if (ev->record.trials[i].n_values != def->d || ev->slots[i] >= (int)j->n_slots)
			return false;
	for (int i = 0; i < j->n_numbers; i++)
		if (j->numbers[i] >> 56)
			return false;
	return (j->n_numbers == 0 || (uint32_t)j->n_numbers == j->n_slots) && good_fixed(j, def);
}

bool replayed_same_job(const struct replayed *a, const struct replayed *b)
{
	const struct record_job *x = &a->record.job, *y = &b->record.job;

	return x->snapshot_seq == y->snapshot_seq && x->n_slots == y->n_slots && x->units == y->units &&
		x->cut == y->cut && x->n_numbers == y->n_numbers &&
		(x->n_numbers == 0 ||
			memcmp(x->numbers, y->numbers, (size_t)x->n_numbers * sizeof(*x->numbers)) == 0);
}

/* ---- comparison ------------------------------------------------------------- */

static bool same_bits(const double *a, const double *b, size_t n)
{
	return n == 0 || memcmp(a, b, n * sizeof(*a)) == 0;
}

/* An older version has recorded no grounds. */
static bool same_why(
	const struct msg_why *a, const struct job *j, const struct policy_suggestion *p)
{
	struct grounds grounds;
	struct msg_why b;

	give_why(&b, &grounds, j, p);
	return (!a->grounds || grounds_equal(a->grounds, b.grounds)) && a->rule == b.rule &&
		a->freshness == b.freshness && a->has_prediction == b.has_prediction &&
		same_bits(&a->mean, &b.mean, 1) && same_bits(&a->sd, &b.sd, 1) &&
		same_bits(&a->log_acq, &b.log_acq, 1) && a->has_acq == b.has_acq &&
		same_bits(&a->acq, &b.acq, 1) && a->has_p_feasible == b.has_p_feasible &&
		same_bits(&a->p_feasible, &b.p_feasible, 1);
}

/* An older version has recorded none. */
static bool same_outlook(const struct record_job *rec, const struct job *j)
{
	return !rec->has_outlook ||
		(j->has_outlook && same_bits(&rec->outlook.expected_gain, &j->outlook.expected_gain, 1) &&
			same_bits(&rec->outlook.gain, &j->outlook.gain, 1) &&
			same_bits(&rec->outlook.p_gain, &j->outlook.p_gain, 1));
}

static bool same_end(const struct record_job *rec, const struct job *j)
{
	return same_outlook(rec, j) && rec->units == j->units && rec->n_state_out == j->n_state_out &&
		same_bits(rec->state_out, j->state_out, (size_t)j->n_state_out);
}

void replayed_begin(struct replayed *ev, size_t n, const double *state)
{
	const struct record_job *j = &ev->record.job;

	ev->begins_right = (size_t)j->n_state_in == n && same_bits(j->state_in, state, n);
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
	bool end = ev->begins_right && same_end(&ev->record.job, j);

	for (int i = 0; i < ev->record.n_trials; i++) {
		const struct record_given *t = &ev->record.trials[i];
		const struct policy_suggestion *p;
		bool equal;

		if (ev->slots[i] < 0)
			continue;
		p = &j->suggestions[ev->slots[i]];
		equal = end && p->values && same_bits(t->values, p->values, d);
		ev->verdicts[i].equal = equal && same_why(&t->why, j, p);
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

		if (ev->slots[i] < 0)
			continue;
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
		struct msg_replayed *m;

		if (ev->slots[i] < 0)
			continue;
		m = out++;
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
