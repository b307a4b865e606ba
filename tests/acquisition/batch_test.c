/* Batches, small and very large: all points differ, keep apart, and are the same again. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/acquisition/play.h"

enum { SEED = 6007, D = 3, MOST = 400 };

static double bowl(const double *x)
{
	double sum = 0;
	for (int j = 0; j < D; j++)
		sum += (x[j] - 0.3 - 0.1 * j) * (x[j] - 0.3 - 0.1 * j);
	return sum;
}

static struct play *told(struct space *space, int n)
{
	struct play *p = play_new(space, MOST, SEED);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double x[D];
	print_message("seed %d, %d observations\n", SEED, n);
	for (int i = 0; i < n; i++) {
		cube_draw(space, &r, x);
		play_tell(p, x, bowl(x));
	}
	p->next = (uint64_t)n;
	return p;
}

static struct policy_slot slots[MOST];

static struct policy_input batch(struct play *p, int q)
{
	for (int i = 0; i < q; i++)
		slots[i] = (struct policy_slot){.number = p->next + (uint64_t)i};
	return play_input(p, slots, q);
}

/* All differ from each other and from what was told or is pending. Returns how many are points. */
static int check_distinct(struct play *p, struct policy *job, int q)
{
	size_t d = (size_t)p->d;
	int points = 0;
	for (int i = 0; i < q; i++) {
		struct policy_suggestion s = policy_suggestion(job, i);
		if (s.rule == POLICY_EXHAUSTED)
			continue;
		points++;
		for (int k = 0; k < i; k++) {
			struct policy_suggestion t = policy_suggestion(job, k);
			assert_false(t.values && space_equal(p->space, s.values, t.values));
		}
		for (int k = 0; k < p->n; k++)
			assert_false(space_equal(p->space, s.values, p->X + (size_t)k * d));
		for (int k = 0; k < p->n_pending; k++)
			assert_false(space_equal(p->space, s.values, p->pending + (size_t)k * d));
	}
	return points;
}

/* The least distance of two points of a batch, in lengthscales, by the coordinate where it is
 * most. */
static double least_distance(struct policy *job, int q)
{
	struct policy_model model;
	double least = INFINITY;
	assert_true(policy_model(job, 0, &model));
	for (int i = 0; i < q; i++)
		for (int k = 0; k < i; k++) {
			const double *a = policy_suggestion(job, i).values;
			const double *b = policy_suggestion(job, k).values;
			double most = 0;
			for (int j = 0; j < D; j++)
				most = fmax(most, fabs(a[j] - b[j]) / model.lengthscale[j]);
			least = fmin(least, most);
		}
	return least;
}

static void batches_of_any_size_keep_apart(void **state)
{
	(void)state;
	static const int sizes[] = {2, 16, 17, 40, 300};
	struct play *p = told(cube_floats(D), 30);
	for (int k = 0; k < 5; k++) {
		struct policy_input in = batch(p, sizes[k]);
		struct policy *job = play_run(&in);
		assert_int_equal(check_distinct(p, job, sizes[k]), sizes[k]);
		double least = least_distance(job, sizes[k]);
		print_message("%d points, at least %g lengthscales apart\n", sizes[k], least);
		assert_true(least > 0.99e-3);
		for (int i = 0; i < sizes[k]; i++) {
			struct policy_suggestion s = policy_suggestion(job, i);
			assert_int_equal(s.rule, POLICY_MODEL);
			assert_int_equal(s.freshness, POLICY_FRESH);
			assert_true(s.has_prediction && isfinite(s.mean) && s.sd >= 0);
		}
		policy_free(job);
	}
	play_free(p);
}

/* When the optimum is known to many digits, a batch does not sit down on it. */
static void a_batch_of_a_converged_study_keeps_apart(void **state)
{
	(void)state;
	struct play *p = told(cube_floats(D), 10);
	double x[D];
	for (int i = 0; i < 25; i++) {
		play_ask(p, x);
		play_tell(p, x, bowl(x));
	}
	p->n_state = 0; /* fitted anew, so that the job shows its model */
	struct policy_input in = batch(p, 24);
	struct policy *job = play_run(&in);
	assert_int_equal(check_distinct(p, job, 24), 24);
	double least = least_distance(job, 24);
	print_message("at least %g lengthscales apart\n", least);
	assert_true(least > 0.99e-3);
	policy_free(job);
	play_free(p);
}

/* Later points are picked by the model, too: they are better than random ones. */
static void shared_searches_are_no_lottery(void **state)
{
	(void)state;
	enum { Q = 128 };
	struct play *p = told(cube_floats(D), 30);
	struct policy_input in = batch(p, Q);
	struct policy *job = play_run(&in);
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	double x[D], here = 0, random = 0;
	for (int i = Q / 2; i < Q; i++) {
		cube_draw(p->space, &r, x);
		random += bowl(x) / (Q / 2);
		here += bowl(policy_suggestion(job, i).values) / (Q / 2);
	}
	print_message("mean of the second half %g, of random points %g\n", here, random);
	assert_true(here < 0.8 * random);
	policy_free(job);
	play_free(p);
}

/* A finite space is given out to its last point, and not twice. */
static void a_small_space_is_exhausted(void **state)
{
	(void)state;
	struct space_param params[3] = {{.kind = SPACE_INT, .low = 1, .high = 7},
		{.kind = SPACE_CATEGORICAL, .n_choices = 4}, {.kind = SPACE_INT, .low = 0, .high = 4}};
	struct space *space = cube_space(params, 3);
	struct play *p = play_new(space, MOST, SEED);
	enum { POINTS = 7 * 4 * 5, Q = 200 };
	double x[3];
	for (int i = 0; i < 6; i++) {
		play_ask(p, x);
		play_tell(p, x, fabs(x[0] - 3) + x[1] + 0.1 * x[2]);
	}
	for (int i = 0; i < 5; i++) {
		play_ask(p, x);
		play_pend(p, x);
	}
	struct policy_input in = batch(p, Q);
	struct policy *job = play_run(&in);
	assert_int_equal(check_distinct(p, job, Q), POINTS - 6 - 5);
	policy_free(job);
	play_free(p);
}

/* One by one beside very many pending points. */
static void an_ask_beside_many_pending_points(void **state)
{
	(void)state;
	struct play *p = told(cube_floats(D), 15);
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	double x[D];
	for (int i = 0; i < 300; i++) {
		cube_draw(p->space, &r, x);
		play_pend(p, x);
	}
	struct policy_input in = batch(p, 3);
	struct policy *job = play_run(&in);
	assert_int_equal(check_distinct(p, job, 3), 3);
	assert_int_equal(policy_suggestion(job, 2).rule, POLICY_MODEL);
	policy_free(job);
	play_free(p);
}

/* Slots that fix values stand between others that share a search. */
static void fixed_values_stay_in_a_large_batch(void **state)
{
	(void)state;
	enum { Q = 90 };
	static const double fixed[D] = {NAN, 0.625, NAN};
	struct play *p = told(cube_floats(D), 20);
	struct policy_input in = batch(p, Q);
	for (int i = 0; i < Q; i += 7)
		slots[i].fixed = fixed;
	struct policy *job = play_run(&in);
	assert_int_equal(check_distinct(p, job, Q), Q);
	for (int i = 0; i < Q; i++)
		assert_true(i % 7 || policy_suggestion(job, i).values[1] == 0.625);
	policy_free(job);
	play_free(p);
}

/* Cut after any number of units every slot has a point, and the same one again. */
static void a_cut_batch_is_whole_and_replays(void **state)
{
	(void)state;
	enum { Q = 60 };
	struct play *p = told(cube_floats(D), 20);
	struct policy_input in = batch(p, Q);
	struct policy *whole = play_run(&in);
	int units = policy_units(whole);
	print_message("%d units\n", units);
	policy_free(whole);
	for (int cut = 0; cut <= units; cut += 1 + units / 12) {
		struct policy *job[2];
		for (int k = 0; k < 2; k++) {
			assert_int_equal(policy_new(&job[k], &in, NULL), KR_OK);
			while (policy_units(job[k]) < cut && policy_step(job[k]))
				;
			policy_cut(job[k]);
		}
		assert_int_equal(check_distinct(p, job[0], Q), Q);
		for (int i = 0; i < Q; i++)
			assert_memory_equal(policy_suggestion(job[0], i).values,
				policy_suggestion(job[1], i).values, sizeof(double) * D);
		policy_free(job[0]);
		policy_free(job[1]);
	}
	play_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches_of_any_size_keep_apart),
		cmocka_unit_test(a_batch_of_a_converged_study_keeps_apart),
		cmocka_unit_test(shared_searches_are_no_lottery),
		cmocka_unit_test(a_small_space_is_exhausted),
		cmocka_unit_test(an_ask_beside_many_pending_points),
		cmocka_unit_test(fixed_values_stay_in_a_large_batch),
		cmocka_unit_test(a_cut_batch_is_whole_and_replays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
