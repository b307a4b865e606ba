/* The policy under rules: whatever it suggests is allowed, its fixed values kept, never twice;
 * a space is called exhausted only when it is; the same input gives the same points. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "acquisition/space/enumerate.h"
#include "acquisition/space/region.h"
#include "tests/acquisition/play.h"
#include "tests/acquisition/ruled.h"

enum { SEED = 7231, SPACES = 80, ASKED = 12 };

static double outcome(const struct ruled *u, const double *values)
{
	double sum = 0;
	for (int i = 0; i < u->d; i++)
		sum += isnan(values[i]) ? 0.3 : (i % 3 - 1) * values[i] + sin(3 * values[i] + i);
	return sum;
}

static void assert_allowed(const struct ruled *u, const double *values, const double *fixed)
{
	double closed[RULED_DIMS];
	for (int i = 0; i < u->d; i++) {
		if (!isnan(values[i]))
			assert_int_equal(space_check(u->space, i, values[i], NULL), KR_OK);
		if (fixed && !isnan(fixed[i]))
			assert_true(values[i] == fixed[i]);
		closed[i] = isnan(values[i]) ? 0 : values[i];
	}
	ruled_close(u, closed);
	for (int i = 0; i < u->d; i++)
		assert_true(isnan(closed[i]) == isnan(values[i]));
	if (!ruled_allows(u, values))
		fail_msg("a suggestion is not allowed");
}

static bool is_known(const struct play *p, const struct ruled *u, const double *values)
{
	for (int i = 0; i < p->n; i++)
		if (space_equal(u->space, p->X + (size_t)i * (size_t)p->d, values))
			return true;
	return false;
}

/* Wherever one looks for an allowed point, it is a known one: rules may leave a few points of a
 * continuous space, those where a condition asks for equality. */
static void assert_used_up(const struct play *p, const struct ruled *u, struct rng *r)
{
	struct arena *a = arena_new(1 << 22);
	struct region *g = region_new(u->space, a);
	double x[RULED_DIMS], values[RULED_DIMS];
	for (int k = 0; k < 50; k++) {
		for (int i = 0; i < u->d; i++)
			x[i] = space_categorical(u->space)[i]
				? floor(rng_uniform(r) * space_levels(u->space, i))
				: rng_uniform(r);
		if (region_near(g, x, -1, REGION_MUCH) != REGION_FOUND)
			continue;
		region_decode(g, x, values);
		assert_true(is_known(p, u, values));
	}
	arena_free(a);
}

/* A job of up to three slots, one of them with values of a known point fixed, cut somewhere. */
static int round_of(struct play *p, const struct ruled *u, struct rng *r, int *exhausted)
{
	double fixed[RULED_DIMS], again[3 * RULED_DIMS];
	struct policy_slot slots[3] = {
		{.number = p->next}, {.number = p->next + 1}, {.number = p->next + 2}};
	int n = (int)(1 + rng_below(r, 3)), given = 0;
	bool some = p->n > 0 && rng_below(r, 3) == 0;
	const double *known = some ? p->X + (size_t)rng_below(r, (uint32_t)p->n) * (size_t)p->d : NULL;
	for (int i = 0; known && i < p->d; i++)
		fixed[i] = rng_below(r, 2) ? known[i] : NAN;
	if (known)
		slots[n - 1].fixed = fixed;
	struct policy_input in = play_input(p, slots, n);
	int units = rng_below(r, 3) ? 1 << 20 : (int)rng_below(r, 12);
	for (int pass = 0; pass < 2; pass++) {
		struct policy *job;
		assert_int_equal(policy_new(&job, &in, NULL), KR_OK);
		for (int k = 0; k < units && policy_step(job); k++)
			;
		for (int k = 0; k < n; k++) {
			struct policy_suggestion s = policy_suggestion(job, k);
			double *kept = again + k * RULED_DIMS;
			*exhausted += pass && !s.values && slots[k].fixed;
			if (!s.values && !slots[k].fixed && n == 1)
				assert_used_up(p, u, r);
			if (!s.values)
				continue;
			assert_allowed(u, s.values, slots[k].fixed);
			assert_false(is_known(p, u, s.values));
			if (pass)
				assert_memory_equal(kept, s.values, sizeof(double) * (size_t)p->d);
			memcpy(kept, s.values, sizeof(double) * (size_t)p->d);
		}
		for (int k = 0; pass && k < n; k++)
			if (policy_suggestion(job, k).values) {
				play_tell(p, again + k * RULED_DIMS, outcome(u, again + k * RULED_DIMS));
				given++;
			}
		int n_state;
		const double *state = policy_state(job, &n_state);
		if (pass) {
			p->n_state = n_state;
			memcpy(p->state, state, sizeof(double) * (size_t)n_state);
		}
		policy_free(job);
	}
	p->next += 3;
	return given;
}

static void suggestions_are_allowed_and_new(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	int given = 0, exhausted = 0, spaces = 0;
	for (int k = 0; k < SPACES; k++) {
		struct ruled *u = ruled_new(&r, k % 4 == 0);
		struct arena *a = arena_new(1 << 22);
		double x[RULED_DIMS];
		bool roomy = region_roomy(region_new(u->space, a), x, REGION_MUCH) == REGION_FOUND;
		arena_free(a);
		if (roomy) {
			struct play *p = play_new(u->space, 64, (uint64_t)k);
			int before = 0;
			spaces++;
			for (int i = 0; i < ASKED && before == 0; i++)
				given += round_of(p, u, &r, &before);
			exhausted += before;
			p->space = NULL;
			play_free(p);
		}
		ruled_free(u);
	}
	print_message(
		"seed %d: %d suggestions in %d spaces, %d exhausted\n", SEED, given, spaces, exhausted);
	assert_true(given > 10 * spaces);
}

/* Every point of a finite space under rules is given out, and then nothing. */
static void finite_spaces_are_used_up(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	int used_up = 0;
	for (int k = 0; k < 60; k++) {
		struct ruled *u = ruled_new(&r, true);
		struct arena *a = arena_new(1 << 22);
		struct enumerate *e = enumerate_new(u->space, a);
		double values[RULED_DIMS];
		int count = 0;
		enumerate_begin(e, NULL, 1e5);
		while (count <= 60 && enumerate_next(e, values))
			count++;
		arena_free(a);
		if (count > 60) {
			ruled_free(u);
			continue;
		}
		struct play *p = play_new(u->space, 64, (uint64_t)k);
		for (int i = 0; i < count; i++) {
			assert_int_not_equal(play_ask(p, values), POLICY_EXHAUSTED);
			assert_false(is_known(p, u, values));
			assert_allowed(u, values, NULL);
			if (rng_below(&r, 4))
				play_tell(p, values, outcome(u, values));
			else
				play_take(p, values);
		}
		assert_int_equal(play_ask(p, values), POLICY_EXHAUSTED);
		used_up++;
		p->space = NULL;
		play_free(p);
		ruled_free(u);
	}
	print_message("seed %d: %d spaces used up\n", SEED, used_up);
	assert_true(used_up > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suggestions_are_allowed_and_new),
		cmocka_unit_test(finite_spaces_are_used_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
