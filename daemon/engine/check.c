/* Invariants, for tests: everything that is kept twice is counted once more. */
#include <inttypes.h>

#include "daemon/engine/core.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/prepare.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/suggest.h"

static enum kr_status wrong(
	struct kr_error *err, const struct study *s, const char *what, uint64_t kept, uint64_t counted)
{
	return kr_fail(err, KR_INTERNAL, "study %" PRIu64 ": %s: %" PRIu64 " kept, %" PRIu64 " counted",
		s->id, what, kept, counted);
}

struct recount {
	uint64_t states[TRIAL_N_STATES];
	uint64_t spent, results, result_numbers, leased;
	const struct trial *best;
	bool indexes_agree, versions_agree;
};

/* Each version is of the same trial, and older than the one after it. */
static bool good_versions(const struct trial *t)
{
	for (; t->before; t = t->before)
		if (t->before->number != t->number || t->before->seq >= t->seq)
			return false;
	return true;
}

/* Steps grow, and there are not too many. */
static bool good_progress(const struct progress *p)
{
	bool good = !p || (p->n > 0 && p->n <= LIMIT_REPORTS && p->n <= p->cap);

	for (int i = 1; p && i < p->n; i++)
		good &= p->p[i - 1].step < p->p[i].step;
	return good;
}

/* Each observation is that of a trial which the model may see; of so many (`sum`: of their
 * numbers) each is there once. */
static bool good_observations(const struct study *s, uint64_t sum)
{
	for (size_t i = 0; i < s->history.n; i++) {
		const struct trial *t = trials_at(&s->trials, history_trial(&s->history, i));

		if (!t || !t->has_value || t->excluded)
			return false;
		sum -= t->number;
	}
	return sum == 0;
}

static struct recount count(const struct study *s)
{
	struct recount r = {.indexes_agree = true, .versions_agree = true};

	for (uint64_t k = 0; k < s->trials.n; k++) {
		const struct trial *t = trials_kept(&s->trials, k);
		bool running = t->state == TRIAL_RUNNING, complete = t->state == TRIAL_COMPLETE;
		bool queued = t->state == TRIAL_QUEUED;

		r.versions_agree &= good_versions(t) && good_progress(t->progress);
		if (t->deleted) {
			r.indexes_agree &= !t->spends && !t->lease_at && !numbers_has(&s->running, k) &&
				!numbers_has(&s->queued, k) && !numbers_has(&s->taken, k);
			continue;
		}
		r.states[t->state]++;
		r.spent += t->spends;
		r.results += t->has_value && !t->excluded;
		r.result_numbers += t->has_value && !t->excluded ? k : 0;
		r.leased += t->lease_at > 0;
		r.indexes_agree &= t->number == k && t->has_value == complete &&
			numbers_has(&s->running, k) == running && numbers_has(&s->queued, k) == queued &&
			numbers_has(&s->taken, k) == (!running && !queued && (!complete || t->excluded)) &&
			(!t->lease_at || running) && (!running || t->spends) && (!queued || !t->spends) &&
			(!t->partial || t->attempt == 0) && (!running || t->attempt > 0);
		if (complete && !t->excluded && study_feasible(s, t) &&
			(!r.best || study_better(s, study_objective(s, t), study_objective(s, r.best))))
			r.best = t;
	}
	return r;
}

static enum kr_status check_counts(const struct study *s, struct kr_error *err)
{
	struct recount r = count(s);

	for (int i = 0; i < TRIAL_N_STATES; i++)
		if (r.states[i] != s->now.counts[i])
			return wrong(
				err, s, msg_trial_state_name((enum trial_state)i), s->now.counts[i], r.states[i]);
	if (r.spent != s->now.spent)
		return wrong(err, s, "places of the budget", s->now.spent, r.spent);
	if (r.results != s->history.n || !good_observations(s, r.result_numbers))
		return wrong(err, s, "observations", s->history.n, r.results);
	if (s->leases && !s->damaged && r.leased != r.states[TRIAL_RUNNING])
		return wrong(err, s, "leases", r.leased, r.states[TRIAL_RUNNING]);
	if (!r.indexes_agree)
		return wrong(err, s, "indexes of trials", 0, 1);
	if (!r.versions_agree)
		return wrong(err, s, "versions or reports of trials", 0, 1);
	if ((r.best != NULL) != s->now.has_best || (r.best && r.best->number != s->now.best))
		return wrong(err, s, "best", s->now.best, r.best ? r.best->number : 0);
	return KR_OK;
}

/* Trials that suggests have picked. */
static enum kr_status check_picks(const struct study *s, struct kr_error *err)
{
	uint64_t picked = 0, picks = suggest_picks(s);

	for (uint64_t k = 0; k < s->trials.n; k++)
		picked += trials_kept(&s->trials, k)->picked;
	return picked == picks ? KR_OK : wrong(err, s, "picked trials", picked, picks);
}

static enum kr_status check_waiting(const struct study *s, struct kr_error *err)
{
	uint64_t places = suggest_places(s);

	if (places != s->waiting)
		return wrong(err, s, "places reserved for suggests", s->waiting, places);
	if (!s->n_jobs != !s->in_job.head || (s->job && !s->n_jobs) || !s->n_jobs != !s->snapshot)
		return wrong(err, s, "a computation without suggests, or the reverse", s->job, s->n_jobs);
	if (s->predictions && !s->predicting)
		return wrong(err, s, "predictions wait for nothing", 1, 0);
	if (s->reloading && (s->watches || s->predictions))
		return wrong(err, s, "clients wait during a reload", 1, 0);
	if (s->reloading && (s->queue.head || s->in_job.head || s->parked.head))
		return wrong(err, s, "suggests wait during a reload", s->waiting, 0);
	return KR_OK;
}

static enum kr_status check_leases(const struct engine *e, struct kr_error *err)
{
	for (size_t i = 0; i < e->leases.n; i++) {
		const struct lease *l = &e->leases.heap[i];
		const struct study *s = studies_at(&e->studies, l->study);

		if (l->trial->lease_at != i + 1 || !s ||
			trials_at(&s->trials, l->trial->number) != l->trial)
			return kr_fail(err, KR_INTERNAL, "lease %zu is not its trial's", i);
		if (i > 0 && e->leases.heap[(i - 1) / 2].due_ns > l->due_ns)
			return kr_fail(err, KR_INTERNAL, "lease %zu is due before its parent", i);
	}
	return KR_OK;
}

static enum kr_status check_requests(const struct engine *e, struct kr_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < e->requests.cap; i++) {
		const struct request_entry *r = &e->requests.slots[i];
		const struct study *s = studies_at(&e->studies, r->study);

		if (!r->study)
			continue;
		n++;
		if (requests_find(&e->requests, r->id) != r)
			return kr_fail(err, KR_INTERNAL, "a request id can't be found");
		if (e->ready && (!s || (!s->reloading && r->seq > s->now.seq)))
			return kr_fail(err, KR_INTERNAL, "a request id has an event that is not there");
	}
	return n == e->requests.n
		? KR_OK
		: kr_fail(err, KR_INTERNAL, "request ids: %zu kept, %zu counted", e->requests.n, n);
}

/* One study that is not deleted for each name. */
static enum kr_status check_name(
	const struct engine *e, const struct study *s, struct kr_error *err)
{
	const struct study *other = NULL;
	bool found = false;

	while ((other = studies_named(&e->studies, s->def->name, other)) != NULL) {
		found |= other == s;
		if (other != s && other->now.state != STUDY_DELETED && !other->reloading && !s->reloading &&
			s->now.state != STUDY_DELETED)
			return wrong(err, s, "another study of its name", other->id, 0);
	}
	return found ? KR_OK : wrong(err, s, "its name leads to it", 0, 1);
}

enum kr_status engine_check(const struct engine *e, struct kr_error *err)
{
	size_t n = 0, n_reloading = 0;
	enum kr_status st = check_leases(e, err);

	if (st == KR_OK)
		st = check_requests(e, err);
	if (st == KR_OK)
		st = prepare_check(e, err);
	for (size_t id = 0; st == KR_OK && id < e->studies.n_ids; id++) {
		const struct study *s = e->studies.by_id[id];

		if (!s)
			continue;
		n++;
		n_reloading += s->reloading;
		st = check_name(e, s, err);
		if (st == KR_OK)
			st = check_picks(s, err);
		if (st == KR_OK)
			st = check_waiting(s, err);
		if (st == KR_OK)
			st = check_counts(s, err);
	}
	if (st == KR_OK && (n != e->studies.n || n_reloading != e->n_reloading))
		st = kr_fail(err, KR_INTERNAL,
			"studies: %zu kept, %zu counted; %zu being read, %zu counted", e->studies.n, n,
			e->n_reloading, n_reloading);
	return st;
}
