#include "daemon/engine/stop.h"

#include <inttypes.h>

static bool over_budget(const struct study *s, const struct trial *t)
{
	const struct study_view *v = &s->now;

	return v->has_budget && v->spent > v->budget &&
		numbers_above(&s->running, t->number) < v->spent - v->budget;
}

enum stop_reason stop_of(const struct study *s, const struct trial *t)
{
	if (t->deleted || t->state != TRIAL_RUNNING)
		return STOP_CANCELLED;
	switch (s->now.state) {
	case STUDY_ACTIVE: break;
	case STUDY_PAUSED: return STOP_PAUSED;
	case STUDY_FINISHED:
	case STUDY_DELETED: return STOP_FINISHED;
	}
	return over_budget(s, t) ? STOP_BUDGET : STOP_NONE;
}

const char *stop_sentence(
	const struct study *s, const struct trial *t, enum stop_reason why, struct arena *a)
{
	switch (why) {
	case STOP_NONE: break;
	case STOP_CANCELLED:
		return arena_printf(a, "trial %" PRIu64 " %s%s; stop it", t->number,
			t->deleted ? "was deleted" : "is ",
			t->deleted ? "" : msg_trial_state_name((enum trial_state)t->state));
	case STOP_PAUSED:
		return arena_printf(
			a, "study '%s' is paused; release trial %" PRIu64, s->def->name, t->number);
	case STOP_FINISHED:
		return arena_printf(
			a, "study '%s' is finished; stop trial %" PRIu64, s->def->name, t->number);
	case STOP_BUDGET:
		return arena_printf(a,
			"the budget of study '%s' was lowered below its running trials; cancel trial %" PRIu64,
			s->def->name, t->number);
	}
	return "";
}
