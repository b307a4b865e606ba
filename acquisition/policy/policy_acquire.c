/* What a slot maximizes: which acquisition, over which models and columns.
 *
 * Exploring, the expected improvement of the objective under the constraints and success, averaged
 * over fantasies and over the models of the objective. Of these it is the power mean: a point that
 * one of them finds promising counts, though less when the other is sure of the contrary. While
 * nothing has met the constraints, the probability that something does.
 *
 * Where the optimum is thought to be raises the logarithm of what is explored by (beta / n) ln of
 * the belief (Hvarfner et al. 2022, eq. 7): it counts much while little has been observed.
 *
 * Every so many turns the posterior mean is maximized instead. Expected improvement alone takes
 * its time over the last digits of a basin. Under constraints and after failures, of which a mean
 * knows nothing, next to pending points, which would get it company, and on a grid there are no
 * such turns.
 *
 * Outcomes may come in levels (gp/outcome/levels.h). The expected improvement is then that by half
 * a step and more: what is less is no improvement. While the best outcome was seen at several
 * points, these may be a plateau, on which a mean has no maximum, and which teaches the models that
 * parameters are idle which elsewhere are not. Turns to exploit fill the space instead.
 *
 * So it is when a study names no acquisition. Log_ei, noisy_ei and pi are a part of that, with one
 * model and without such turns; the others are in policy_named.c. */
#include <math.h>

#include "acquisition/policy/policy_internal.h"

/* The probability of improvement is that of one by so much, in deviations of the outcomes: a
 * smaller one is likeliest right beside the incumbent (Jones 2001, sec. 5). */
static const double improvement = 1e-2;

/* On a grid the maximum of the mean is mostly a point that was observed. */
static bool is_grid(const struct policy *p)
{
	for (int j = 0; j < p->d; j++)
		if (isinf(space_levels(p->in.space, j)))
			return false;
	return true;
}

/* Is it time to exploit? A turn is a point given out or handed in. */
static bool is_due(const struct policy *p)
{
	const struct policy_options *o = &p->options;
	int turn = p->n_before + p->n_settled;
	return p->in.acquisition == CHOICE_AUTO && o->exploit_every > 0 && p->in.n > o->exploit_after &&
		fmod(turn, o->exploit_every) == 0 && p->n_metrics == 1 && policy__n_open(p) == 0 &&
		!is_grid(p);
}

bool policy__fills(const struct policy *p)
{
	return p->tied && p->options.tie_fill > 0 && is_due(p);
}

/* Terms of the constraints and success; the columns that are averaged. */
static void constrain(struct policy *p)
{
	bool joint = policy__has_joint(p), all_closed = true;
	struct constrained *c = &p->aim.constrained;
	for (int k = 1; k < p->n_metrics; k++) {
		const struct policy__metric *m = &p->metrics[k];
		const struct gp *model = joint && m->joint ? m->joint : m->base;
		int columns = gp_columns(model);
		p->aim.terms[k - 1] = (struct constrained_term){model, m->lower, m->upper};
		c->columns = columns > c->columns ? columns : c->columns;
	}
	for (int k = 0; k < c->columns; k++)
		all_closed &= p->closed[k];
	c->closed = all_closed ? NULL : p->closed;
}

static void explore(struct policy *p)
{
	struct policy__aim *aim = &p->aim;
	bool joint = policy__has_joint(p);
	aim->role = p->in.acquisition == CHOICE_MEAN ? POLICY_EXPLOIT : POLICY_EXPLORE;
	aim->choice = p->in.acquisition;
	if (aim->choice == CHOICE_AUTO)
		aim->choice = p->noisy ? CHOICE_NOISY_EI : CHOICE_LOG_EI;
	bool pi = aim->choice == CHOICE_PI;
	bool has_objective = p->has_incumbent && !policy__believes(p);
	for (int e = 0; e < p->n_members; e++) {
		const struct policy__metric *m = policy__member(p, e);
		for (int k = 0; pi && k < ACQ_MAX_COLUMNS; k++)
			aim->level[k] = p->best[e][k] + improvement;
		aim->acq[e] = (struct acq){.family = acq_find(pi ? "log_pi" : "log_ei"),
			.model = joint ? m->joint : m->base,
			.best = pi ? aim->level : p->best[e]};
	}
	aim->constrained = (struct constrained){
		.n_terms = p->n_metrics - 1,
		.terms = aim->terms,
		.n_objectives = has_objective ? p->n_members : 0,
		.objectives = aim->acq,
		.columns = has_objective ? gp_columns(aim->acq[0].model) : 1,
		.power = p->options.member_power,
	};
	constrain(p);
}

bool policy__draws_best(const struct policy *p)
{
	enum choice c = p->in.acquisition;
	return p->noisy && (c == CHOICE_AUTO || c == CHOICE_NOISY_EI);
}

double policy__incumbent(const struct policy *p, double best_mean)
{
	if (!p->has_incumbent)
		return -INFINITY;
	return p->noisy && !policy__draws_best(p) ? best_mean : p->best_z + p->margin;
}

enum kr_status policy__aim(struct policy *p, struct kr_error *err)
{
	p->aim.named = (struct ascend_function){0};
	p->aim.novelty = (struct novelty){0};
	p->aim.cell = (struct mat){0};
	if (is_due(p)) {
		p->aim.role = POLICY_EXPLOIT;
		p->aim.choice = CHOICE_MEAN;
		p->aim.acq[0] = (struct acq){
			.family = acq_find("mean"), .model = p->metrics[0].base, .best = p->best[0]};
	} else {
		explore(p);
		enum kr_status st = policy__keep_apart(p, err);
		if (st)
			return st;
		bool wanted = p->has_incumbent || choice_has(p->in.acquisition, CHOICE_LEARNS);
		if (wanted && p->raw.X.rows > 0) /* else there is nothing to evaluate it at, or with */
			return policy__name(p, err);
	}
	return KR_OK;
}

/* What counts of ln of the belief; 0: nothing. */
static double belief_weight(const struct policy *p)
{
	int n = p->in.n + p->in.n_failed + p->in.n_infeasible;
	if (!p->in.belief || p->aim.role == POLICY_EXPLOIT ||
		choice_has(p->aim.choice, CHOICE_PLAIN | CHOICE_LEARNS))
		return 0;
	return p->options.belief_beta / fmax(n, 1);
}

double policy__without_belief(struct policy *p, double *coords, double value)
{
	struct mat X = mat_view(coords, 1, p->d, 1);
	if (belief_weight(p) > 0)
		policy__note(p,
			belief_add(
				p->in.belief, -belief_weight(p), X, &value, (struct mat){0}, p->arena, NULL));
	return value;
}

enum kr_status policy__worth(void *context, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	const struct policy *p = context;
	enum kr_status st = p->aim.named.eval ? policy__named_worth(p, X, value, D, scratch, err)
		: p->aim.role == POLICY_EXPLOIT
		? acq_eval(&p->aim.acq[0], X, value, D, scratch, err)
		: constrained_eval(&p->aim.constrained, X, value, D, scratch, err);
	if (!st && belief_weight(p) > 0)
		st = belief_add(p->in.belief, belief_weight(p), X, value, D, scratch, err);
	for (int i = 0; !st && i < X.rows; i++)
		if (!policy__in_box(p, X, i) || policy__is_crowded(p, X, i))
			value[i] = -INFINITY;
	return st;
}

double policy__worth_rows(const struct policy *p)
{
	if (p->aim.named.eval)
		return p->aim.rows * sqrt(p->n_metrics);
	int models = p->aim.role == POLICY_EXPLOIT ? 1 : policy__n_models(p);
	return gp_rows(p->aim.acq[0].model) * sqrt(models);
}

void policy__reset_incumbents(struct policy *p, double best)
{
	for (int k = 0; k < ACQ_MAX_COLUMNS; k++) {
		for (int e = 0; e < POLICY__MEMBERS; e++)
			p->best[e][k] = best;
		p->closed[k] = false;
	}
}
