/* Slots that share a search. In a batch the first slots get a search each; from then on one
 * search serves a round of slots, a quarter of those before it, so that a thousand points take
 * seconds.
 *
 * The first slot of a round gets the maximum. The others get the best of the points that the
 * search has looked at, one after another, each worth less the more the slots before it in the
 * round tell about it: what a pick takes from an improvement it takes from the deviation s at
 * least, so with picks P
 *
 *   ln EI(x) + ln s(x | P) - ln s(x)
 *
 * takes the place of ln EI(x) (the log of the variance ratio of GIBBON, Moss et al. 2021, sec.
 * 4.3). The next round starts with fantasies of all of them. s(. | P) is a Cholesky factor of
 * the joint covariance of the points, with the picks as pivots. */
#include <math.h>

#include "acquisition/policy/policy_internal.h"

enum {
	ALONE = 16, /* slots of a batch that get a search each */
	PART = 4,   /* a round is this part of the slots before it */
	ROUND = 64, /* at most */
	POOL = 256  /* points that are looked at for them */
};

/* Least variance of an observation that is told from the picks, as a part of its prior's. */
static const double least_variance = 1e-10;

/* Points of a search, and what the picks have left of them. The first row is the first pick. */
struct pool {
	int n;
	struct mat X;                    /* POOL x d coords */
	double value[POOL], worth[POOL]; /* found by the search; in units of a logarithm */
	double before[POOL], var[POOL];  /* variances without and with the picks */
	bool taken[POOL];
	struct mat cov, L; /* n x n; POOL x ROUND, a column a pick */
};

int policy__round(const struct policy *p)
{
	int first = p->n_settled, most = first / PART < ROUND ? first / PART : ROUND, n = 0;
	if (p->survey.on || first < ALONE)
		return 1;
	while (n < most && first + n < p->in.n_slots && !p->in.slots[first + n].fixed)
		n++;
	return n > 1 ? n : 1;
}

static void add(struct pool *o, const double *x, double value)
{
	for (int j = 0; j < o->X.cols; j++)
		*mat_at(o->X, o->n, j) = x[j];
	o->value[o->n++] = value;
}

/* The slot that was just settled, then the best points that the search has looked at. */
static void collect(struct policy *p, struct pool *o)
{
	double value;
	space_encode(p->in.space, p->results[p->n_settled - 1].values, p->point);
	add(o, p->point, -INFINITY);
	for (int k = 0; o->n < POOL && maximize_ranked(p->maximizer, k, p->point, &value); k++)
		if (policy__may_take(p, true))
			add(o, p->point, value);
}

/* worth <- value in units of a logarithm: what is none is divided by its deviation over the
 * points. */
static void measure(const struct policy *p, struct pool *o)
{
	double mean = 0, square = 0, unit = 1;
	for (int i = 1; i < o->n; i++) {
		double delta = o->value[i] - mean;
		mean += delta / i;
		square += delta * (o->value[i] - mean);
	}
	if (!policy__is_log(p) && square > 0)
		unit = sqrt(square / o->n);
	for (int i = 0; i < o->n; i++)
		o->worth[i] = o->value[i] / unit;
}

static enum kr_status posterior(struct policy *p, struct pool *o, struct kr_error *err)
{
	const struct policy__metric *m = &p->metrics[0];
	const struct gp *model = m->joint ? m->joint : m->base;
	struct mat X = mat_block(o->X, 0, 0, o->n, p->d);
	struct mat mean = mat_new(p->arena, o->n, gp_columns(model));
	o->cov = mat_new(p->arena, o->n, o->n);
	o->L = mat_new(p->arena, o->n, ROUND);
	if (!mean.p || !o->cov.p || !o->L.p)
		return kr_fail(err, KR_ENOMEM, "no memory for a round of %d points", o->n);
	enum kr_status st = gp_joint(model, X, mean, o->cov, p->arena, err);
	for (int i = 0; !st && i < o->n; i++)
		o->before[i] = o->var[i] = fmax(*mat_at(o->cov, i, i), least_variance * gp_scale(model));
	return st;
}

/* Point j becomes the k-th pick: column k of L, and variances given it. */
static void pick(struct pool *o, int k, int j)
{
	double pivot = sqrt(o->var[j]);
	o->taken[j] = true;
	for (int i = 0; i < o->n; i++) {
		double sum = *mat_at(o->cov, i, j);
		for (int c = 0; c < k; c++)
			sum -= *mat_at(o->L, i, c) * *mat_at(o->L, j, c);
		*mat_at(o->L, i, k) = sum / pivot;
		o->var[i] = fmax(o->var[i] - sum / pivot * (sum / pivot), least_variance * o->before[i]);
	}
}

/* The point that is worth most given the picks; -1: none is left. */
static int best(const struct pool *o)
{
	double most = -INFINITY;
	int at = -1;
	for (int i = 0; i < o->n; i++) {
		double worth = o->worth[i] + 0.5 * log(o->var[i] / o->before[i]);
		if (o->taken[i] || !(worth > most))
			continue;
		most = worth;
		at = i;
	}
	return at;
}

enum kr_status policy__share(struct policy *p, int n, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(p->arena);
	struct pool *o = ARENA_NEW(p->arena, struct pool);
	enum kr_status st = KR_OK;
	if (o)
		o->X = mat_new(p->arena, POOL, p->d);
	if (!o || !o->X.p) {
		st = kr_fail(err, KR_ENOMEM, "no memory for a round of %d points", n);
		goto done;
	}
	collect(p, o);
	measure(p, o);
	st = posterior(p, o, err);
	for (int k = 0, j = 0; !st && j >= 0 && k < n; k++) {
		pick(o, k, j);
		j = best(o);
		for (int c = 0; j >= 0 && c < p->d; c++)
			p->point[c] = *mat_at(o->X, j, c);
		if (j >= 0 && policy__may_take(p, true))
			policy__take(p, o->value[j], POLICY_FRESH);
	}
done:
	arena_release(p->arena, mark);
	return st;
}
