#include "acquisition/search/candidates.h"

#include <math.h>

#include "acquisition/space/sobol.h"

enum {
	NET_BASE = 128,
	NET_PER_DIM = 32,
	NET_MOST = 512,
	PERTURBED = 128,
	RECOMBINED = 64,
	CENTRES = 5,   /* perturbed around the best so many */
	MASK_FROM = 20 /* from here on about this many coordinates are perturbed at once */
};

static const double widest_sd = 0.5, sd_per_lengthscale = 0.2;
static const double flips = 0.3; /* categorical changes a candidate, on average */

/* Index of the streams under RNG_RAW. */
enum { STREAM_NET, STREAM_LOCAL, STREAM_MEND };

enum {
	HOPELESS = 16,                   /* so many failures before the first success end it */
	MOST_MENDING = 20 * 1000 * 1000, /* work, after which the rest walks */
	TIRED_STEPS = 4
};

void candidates_fix(const double *fixed, double *x, int d)
{
	for (int i = 0; fixed && i < d; i++)
		if (!isnan(fixed[i]))
			x[i] = fixed[i];
}

/* Choice indices for uniform numbers in the categorical columns. */
static void net_choices(const struct space *s, struct mat X)
{
	for (int j = 0; j < X.cols; j++)
		if (space_categorical(s)[j])
			for (int i = 0; i < X.rows; i++)
				*mat_at(X, i, j) = floor(*mat_at(X, i, j) * space_levels(s, j));
}

/* Every other row of uniform numbers becomes one drawn from the belief. x: d. */
static void net_belief(const struct belief *b, struct mat X, double *x)
{
	for (int i = 1; b && i < X.rows; i += 2) {
		for (int j = 0; j < X.cols; j++)
			x[j] = *mat_at(X, i, j);
		belief_draw(b, x);
		for (int j = 0; j < X.cols; j++)
			*mat_at(X, i, j) = x[j];
	}
}

/* From the cube to the box. */
static void net_box(const struct candidates_source *c, struct mat X)
{
	for (int j = 0; c->box.lower && j < X.cols; j++) {
		double low = c->box.lower[j], side = c->box.upper[j] - low;
		if (!space_categorical(c->space)[j])
			for (int i = 0; i < X.rows; i++)
				*mat_at(X, i, j) = low + side * *mat_at(X, i, j);
	}
}

/* x <- one of the best, each coordinate moved by a normal step of a log-uniform size. */
static void perturb(const struct candidates_source *c, struct rng *r, double *x)
{
	int d = space_dims(c->space), t = c->top.rows;
	int centre = (int)rng_below(r, (uint32_t)(t < CENTRES ? t : CENTRES));
	double size = pow(10, -3 * rng_uniform(r));
	double mask = d < MASK_FROM ? 1 : (double)MASK_FROM / d;
	for (int j = 0; j < d; j++) {
		double u = rng_uniform(r), z = rng_normal(r), sd = sd_per_lengthscale * c->lengthscale[j];
		x[j] = *mat_at(c->top, centre, j);
		if (space_categorical(c->space)[j]) {
			if (u < flips / d)
				x[j] = floor(u / (flips / d) * space_levels(c->space, j));
		} else if (u < mask) {
			x[j] = fmin(fmax(x[j] + size * fmin(sd, widest_sd) * z, 0), 1);
		}
	}
}

/* x <- a + 0.7 (b - c) of three of the best (differential evolution; Storn & Price 1997);
 * a choice is b's where a and c agree. */
static void recombine(const struct candidates_source *source, struct rng *r, double *x)
{
	uint32_t t = (uint32_t)source->top.rows;
	int a = (int)rng_below(r, t), b = (int)rng_below(r, t), c = (int)rng_below(r, t);
	for (int j = 0; j < space_dims(source->space); j++) {
		double xa = *mat_at(source->top, a, j), xb = *mat_at(source->top, b, j);
		double xc = *mat_at(source->top, c, j);
		if (space_categorical(source->space)[j])
			x[j] = xa == xc ? xb : xa;
		else
			x[j] = fmin(fmax(xa + 0.7 * (xb - xc), 0), 1);
	}
}

/* x <- local candidate k: a perturbation, a recombination, or one of the best itself. */
static void make_local(const struct candidates_source *c, struct rng *r, int k, double *x)
{
	if (k < PERTURBED)
		perturb(c, r, x);
	else if (k < PERTURBED + RECOMBINED)
		recombine(c, r, x);
	else
		for (int j = 0; j < space_dims(c->space); j++)
			x[j] = *mat_at(c->top, k - PERTURBED - RECOMBINED, j);
}

/* x <- an allowed point for candidate i: itself or one near it; when that has taken too long, a
 * walk away from one of the n rows of X that are mended already. */
static bool mend_one(const struct candidates_source *c, struct mat X, int i, int n, bool tired,
	struct rng *walk, double *x)
{
	if (!tired)
		return region_settle(c->region, x, i % 2 ? walk : NULL);
	if (region_has(c->region, x))
		return region_settle(c->region, x, NULL);
	for (int j = 0; j < X.cols && n > 0; j++)
		x[j] = *mat_at(X, i % n, j);
	region_walk(c->region, x, TIRED_STEPS, walk);
	return n > 0;
}

/* Make all rows allowed points, in their order; those that cannot be are left out. Where the net
 * leads nowhere the best points may. x: d. */
static void mend(const struct candidates_source *c, struct candidates *out, double *x)
{
	struct rng walk = rng_make(c->seed, c->number, RNG_RAW, STREAM_MEND);
	int d = out->X.cols, kept = 0, n_net = 0, failed = 0;
	long start = region_spent(c->region);
	for (int i = 0; i < out->X.rows; i++) {
		if (i < out->n_net && !kept && failed == HOPELESS)
			continue;
		bool tired = kept > 0 && region_spent(c->region) - start > MOST_MENDING;
		for (int j = 0; j < d; j++)
			x[j] = *mat_at(out->X, i, j);
		bool found = mend_one(c, out->X, i, kept, tired, &walk, x);
		failed += !found;
		n_net += found && i < out->n_net;
		for (int j = 0; found && j < d; j++)
			*mat_at(out->X, kept, j) = x[j];
		kept += found;
	}
	out->n_net = n_net;
	out->n_local = kept - n_net;
	out->X.rows = kept;
}

enum kr_status candidates_make(const struct candidates_source *c, struct candidates *out,
	struct arena *a, struct kr_error *err)
{
	int d = space_dims(c->space), t = c->top.rows;
	out->n_net = d < (NET_MOST - NET_BASE) / NET_PER_DIM ? NET_BASE + NET_PER_DIM * d : NET_MOST;
	out->n_local = t ? PERTURBED + RECOMBINED + t : 0;
	int rows = out->n_net + out->n_local;
	double *p = arena_alloc(a, sizeof(double) * (size_t)rows * (size_t)d);
	double *x = ARENA_ARRAY(a, double, d);
	if (!p || !x)
		return kr_fail(err, KR_ENOMEM, "no memory for %d candidates", rows);
	out->X = mat_view(p, rows, d, rows);

	struct rng net = rng_make(c->seed, c->number, RNG_RAW, STREAM_NET);
	struct rng local = rng_make(c->seed, c->number, RNG_RAW, STREAM_LOCAL);
	struct mat global = mat_block(out->X, 0, 0, out->n_net, d);
	sobol_net(&net, 0, global);
	net_belief(c->belief, global, x);
	net_choices(c->space, global);
	net_box(c, global);
	for (int i = 0; i < rows; i++) {
		for (int j = 0; j < d && i < out->n_net; j++)
			x[j] = *mat_at(out->X, i, j);
		if (i >= out->n_net)
			make_local(c, &local, i - out->n_net, x);
		space_snap(c->space, x);
		candidates_fix(c->fixed, x, d);
		for (int j = 0; j < d; j++)
			*mat_at(out->X, i, j) = x[j];
	}
	if (c->region && region_ruled(c->region))
		mend(c, out, x);
	return KR_OK;
}
