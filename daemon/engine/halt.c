#include "daemon/engine/halt.h"

#include <inttypes.h>
#include <math.h>

#include "base/number.h"

/* ---- counting --------------------------------------------------------------- */

static void take_reference(struct study *s)
{
	const struct trial *best = s->now.has_best ? trials_at(&s->trials, s->now.best) : NULL;

	s->halt.has_reference = best != NULL;
	s->halt.reference = best ? study_objective(s, best) : 0;
}

void halt_reset(struct study *s)
{
	s->halt = (struct study_halt){0};
	take_reference(s);
}

/* Is y better than the reference by enough? */
static bool is_progress(const struct study *s, double y)
{
	const struct msg_stop_rules *r = &s->now.stop;
	const struct study_halt *h = &s->halt;
	double least = fmax(r->min_progress, r->min_progress_relative * fabs(h->reference));

	if (!h->has_reference)
		return true;
	return study_better(s, y, h->reference) && fabs(y - h->reference) > least;
}

static bool reaches(const struct study *s, const struct trial *t)
{
	const struct msg_stop_rules *r = &s->now.stop;

	return r->has_target && t->has_value && !t->excluded && !t->deleted && study_feasible(s, t) &&
		!study_better(s, r->target, study_objective(s, t));
}

static void note_target(struct study *s, const struct trial *t)
{
	if (s->halt.reached || !reaches(s, t))
		return;
	s->halt.reached = true;
	s->halt.number = t->number;
}

void halt_result(struct study *s, const struct trial *t)
{
	double y = study_objective(s, t);

	note_target(s, t);
	if (study_feasible(s, t) && is_progress(s, y)) {
		s->halt.without = 0;
		s->halt.has_reference = true;
		s->halt.reference = y;
	} else {
		s->halt.without += !t->told;
	}
}

void halt_edited(struct study *s, const struct trial *t)
{
	take_reference(s);
	if (s->halt.reached && s->halt.number == t->number)
		s->halt.reached = reaches(s, t);
	note_target(s, t);
}

void halt_suggested(struct study *s, const struct record_suggested *r)
{
	const struct record_job *j = &r->job;
	struct study_halt *h = &s->halt;

	if (!j->has_outlook || r->n_trials == 0)
		return;
	s->now.has_outlook = true;
	s->now.outlook = j->outlook;
	s->now.outlook.number = r->trials[r->n_trials - 1].number;
	if (!(j->outlook.p_gain < s->now.stop.p_gain)) {
		h->low = 0;
		return;
	}
	h->low += h->low == 0 || h->low_n != s->history.n;
	h->low_n = s->history.n;
}

/* ---- the end ------------------------------------------------------------------ */

static bool no_progress(const struct study *s)
{
	return s->now.stop.no_progress && s->halt.without >= s->now.stop.no_progress;
}

bool halt_due(const struct study *s)
{
	if (s->now.state != STUDY_ACTIVE && s->now.state != STUDY_PAUSED)
		return false;
	return s->halt.reached || no_progress(s) ||
		(s->now.stop.p_gain > 0 && s->halt.low >= HALT_RUNS);
}

static const char *say_target(const struct study *s, struct arena *a)
{
	const struct trial *t = trials_at(&s->trials, s->halt.number);
	char y[NUMBER_SHOWN], target[NUMBER_SHOWN];

	return arena_printf(a, "trial %" PRIu64 " reached the target: %s = %s, target %s",
		s->halt.number, s->def->spec.metrics[s->def->objective].name,
		number_show(study_objective(s, t), y), number_show(s->now.stop.target, target));
}

static const char *say_no_progress(const struct study *s, struct arena *a)
{
	const struct msg_stop_rules *r = &s->now.stop;
	double least = fmax(r->min_progress, r->min_progress_relative * fabs(s->halt.reference));
	char best[NUMBER_SHOWN];

	if (!s->halt.has_reference)
		return arena_printf(a,
			"no progress in %" PRIu64 " trials: none of them met the outcome constraints",
			s->halt.without);
	return arena_printf(a,
		"no progress in %" PRIu64 " trials: none was better than %s by more than %.3g",
		s->halt.without, number_show(s->halt.reference, best), least);
}

static const char *say_gain(const struct study *s, struct arena *a)
{
	const struct msg_outlook *o = &s->now.outlook;
	char p[NUMBER_SHOWN], limit[NUMBER_SHOWN];

	return arena_printf(a,
		"little is left to gain: the next point is better by more than %.3g with a probability of %s "
		"(the limit is %s, %d suggestions in a row), expected improvement %.2g",
		o->gain, number_percent(o->p_gain, p), number_percent(s->now.stop.p_gain, limit), HALT_RUNS,
		o->expected_gain);
}

const char *halt_reason(const struct study *s, struct arena *a)
{
	if (s->halt.reached)
		return say_target(s, a);
	return no_progress(s) ? say_no_progress(s, a) : say_gain(s, a);
}
