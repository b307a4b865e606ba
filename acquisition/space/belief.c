#include "acquisition/space/belief.h"

#include <math.h>
#include <stdio.h>

#include "acquisition/space/space_internal.h"
#include "base/alloc.h"
#include "base/number.h"
#include "gp/special/special.h"

/* Deviations, in coords: the range is one value of a normal that is so wide; so narrow is exact. */
static const double widest = 1e6, narrowest = 1e-12;

struct part {
	enum belief_kind kind;
	bool conditional, categorical;
	double mean, sd;       /* NORMAL: of coords */
	const double *weights; /* as parts of the largest */
	int n;                 /* choices */
};

struct belief {
	const struct space *space;
	int d;
	bool conditional; /* some part is */
	struct part *parts;
	double *weights;
};

/* ---- life ------------------------------------------------------------------------- */

static enum kr_status refuse(struct kr_error *err, int i, const char *what)
{
	char field[32];
	snprintf(field, sizeof(field), "params[%d].prior", i);
	return kr_fail_field(err, KR_INVALID_ARGUMENT, field, "%s %s", field, what);
}

static enum kr_status check_normal(
	const struct space_param *p, const struct belief_param *b, int i, struct kr_error *err)
{
	char what[160], mean[NUMBER_SHOWN], low[NUMBER_SHOWN], high[NUMBER_SHOWN];
	if (p->kind != SPACE_FLOAT && p->kind != SPACE_INT)
		return refuse(err, i, "is normal, but the parameter has choices; give them weights");
	snprintf(what, sizeof(what), "has the mean %s; it must be %s to %s", number_show(b->mean, mean),
		number_show(p->low, low), number_show(p->high, high));
	if (!(b->mean >= p->low && b->mean <= p->high))
		return refuse(err, i, what);
	if (!(b->sd > 0) || !isfinite(b->sd))
		return refuse(err, i,
			p->log ? "has a factor that is not a finite number above 1"
				   : "has an sd that is not a finite number above 0");
	return KR_OK;
}

static enum kr_status check_weights(
	const struct space_param *p, const struct belief_param *b, int i, struct kr_error *err)
{
	double sum = 0;
	if (p->kind != SPACE_CATEGORICAL && p->kind != SPACE_ORDINAL)
		return refuse(err, i, "is of weights, which are for choices; give a mean and a deviation");
	for (int k = 0; k < p->n_choices; k++) {
		if (!(b->weights[k] >= 0) || !isfinite(b->weights[k]))
			return refuse(err, i, "has a weight that is not a finite number of at least 0");
		sum += b->weights[k];
	}
	return sum > 0 ? KR_OK : refuse(err, i, "has no weight above 0; give one a larger weight");
}

static enum kr_status check(
	const struct space_param *p, const struct belief_param *b, int i, struct kr_error *err)
{
	switch (b->kind) {
	case BELIEF_NORMAL: return check_normal(p, b, i, err);
	case BELIEF_WEIGHTS: return check_weights(p, b, i, err);
	case BELIEF_NONE: break;
	}
	return KR_OK;
}

/* The scale of a log range too narrow for ln is linear. */
static void set_normal(struct part *part, const struct belief_param *b, const struct space_param *p)
{
	struct space_axis a;
	space__axis_init(&a, p, 0, NULL);
	double sd = p->log && !a.log ? b->mean * b->sd : b->sd;
	part->mean = ((a.log ? log(b->mean) : b->mean) - a.lo) / a.span;
	part->sd = fmax(sd / a.span, narrowest);
}

/* Returns the room behind. */
static double *set_weights(struct part *part, const struct belief_param *b, double *room)
{
	double largest = 0;
	for (int k = 0; k < part->n; k++)
		largest = fmax(largest, b->weights[k]);
	for (int k = 0; k < part->n; k++)
		room[k] = b->weights[k] / largest;
	part->weights = room;
	return room + part->n;
}

static void fill(struct belief *b, const struct belief_param *params)
{
	double *room = b->weights;
	for (int i = 0; i < b->d; i++) {
		const struct space_param *p = space_param(b->space, i);
		struct part *part = &b->parts[i];
		*part = (struct part){.kind = params[i].kind,
			.conditional = space_when(b->space, i) != NULL,
			.categorical = space_categorical(b->space)[i],
			.n = p->n_choices};
		b->conditional |= part->kind != BELIEF_NONE && part->conditional;
		if (part->kind == BELIEF_NORMAL)
			set_normal(part, &params[i], p);
		if (part->kind == BELIEF_WEIGHTS)
			room = set_weights(part, &params[i], room);
	}
}

enum kr_status belief_new(struct belief **out, const struct space *s,
	const struct belief_param *params, struct kr_error *err)
{
	int d = space_dims(s);
	size_t n = 0;
	*out = NULL;
	for (int i = 0; i < d; i++) {
		enum kr_status st = check(space_param(s, i), &params[i], i, err);
		if (st)
			return st;
		n += params[i].kind == BELIEF_WEIGHTS ? (size_t)space_param(s, i)->n_choices : 0;
	}
	struct belief *b = KR_NEW(struct belief);
	if (b) {
		b->space = s;
		b->d = d;
		b->parts = KR_ARRAY(struct part, d);
		b->weights = KR_ARRAY(double, n + 1);
	}
	if (!b || !b->parts || !b->weights) {
		belief_free(b);
		return kr_fail(err, KR_ENOMEM, "no memory for the priors of %d parameters", d);
	}
	fill(b, params);
	*out = b;
	return KR_OK;
}

void belief_free(struct belief *b)
{
	if (!b)
		return;
	kr_free(b->parts);
	kr_free(b->weights);
	kr_free(b);
}

/* ---- weights ------------------------------------------------------------------------ */

static int choice(const struct belief *b, int i, double coord)
{
	return (int)space_level(b->space, i, space_value(b->space, i, coord));
}

/* ln w at a coord; *slope <- its derivative. */
static double log_weight(const struct belief *b, int i, double coord, double *slope)
{
	const struct part *p = &b->parts[i];
	*slope = 0;
	if (p->kind == BELIEF_WEIGHTS)
		return log((1 - BELIEF_FLOOR) * p->weights[choice(b, i, coord)] + BELIEF_FLOOR);
	double u = (coord - p->mean) / p->sd, peak = (1 - BELIEF_FLOOR) * exp(-0.5 * u * u);
	*slope = peak > 0 ? -u / p->sd * (peak / (peak + BELIEF_FLOOR)) : 0;
	return log(peak + BELIEF_FLOOR);
}

enum kr_status belief_add(const struct belief *b, double weight, struct mat X, double *value,
	struct mat D, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	double *x = ARENA_ARRAY(scratch, double, 2 * b->d);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory for a prior");
	double *values = x + b->d;
	for (int r = 0; r < X.rows; r++) {
		for (int j = 0; b->conditional && j < b->d; j++)
			x[j] = *mat_at(X, r, j);
		if (b->conditional)
			space_decode(b->space, x, values);
		for (int j = 0; j < b->d; j++) {
			const struct part *p = &b->parts[j];
			double slope;
			if (p->kind == BELIEF_NONE || (p->conditional && isnan(values[j])))
				continue;
			value[r] += weight * log_weight(b, j, *mat_at(X, r, j), &slope);
			if (D.p && !p->categorical)
				*mat_at(D, r, j) += weight * slope;
		}
	}
	arena_release(scratch, mark);
	return KR_OK;
}

/* ---- points -------------------------------------------------------------------------- */

static double middle(const struct part *p, int k)
{
	return (k + 0.5) / p->n;
}

static int heaviest(const struct part *p)
{
	int best = 0;
	for (int k = 1; k < p->n; k++)
		if (p->weights[k] > p->weights[best])
			best = k;
	return best;
}

void belief_mode(const struct belief *b, double *x)
{
	for (int j = 0; j < b->d; j++) {
		const struct part *p = &b->parts[j];
		if (p->kind == BELIEF_NORMAL)
			x[j] = p->mean;
		if (p->kind == BELIEF_WEIGHTS)
			x[j] = middle(p, heaviest(p));
	}
}

/* The u-quantile of the normal within [0, 1]. */
static double draw_normal(const struct part *p, double u)
{
	if (p->sd > widest)
		return u;
	double low = exp(special_log_cdf(-p->mean / p->sd));
	double high = exp(special_log_cdf((1 - p->mean) / p->sd));
	double t = p->mean + p->sd * special_quantile(low + u * (high - low));
	return fmin(fmax(t, 0), 1);
}

static double draw_choice(const struct part *p, double u)
{
	double sum = 0, left;
	int k = 0;
	for (int i = 0; i < p->n; i++)
		sum += p->weights[i];
	left = u * sum;
	while (k < p->n - 1 && left >= p->weights[k])
		left -= p->weights[k++];
	return middle(p, p->weights[k] > 0 ? k : heaviest(p));
}

void belief_draw(const struct belief *b, double *x)
{
	for (int j = 0; j < b->d; j++) {
		const struct part *p = &b->parts[j];
		if (p->kind == BELIEF_NORMAL)
			x[j] = draw_normal(p, x[j]);
		if (p->kind == BELIEF_WEIGHTS)
			x[j] = draw_choice(p, x[j]);
	}
}
