/* Points that need no model, distinctness, and the results of slots. */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"
#include "acquisition/space/sobol.h"

enum { FILL_TRIES = 1024, RULED_TRIES = 128, RULED_WORK = 100 * 1000 * 1000 };
enum { LONG_TRIES = 8, WALKS = 64, WALK_STEPS = 16 }; /* when rules are dear to obey */

static void fill_seen(struct policy *p)
{
	const struct policy_input *in = &p->in;
	size_t d = (size_t)p->d;
	for (int i = 0; i < in->n; i++)
		seen_add(p->seen, in->X + (size_t)i * d);
	for (int i = 0; i < in->n_pending; i++)
		seen_add(p->seen, in->pending + (size_t)i * d);
	for (int i = 0; i < in->n_failed; i++)
		seen_add(p->seen, in->failed + (size_t)i * d);
	for (int i = 0; i < in->n_infeasible; i++)
		seen_add(p->seen, in->infeasible + (size_t)i * d);
	for (int i = 0; i < in->n_taken; i++)
		seen_add(p->seen, in->taken + (size_t)i * d);
	p->seen_filled = true;
}

bool policy__is_new(struct policy *p, const double *values)
{
	if (!p->seen_filled)
		fill_seen(p);
	return !seen_has(p->seen, values);
}

void policy__fix(struct policy *p, int i)
{
	const double *fixed = p->in.slots[i].fixed;
	for (int j = 0; j < p->d; j++)
		p->fixed[j] = fixed && !isnan(fixed[j]) ? space_coord(p->in.space, j, fixed[j]) : NAN;
	region_fix(p->region, fixed);
}

void policy__decode(const struct policy *p, int i, const double *coords, double *values)
{
	const double *fixed = p->in.slots[i].fixed;
	space_decode_all(p->in.space, coords, values);
	for (int j = 0; fixed && j < p->d; j++)
		if (!isnan(fixed[j]))
			values[j] = fixed[j];
	space_deactivate(p->in.space, values);
}

static double *slot_values(struct policy *p)
{
	return p->values + (size_t)p->n_settled * (size_t)p->d;
}

/* ---- finite spaces ---------------------------------------------------------- */

/* Is a space of so many points, or beginnings of points, worth a walk through all? */
static double enumerable(struct policy *p)
{
	return (double)seen_count(p->seen) + POLICY__ENUMERATED;
}

double policy__unseen(struct policy *p, int i, int from, struct mat rows)
{
	const struct space *s = p->in.space;
	double count = 1, *values = slot_values(p);
	int unseen = 0;
	if (!p->seen_filled)
		fill_seen(p);
	policy__fix(p, i);
	for (int j = 0; j < p->d; j++)
		count *= isnan(p->fixed[j]) ? space_levels(s, j) : 1;
	bool ruled = space_ruled(s);
	if (ruled ? !isfinite(count) : count > enumerable(p))
		return INFINITY;
	enumerate_begin(
		p->enumerate, p->in.slots[i].fixed, ruled ? POLICY__VISITED + 4 * enumerable(p) : INFINITY);
	while (enumerate_next(p->enumerate, values)) {
		if (!policy__is_new(p, values))
			continue;
		for (int j = 0; unseen >= from && unseen - from < rows.rows && j < p->d; j++)
			*mat_at(rows, unseen - from, j) = space_coord(s, j, values[j]);
		if (++unseen > POLICY__ENUMERATED && ruled)
			return INFINITY;
	}
	return enumerate_stopped(p->enumerate) ? INFINITY : (double)unseen;
}

/* ---- results ---------------------------------------------------------------- */

void policy__settle(struct policy *p, enum policy_rule rule, enum policy_freshness freshness)
{
	struct policy_suggestion *r = &p->results[p->n_settled];
	r->rule = rule;
	r->freshness = freshness;
	r->values = rule == POLICY_EXHAUSTED ? NULL : slot_values(p);
	if (r->values)
		seen_add(p->seen, r->values);
	p->n_settled++;
}

static bool is_new(struct policy *p)
{
	policy__decode(p, p->n_settled, p->point, slot_values(p));
	return policy__is_new(p, slot_values(p));
}

/* Uniform numbers at p->point in [0, 1) as choices where they stand for such. */
static void choose(struct policy *p)
{
	for (int j = 0; j < p->d; j++)
		if (space_categorical(p->in.space)[j])
			p->point[j] = floor(p->point[j] * space_levels(p->in.space, j));
}

/* Try the point at p->point, uniform numbers in [0, 1), or one that it leads to: is it new? */
static bool try_point(struct policy *p, struct rng *walk)
{
	choose(p);
	if (space_ruled(p->in.space) && !region_settle(p->region, p->point, walk))
		return false;
	return is_new(p);
}

/* slot values <- a new point on a walk from one that obeys the rules, which is found with much
 * work: in the middle, where the study was found to have points at all, then along the net. */
static bool wander(struct policy *p, struct rng *walk)
{
	struct rng key = rng_make(p->in.seed, p->in.slots[p->n_settled].number, RNG_FILL, 3);
	for (uint32_t k = 0; k <= LONG_TRIES; k++) {
		enum region_answer answer;
		if (k == 0) {
			answer = region_roomy(p->region, p->point, REGION_MUCH);
		} else {
			sobol_net(&key, k - 1, mat_view(p->point, 1, p->d, 1));
			choose(p);
			answer = region_near(p->region, p->point, -1, REGION_MUCH);
		}
		for (int w = 0; answer == REGION_FOUND && w < WALKS; w++) {
			if (is_new(p))
				return true;
			region_walk(p->region, p->point, WALK_STEPS, walk);
		}
	}
	return false;
}

/* slot values <- any unseen point: among few by lot, else the first new one along a net of
 * the slot's own. False when there is none. */
static bool fill(struct policy *p)
{
	uint64_t number = p->in.slots[p->n_settled].number;
	struct rng lot = rng_make(p->in.seed, number, RNG_FILL, 1);
	double unseen = policy__unseen(p, p->n_settled, 0, (struct mat){0});
	if (unseen == 0)
		return false;
	if (isfinite(unseen)) {
		struct mat one = mat_view(p->lot, 1, p->d, 1);
		policy__unseen(p, p->n_settled, (int)rng_below(&lot, (uint32_t)unseen), one);
		policy__decode(p, p->n_settled, p->lot, slot_values(p));
		return true;
	}
	struct rng key = rng_make(p->in.seed, number, RNG_FILL, 0);
	struct rng walk = rng_make(p->in.seed, number, RNG_FILL, 2);
	uint32_t tries = space_ruled(p->in.space) ? RULED_TRIES : FILL_TRIES;
	long start = region_spent(p->region);
	for (uint32_t k = 0; k < tries && region_spent(p->region) - start < RULED_WORK; k++) {
		sobol_net(&key, k, mat_view(p->point, 1, p->d, 1));
		if (try_point(p, &walk))
			return true;
	}
	return space_ruled(p->in.space) && wander(p, &walk);
}

void policy__settle_fill(struct policy *p, enum policy_freshness freshness)
{
	bool found = fill(p);
	policy__settle(p, found ? POLICY_FILL : POLICY_EXHAUSTED, found ? freshness : POLICY_FRESH);
}

bool policy_is_initial(int n, int n_before)
{
	return n == 0 || n_before < POLICY_INITIAL_POINTS;
}

bool policy__is_initial(const struct policy *p, int i)
{
	return p->in.n == 0 || p->n_before + i < p->options.initial_points;
}

/* Point k of the design: the centre (first choices), then a scrambled net of the study. With a
 * belief it begins where the optimum is thought to be, and every other point is drawn from that.
 * With sources every other point, the first too, is one of their best. */
void policy__settle_initial(struct policy *p)
{
	int k = p->n_before + p->n_settled;
	struct rng key = rng_make(p->in.seed, 0, RNG_INIT, 0);
	struct rng walk = rng_make(p->in.seed, p->in.slots[p->n_settled].number, RNG_INIT, 1);
	policy__fix(p, p->n_settled);
	if (k > 0)
		sobol_net(&key, (uint32_t)k - 1, mat_view(p->point, 1, p->d, 1));
	for (int j = 0; k == 0 && j < p->d; j++)
		p->point[j] = space_categorical(p->in.space)[j] ? 0 : 0.5;
	bool begun = k % 2 == 0 && policy__source_point(p, k / 2);
	if (p->in.belief && k == 0 && !begun)
		belief_mode(p->in.belief, p->point);
	if (p->in.belief && k % 2 == 1)
		belief_draw(p->in.belief, p->point);
	bool found = try_point(p, &walk) || fill(p);
	policy__settle(p, found ? POLICY_INITIAL : POLICY_EXHAUSTED, POLICY_FRESH);
}
