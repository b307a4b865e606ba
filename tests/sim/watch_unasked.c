/* Computations that nobody asked for: they begin only for a study that was asked for lately, once
 * for what it is, of what is durable; and the pool lets them wait as long as it likes, until
 * somebody waits for one. What they make is held against a replay at the end (check.c). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine/job_internal.h"
#include "daemon/engine/prepare.h"
#include "proto/record.h"
#include "tests/sim/sim.h"

#define LL(x) ((unsigned long long)(x))

/* The newest. */
static struct unasked *of_study(struct world *w, uint64_t study)
{
	for (size_t i = w->n_unasked; i > 0; i--)
		if (w->unasked[i - 1].study == study)
			return &w->unasked[i - 1];
	return NULL;
}

static struct unasked *of_job(struct world *w, uint64_t job)
{
	for (size_t i = w->n_unasked; i > 0; i--)
		if (w->unasked[i - 1].job == job)
			return &w->unasked[i - 1];
	return NULL;
}

/* May one begin for the study as the job sees it? */
static const char *why_not(struct world *w, const struct job *j, const struct unasked *last)
{
	const struct model_study *f = model_find(w->model, j->study);
	int64_t asked = w->asked_ns[clients_study_index(j->def->name)];
	if (!asked || w->now_ns - asked > (int64_t)PREPARE_IDLE_S * 1000000000)
		return "nobody has asked lately";
	if (last && last->incarnation == j->incarnation && last->seq >= j->of->seq)
		return "it was computed before";
	if (!f)
		return "the study is not durable";
	const struct model_view *v = model_now(f);
	if (v->n != j->of->first_number)
		return "its trials are not durable";
	if (v->state != STUDY_ACTIVE || (v->limited && v->spent >= v->budget))
		return "nothing can be given out";
	if (j->n_slots != 1 || j->fixed || j->keyed)
		return "it is of another kind than what is asked for";
	return NULL;
}

void watch_unasked(struct world *w, const struct job *j)
{
	if (!job_unasked(j))
		return;
	const char *complaint = why_not(w, j, of_study(w, j->study));
	if (complaint)
		world_complain(w, "study %llu, event %llu: a computation begins unasked, though %s",
			LL(j->study), LL(j->of->seq), complaint);
	w->unasked = model__grown(w->unasked, w->n_unasked, &w->cap_unasked, sizeof(*w->unasked));
	w->unasked[w->n_unasked++] = (struct unasked){
		.job = j->id, .study = j->study, .incarnation = j->incarnation, .seq = j->of->seq};
	sim_met.unasked++;
}

void watch_raised(struct world *w, uint64_t job)
{
	struct unasked *u = of_job(w, job);
	if (!u || u->raised)
		world_complain(w, "job %llu is raised, which was not unasked", LL(job));
	else
		u->raised = true;
	sim_met.joined++;
}

void watch_done(struct world *w, const struct job *j)
{
	struct unasked *u = of_job(w, j->id);
	if (!u || u->raised) {
		w->jobs_running--;
		return;
	}
	u->ready = !j->cut;
	sim_met.dropped += j->cut;
}

/* As long as nobody waits for it, others have the worker most of the time. */
bool watch_has_turn(struct world *w, const struct job *j)
{
	const struct unasked *u = of_job(w, j->id);
	return !u || u->raised || world_below(w, 4) == 0;
}

void watch_given(struct world *w, uint64_t study, const struct record_job *job)
{
	const struct unasked *u = of_study(w, study);
	if (!u || !u->ready || u->seq != job->snapshot_seq || job->n_slots != 1)
		return;
	sim_met.prepared++;
	w->gave_prepared = true;
}
