#include "daemon/engine/explanation.h"

#include <inttypes.h>
#include <math.h>

#include "base/number.h"

enum { PULLS_SAID = 3 };

struct telling {
	const struct study *s;
	const struct trial *t;
	const struct msg_grounds *g; /* NULL: none */
	const char *objective;
	struct arena *a;
	const char **sentences;
	int n;
};

static void say(struct telling *v, const char *sentence)
{
	v->sentences[v->n++] = sentence;
}

/* ---- where it comes from ------------------------------------------------------- */

/* Is `best` what the incumbent came out as, to the digits that are shown? Under noise it is what the
 * model makes of it. */
static bool best_was_seen(const struct telling *v)
{
	const struct trial *t = trials_at(&v->s->trials, v->g->incumbent);

	return t && t->has_value &&
		fabs(study_objective(v->s, t) - v->g->best) <= 1e-6 * fabs(v->g->best);
}

static const char *say_model(struct telling *v)
{
	struct arena *a = v->a;

	if (!v->g)
		return arena_printf(a, "trial %" PRIu64 " was suggested by the model", v->t->number);
	if (!v->g->has_gain)
		return arena_printf(a,
			"trial %" PRIu64 " was suggested by the model, from %" PRIu64 " results%s",
			v->t->number, v->g->observations,
			v->s->def->constrained ? "; none of them met the constraints yet" : "");
	bool seen = best_was_seen(v);
	return arena_printf(a,
		"trial %" PRIu64 " was suggested by the model, from %" PRIu64 " results; the best "
		"of them was trial %" PRIu64 "%s %s%s %.5g",
		v->t->number, v->g->observations, v->g->incumbent, seen ? " with" : ", where it took",
		v->objective, seen ? " =" : " to be", v->g->best);
}

static const char *initial_design(const struct definition *def)
{
	if (def->n_sources && def->belief)
		return "the best points of other studies, and points by the priors of parameters";
	if (def->n_sources)
		return "the best points of other studies, and points spread over the space";
	if (def->belief)
		return "points by the priors of parameters, and points spread over the space";
	return "the middle of the space and points spread over it";
}

static const char *origin(struct telling *v)
{
	struct arena *a = v->a;
	uint64_t number = v->t->number;

	if (v->t->told)
		return arena_printf(
			a, "trial %" PRIu64 " was handed in with its result; it was not suggested", number);
	if (!v->t->given_seq)
		return arena_printf(
			a, "trial %" PRIu64 " was queued by a user and has not been given out yet", number);
	switch (v->t->rule) {
	case WHY_INITIAL:
		return arena_printf(a,
			"trial %" PRIu64 " belongs to the initial design: %s, before a model is worth asking",
			number, initial_design(v->s->def));
	case WHY_MODEL: return say_model(v);
	case WHY_ENQUEUED:
		return arena_printf(
			a, "trial %" PRIu64 " was queued by a user, with all its values", number);
	default:
		return arena_printf(a,
			"trial %" PRIu64 " fills the space: there was no model to ask, no time to ask it, or "
			"nothing to exploit, because several points share the best outcome",
			number);
	}
}

static void say_freshness(struct telling *v)
{
	if (v->t->freshness == WHY_PARTIAL)
		say(v, "the deadline cut the search; this was the best point found until then");
	if (v->t->freshness == WHY_FALLBACK)
		say(v, "the deadline came before a model could be asked");
}

/* ---- what was expected ----------------------------------------------------------- */

static void say_prediction(struct telling *v)
{
	const struct trial *t = v->t;

	if (!t->has_prediction)
		return;
	if (v->g && v->g->noise_sd > 0)
		say(v,
			arena_printf(v->a,
				"predicted there: %s = %.5g, give or take %.2g; a measurement adds noise of %.2g",
				v->objective, t->mean, t->sd, v->g->noise_sd));
	else
		say(v,
			arena_printf(v->a, "predicted there: %s = %.5g, give or take %.2g", v->objective,
				t->mean, t->sd));
}

static const char *role(struct telling *v, double gain, const char *sure)
{
	const struct msg_grounds *g = v->g;
	struct arena *a = v->a;

	if (g->role == WHY_EXPLOIT)
		return arena_printf(a,
			"it exploits: of all new points the model predicts the best value here, %s than the best "
			"so far by %.2g; that it is better has a probability of %s",
			gain > 0 ? "better" : "worse", fabs(gain), sure);
	if (gain > 0)
		return arena_printf(a,
			"most is expected of it: the model predicts a better value than the best so far by "
			"%.2g; that it is better has a probability of %s, the expected improvement is %.2g",
			gain, sure, g->expected_gain);
	return arena_printf(a,
		"it explores: the model predicts a worse value than the best so far by %.2g, but does not "
		"know; that it is better has a probability of %s, the expected improvement is %.2g",
		-gain, sure, g->expected_gain);
}

static void say_role(struct telling *v)
{
	char sure[NUMBER_SHOWN];
	double gain;

	if (!v->g || !v->g->has_gain)
		return;
	gain = v->s->def->minimize ? v->g->best - v->t->mean : v->t->mean - v->g->best;
	say(v, role(v, gain, number_percent(v->g->p_gain, sure)));
}

static void say_feasible(struct telling *v)
{
	char p[NUMBER_SHOWN];

	if (v->t->rule && v->t->has_prediction && !isnan(v->t->p_feasible))
		say(v,
			arena_printf(v->a,
				"the evaluation succeeds and meets the constraints with a probability of %s",
				number_percent(v->t->p_feasible, p)));
}

static void say_rank(struct telling *v)
{
	const struct msg_grounds *g = v->g;
	const char *of = trial_why(v->t).acquisition;
	struct arena *a = v->a;

	if (!g || g->optima == 0)
		return;
	of = of ? of : "acquisition";
	if (g->rank == 1 && g->optima == 1)
		say(v, arena_printf(a, "it is the only maximum of %s that the search found", of));
	else if (g->rank == 1)
		say(v,
			arena_printf(a,
				"it is the highest of %" PRIu32 " local maxima of %s that the search found",
				g->optima, of));
	else
		say(v,
			arena_printf(a,
				"it is number %" PRIu32 " after the local maxima of %s (%" PRIu32
				" were found): points of the higher ones had been given out before",
				g->rank, of, g->optima));
}

/* ---- what makes the prediction ------------------------------------------------------ */

static void say_levers(struct telling *v)
{
	struct arena *a = v->a;
	const char *text = "";

	if (!v->g || v->g->n_levers == 0)
		return;
	for (int i = 0; text && i < v->g->n_levers; i++) {
		const struct msg_lever *l = &v->g->levers[i];

		text = arena_printf(a, "%s%s%s (%.2g)", text, i ? ", " : "", l->name, l->lengthscale);
	}
	say(v,
		text
			? arena_printf(a,
				  "most sensitive to %s; in brackets the lengthscale, as a part of the range", text)
			: NULL);
}

static void say_pulls(struct telling *v)
{
	struct arena *a = v->a;
	const char *text = "";
	int n = v->g ? v->g->n_pulls : 0;

	if (n == 0)
		return;
	for (int i = 0; text && i < n && i < PULLS_SAID; i++) {
		const struct msg_pull *p = &v->g->pulls[i];

		text = arena_printf(a, "%s%strial %" PRIu64 "%s by %+.2g (%.2g lengthscales away)", text,
			i ? ", " : "", p->number, i ? "" : " pulls it", p->pull, p->distance);
	}
	say(v,
		text ? arena_printf(
				   a, "far from all trials it would predict %.5g; %s", v->g->model_mean, text)
			 : NULL);
}

/* ---- what came out ------------------------------------------------------------------- */

static const char *verdict(double z)
{
	if (fabs(z) < 2)
		return "as expected";
	return fabs(z) < 3 ? "a surprise" : "a great surprise: the model was wrong there";
}

static void say_outcome(struct telling *v)
{
	const struct trial *t = v->t;
	struct arena *a = v->a;
	double y = t->has_value ? study_objective(v->s, t) : 0, surprise;
	const char *state = msg_trial_state_name((enum trial_state)t->state);

	if (explanation_surprise(v->s, t, &surprise))
		say(v,
			arena_printf(a, "it came out as %s = %.5g, %.2g deviations %s than predicted: %s",
				v->objective, y, fabs(surprise),
				study_better(v->s, y, t->mean) ? "better" : "worse", verdict(surprise)));
	else if (t->has_value)
		say(v, arena_printf(a, "it came out as %s = %.5g", v->objective, y));
	else
		say(v,
			arena_printf(
				a, "it is %s%s%s", state, t->reason ? ": " : "", t->reason ? t->reason : ""));
	if (t->has_value && v->g && v->g->has_gain && study_feasible(v->s, t) &&
		study_better(v->s, y, v->g->best))
		say(v,
			arena_printf(a, "that is better than the best of then by %.2g", fabs(y - v->g->best)));
}

bool explanation_surprise(const struct study *s, const struct trial *t, double *surprise)
{
	int k = s->def->objective;
	double noise = t->grounds ? t->grounds->noise_sd : 0, sd;

	if (!t->has_value || !t->has_prediction)
		return false;
	if (t->sems && !isnan(t->sems[k]))
		noise = t->sems[k];
	sd = hypot(t->sd, noise);
	*surprise = sd > 0 ? (t->metrics[k] - t->mean) / sd : 0;
	return sd > 0;
}

int explanation_say(const struct study *s, const struct trial *t,
	const char *sentences[EXPLANATION_MOST], struct arena *a)
{
	struct telling v = {.s = s,
		.t = t,
		.g = t->grounds,
		.objective = s->def->spec.metrics[s->def->objective].name,
		.a = a,
		.sentences = sentences};

	say(&v, origin(&v));
	say_freshness(&v);
	say_prediction(&v);
	say_role(&v);
	say_feasible(&v);
	say_rank(&v);
	say_levers(&v);
	say_pulls(&v);
	say_outcome(&v);
	return v.n;
}
