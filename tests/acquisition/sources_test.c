/* Points of other studies in the initial design. */
#include <math.h>
#include <string.h>

#include "tests/acquisition/play.h"

enum { SEED = 20261124, D = 3, N = 40 };

struct old {
	double X[N * D], y[N];
	struct policy_source source;
};

static void fill(struct old *o, uint64_t seed, bool minimize)
{
	struct rng r = rng_make(seed, 0, RNG_TEST, 0);
	for (int i = 0; i < N; i++) {
		o->y[i] = 0;
		for (int j = 0; j < D; j++) {
			o->X[i * D + j] = rng_uniform(&r);
			o->y[i] += fabs(o->X[i * D + j] - 0.3);
		}
		o->y[i] *= minimize ? 1 : -1;
	}
	o->source = (struct policy_source){.n = N, .minimize = minimize, .X = o->X, .y = o->y};
}

static double distance(const double *a, const double *b)
{
	double sum = 0;
	for (int j = 0; j < D; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sqrt(sum / D);
}

static int row_of(const struct old *o, const double *x)
{
	for (int i = 0; i < N; i++)
		if (memcmp(o->X + i * D, x, sizeof(double) * D) == 0)
			return i;
	return -1;
}

/* The number of rows that are better than row i. */
static int rank(const struct old *o, int i)
{
	int better = 0;
	for (int k = 0; k < N; k++)
		better += o->source.minimize ? o->y[k] < o->y[i] : o->y[k] > o->y[i];
	return better;
}

static void the_design_takes_turns_among_the_best(void **state)
{
	(void)state;
	print_message("seed %d\n", SEED);
	for (uint64_t seed = SEED; seed < SEED + 10; seed++) {
		struct old o[2];
		struct policy_source sources[2];
		double x[5][D];
		for (int s = 0; s < 2; s++) {
			fill(&o[s], seed + 100 * (uint64_t)s, s == 0);
			sources[s] = o[s].source;
		}
		struct play *p = play_new(cube_floats(D), 16, seed);
		p->n_sources = 2;
		p->sources = sources;
		for (int i = 0; i < 5; i++) {
			assert_int_equal(play_ask(p, x[i]), POLICY_INITIAL);
			play_tell(p, x[i], i);
		}
		assert_int_equal(rank(&o[0], row_of(&o[0], x[0])), 0);
		assert_int_equal(rank(&o[1], row_of(&o[1], x[2])), 0);
		assert_true(row_of(&o[0], x[1]) < 0 && row_of(&o[0], x[3]) < 0);
		int third = row_of(&o[0], x[4]);
		assert_true(third >= 0 && distance(x[0], x[4]) > 0.1);
		for (int k = 0; k < N; k++) /* all that are better are near the first */
			assert_true(o[0].y[k] >= o[0].y[third] || distance(o[0].X + k * D, x[0]) <= 0.1);
		play_free(p);
	}
}

/* Whatever the source has: few points, none, points that were told already, fixed values. */
static void poor_sources_do_no_harm(void **state)
{
	(void)state;
	struct old o;
	double x[D], fixed[D] = {NAN, 0.5, NAN};
	fill(&o, SEED, true);
	for (int n = 0; n <= 2; n++) {
		struct policy_source source = o.source;
		struct play *p = play_new(cube_floats(D), 16, SEED);
		struct policy_slot slot = {0, fixed};
		source.n = n;
		p->n_sources = 1;
		p->sources = &source;
		play_tell(p, o.X, 1); /* the only or first one is known: the next goes elsewhere */
		for (int i = 0; i < 4; i++) {
			play_ask(p, x);
			assert_true(memcmp(x, o.X, sizeof(x)) != 0);
			play_tell(p, x, i);
		}
		struct policy_input in = play_input(p, &slot, 1);
		struct policy *job = play_run(&in);
		assert_true(policy_suggestion(job, 0).values[1] == 0.5);
		policy_free(job);
		play_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_design_takes_turns_among_the_best),
		cmocka_unit_test(poor_sources_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
