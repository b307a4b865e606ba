/* Fits in slices: each job does a bounded part, and after a few jobs the fit is where one from
 * scratch is. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"
#include "tests/acquisition/play.h"

enum { SEED = 1207, D = 3, MOST = 700, JOBS = 24 };

static double wavy(const double *x)
{
	double sum = 0;
	for (int j = 0; j < D; j++)
		sum += (x[j] - 0.3) * (x[j] - 0.3) + 0.2 * sin((7 + 2 * j) * x[j] + j);
	return sum;
}

static void tell_more(struct play *p, int n, struct rng *r)
{
	double x[D];
	for (int i = 0; i < n; i++) {
		cube_draw(p->space, r, x);
		play_tell(p, x, wavy(x));
	}
	p->next = (uint64_t)p->n;
}

static struct play *told(int n, struct rng *r)
{
	struct play *p = play_new(cube_floats(D), MOST, SEED);
	print_message("seed %d, %d observations\n", SEED, n);
	tell_more(p, n, r);
	return p;
}

/* One job without slots that could change anything; its state is kept. */
static struct policy *job(struct play *p)
{
	static struct policy_slot slot;
	slot.number = 9999;
	struct policy_input in = play_input(p, &slot, 1);
	struct policy *job = play_run(&in);
	const double *state = policy_state(job, &p->n_state);
	memcpy(p->state, state, sizeof(double) * (size_t)p->n_state);
	return job;
}

/* The log posterior of model e at the theta of the state, on the data there is now. */
static double reached(struct play *p, int e)
{
	struct policy_slot slot = {.number = 9999};
	struct policy_input in = play_input(p, &slot, 1);
	struct policy *q = play_run(&in);
	struct policy__metric *m = policy__member(q, e);
	struct gp_data data = policy__gp_data(q, m, &m->fit_data);
	struct gp_fit_result at;
	assert_int_equal(gp_fit_from(&data, &m->prior, 1, m->theta, &at, q->arena, NULL), KR_OK);
	policy_free(q);
	return at.log_posterior;
}

/* Of a fit from scratch, all starts to their ends. */
static double from_scratch(struct play *p, int e)
{
	struct policy_slot slot = {.number = 9999};
	struct policy_input in = play_input(p, &slot, 1);
	in.n_state = 0;
	struct policy *q = play_run(&in);
	struct policy__metric *m = policy__member(q, e);
	struct gp_data data = policy__gp_data(q, m, &m->fit_data);
	struct gp_fit_result best;
	assert_int_equal(gp_fit_best(&data, &m->prior, NULL, m->scratch, &best, q->arena, NULL), KR_OK);
	policy_free(q);
	return best.log_posterior;
}

static bool climbs(struct policy *q)
{
	bool any = false;
	for (int e = 0; e < q->n_members; e++)
		any |= policy__member(q, e)->slices > 0 || policy__member(q, e)->rival_slices > 0;
	return any;
}

/* Told many at once, told a few more: the fits arrive within some jobs, none of which does much. */
static void fits_arrive_in_slices(void **state)
{
	(void)state;
	static const int sizes[] = {40, 120, 300};
	for (int k = 0; k < 3; k++) {
		struct rng r = rng_make(SEED, (uint64_t)k, RNG_TEST, 0);
		struct play *p = told(sizes[k], &r);
		int jobs = 0;
		bool more = true;
		for (int more_told = 0; more_told < 2; more_told++, more = true) {
			for (jobs = 0; more; jobs++) {
				struct policy *q = job(p);
				double rows = q->metrics[0].fit_data.m;
				bool cold = more_told == 0 && jobs == 0;
				assert_true(cold || q->fit_work <= fmax(6.6e8, 5.1 * rows * rows * rows));
				more = climbs(q) || q->fit_work > 0;
				policy_free(q);
				assert_true(jobs < JOBS);
			}
			int members = p->n > policy_options_default().members_until ? 1 : 2;
			for (int e = 0; e < members; e++) {
				double here = reached(p, e), best = from_scratch(p, e);
				print_message(
					"n %d, model %d: %g, from scratch %g, %d jobs\n", p->n, e, here, best, jobs);
				assert_true(here > best - 0.5 - 0.01 * fabs(best));
			}
			tell_more(p, 1 + sizes[k] / 20, &r);
		}
		play_free(p);
	}
}

/* A theta where nothing fits is left behind, with few points and with many. */
static void a_rival_finds_the_better_basin(void **state)
{
	(void)state;
	static const int sizes[] = {20, 60};
	for (int k = 0; k < 2; k++) {
		struct rng r = rng_make(SEED, 10 + (uint64_t)k, RNG_TEST, 0);
		struct play *p = told(sizes[k], &r);
		double best = from_scratch(p, 0);
		/* of an earlier build: all is noise, and the function flat */
		double lost[] = {1, sizes[k] - 5, log(100), log(100), log(100), log(0.01), 0};
		memcpy(p->state, lost, sizeof(lost));
		p->n_state = sizeof(lost) / sizeof(*lost);
		double before = reached(p, 0);
		for (int i = 0; i < 8; i++)
			policy_free(job(p));
		print_message(
			"n %d: lost %g, now %g, from scratch %g\n", p->n, before, reached(p, 0), best);
		assert_true(reached(p, 0) > best - 0.5);
		play_free(p);
	}
}

/* The state of a fit on its way is as good as any: equal bits from it, and what is not whole is
 * ignored. */
static void a_fit_on_its_way_is_replayed(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 20, RNG_TEST, 0);
	struct play *p = told(70, &r);
	double x[D], again[D], kept[PLAY_STATE];
	policy_free(job(p));
	tell_more(p, 5, &r); /* 75: a rival sets out */
	struct policy *q = job(p);
	assert_true(q->metrics[0].rival_slices > 0);
	policy_free(q);
	int n = p->n_state;
	memcpy(kept, p->state, sizeof(double) * (size_t)n);
	p->next = 75;
	play_ask(p, x);
	int units = p->units;
	for (int cut = 0; cut <= n; cut += 1 + cut % 3) { /* whole, and cut short everywhere */
		memcpy(p->state, kept, sizeof(double) * (size_t)n);
		p->n_state = n - cut;
		p->next = 75;
		play_ask(p, again);
		if (cut > 0)
			continue;
		assert_memory_equal(again, x, sizeof(x));
		assert_int_equal(p->units, units);
	}
	for (int i = 0; i < n; i += 1 + i / 4) { /* no number there makes it fail */
		memcpy(p->state, kept, sizeof(double) * (size_t)n);
		p->state[i] = i % 2 ? NAN : 1e300;
		p->n_state = n;
		p->next = 75;
		assert_int_equal(play_ask(p, again), POLICY_MODEL);
	}
	play_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits_arrive_in_slices),
		cmocka_unit_test(a_rival_finds_the_better_basin),
		cmocka_unit_test(a_fit_on_its_way_is_replayed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
