/* The kernel of numbers and choices: what it is, where it is used, and that its state is taken for
 * no other's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"
#include "tests/acquisition/play.h"

enum { SEED = 16180, D = 4, MOST = 64 };

static struct space *mixed_space(void)
{
	struct space_param params[D] = {{.kind = SPACE_CATEGORICAL, .n_choices = 3},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1}, {.kind = SPACE_FIXED, .n_choices = 1},
		{.kind = SPACE_INT, .low = 0, .high = 20}};
	return cube_space(params, D);
}

/* A wave of the number that all choices share, and an offset of each. */
static double shared(const double *x)
{
	return sin(7 * x[1]) + 0.02 * x[3] + 0.7 * x[0];
}

static struct play *told(struct space *space, int n)
{
	struct play *p = play_new(space, MOST, SEED);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double x[D] = {0};
	for (int i = 0; i < n; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, shared(x));
	}
	p->next = (uint64_t)n;
	return p;
}

/* One suggestion with the kernel on or off; the state is kept. */
static struct policy *ask(struct play *p, bool mixed)
{
	static struct policy_slot slot; /* borrowed until the job is freed */
	static struct policy_options o;
	slot.number = p->next;
	o = policy_options_default();
	o.mixed_kernel = mixed;
	struct policy_input in = play_input(p, &slot, 1);
	in.options = &o;
	struct policy *job = play_run(&in);
	const double *state = policy_state(job, &p->n_state);
	memcpy(p->state, state, sizeof(double) * (size_t)p->n_state);
	return job;
}

static void assert_same(struct policy *a, struct policy *b, int d)
{
	struct policy_suggestion s = policy_suggestion(a, 0), t = policy_suggestion(b, 0);
	assert_memory_equal(s.values, t.values, sizeof(double) * (size_t)d);
	assert_true(s.mean == t.mean && s.sd == t.sd && s.log_acq == t.log_acq);
	assert_int_equal(policy_units(a), policy_units(b));
}

static double matern52(double r)
{
	return (1 + sqrt(5) * r + 5 * r * r / 3) * exp(-sqrt(5) * r);
}

/* By its definition, at two points that differ in a choice, and at two that do not. */
static void it_is_what_is_shared_and_what_is_not(void **state)
{
	(void)state;
	struct play *p = told(mixed_space(), 8);
	struct policy *job = ask(p, true);
	double l[] = {0.3, 0.8, 0.5, 0.4}, s2[] = {1.5, 0.7}, choice = 0.6, k[2];
	double value[] = {l[0], l[1], s2[0], l[2], l[3], choice, s2[1]};
	double x[] = {0, 0.2, 0.5, 0.9}, z[] = {0, 1, 0.5, 0.5, 0, 0, 0.1, 0.1};
	struct kernel kernel = {&job->kernel, D, space_categorical(p->space), value};
	assert_int_equal(kernel_parameters(&job->kernel, D), 7);
	assert_int_equal(kernel_cross(&kernel, mat_view(x, 1, D, 1), mat_view(z, 2, D, 2),
						 mat_view(k, 1, 2, 1), NULL, job->arena, NULL),
		KR_OK);
	double one = s2[0] * matern52(hypot(0.3 / l[0], 0.8 / l[1]));
	double own = s2[1] * matern52(hypot(0.3 / l[2], 0.8 / l[3]));
	assert_true(fabs(k[0] - one - own) < 1e-12);
	assert_true(fabs(k[1] - one - own * exp(-1 / (2 * choice * choice))) < 1e-12);
	policy_free(job);
	play_free(p);
}

/* Without numbers or choices that vary, and beyond the exact models, all is as without it. */
static void it_is_for_both_sorts_only(void **state)
{
	(void)state;
	struct space_param choices[2] = {
		{.kind = SPACE_CATEGORICAL, .n_choices = 9}, {.kind = SPACE_CATEGORICAL, .n_choices = 9}};
	struct space_param numbers[3] = {{.kind = SPACE_FLOAT, .low = 0, .high = 1},
		{.kind = SPACE_INT, .low = 1, .high = 50}, {.kind = SPACE_CATEGORICAL, .n_choices = 1}};
	for (int k = 0; k < 2; k++) {
		int d = k ? 3 : 2;
		struct play *p = play_new(cube_space(k ? numbers : choices, d), MOST, SEED);
		struct play *q = play_new(cube_space(k ? numbers : choices, d), MOST, SEED);
		struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
		for (int i = 0; i < 12; i++) {
			double x[3];
			cube_draw(p->space, &r, x);
			play_tell(p, x, x[0] * x[0] - x[1]);
			play_tell(q, x, x[0] * x[0] - x[1]);
		}
		p->next = q->next = 12;
		struct policy *with = ask(p, true), *without = ask(q, false);
		assert_false(with->mixed);
		assert_same(with, without, d);
		assert_int_equal(p->n_state, q->n_state);
		assert_memory_equal(p->state, q->state, sizeof(double) * (size_t)p->n_state);
		policy_free(with);
		policy_free(without);
		play_free(p);
		play_free(q);
	}
	struct play *p = told(mixed_space(), 8);
	struct policy_slot slot = {.number = 8};
	for (int more = 0; more < 2; more++) {
		struct policy_input in = play_input(p, &slot, 1);
		struct policy *job;
		in.n = POLICY__MODEL_ROWS + more; /* nothing is computed */
		assert_int_equal(policy_new(&job, &in, NULL), KR_OK);
		assert_true(job->mixed == !more);
		policy_free(job);
	}
	play_free(p);
}

/* Each kernel goes on from its own state, and begins anew with that of the other. */
static void states_are_not_mistaken(void **state)
{
	(void)state;
	for (int mixed = 0; mixed < 2; mixed++) {
		struct play *p = told(mixed_space(), 20), *q = told(mixed_space(), 20);
		struct policy *cold = ask(p, mixed), *warm = ask(p, mixed);
		assert_true(policy_units(warm) < policy_units(cold));
		assert_true(warm->metrics[0].warm);
		policy_free(warm);
		policy_free(ask(q, !mixed));
		struct policy *other = ask(q, mixed);
		assert_same(other, cold, D);
		assert_int_equal(p->n_state, q->n_state);
		policy_free(other);
		q->state[0] = mixed ? 4 : 5; /* of this size, but not of this kernel */
		other = ask(q, mixed);
		assert_same(other, cold, D);
		policy_free(other);
		for (int of = 1; mixed && of <= 3; of++) { /* lists of earlier builds */
			q->n_state = of == 1 ? 2 + cold->theta_size : 2 + of - 1 + cold->theta_size;
			memset(q->state, 0, sizeof(double) * (size_t)q->n_state);
			q->state[0] = of;
			q->state[1] = of == 1 ? 20 : 1;
			q->state[2] = of == 2 ? 20 : 0;
			q->state[3] = of == 3 ? 20 : 0;
			other = ask(q, mixed);
			assert_same(other, cold, D);
			policy_free(other);
		}
		policy_free(cold);
		play_free(p);
		play_free(q);
	}
}

/* A differing choice correlates by 1/e at the mode; the second model has short numbers alone. */
static void every_number_has_a_prior(void **state)
{
	(void)state;
	struct play *p = told(mixed_space(), 8);
	struct policy *job = ask(p, true);
	assert_int_equal(job->theta_size, 8);
	for (int e = 0; e < 2; e++) {
		const struct gp_prior *prior = &policy__member(job, e)->prior;
		assert_int_equal(prior->d, 2);
		for (int i = 0; i < 8; i++) {
			const struct gp_prior_term *t = &prior->term[i];
			bool number = i == 0 || i == 1 || i == 3 || i == 4;
			assert_true(t->lengthscale == number);
			assert_true(!number || (t->shape == GP_PRIOR_CAUCHY_LN) == (e == 1));
			assert_true(number || (t->lower <= t->start && t->start <= t->upper));
		}
		double l = exp(prior->term[5].a);
		assert_int_equal(prior->term[5].shape, GP_PRIOR_LOGNORMAL_LN);
		assert_true(fabs(exp(-1 / (2 * l * l)) - exp(-1)) < 1e-12);
		assert_true(fabs(2 * exp(2 * prior->term[5].lower) - 0.01) < 1e-12);
		assert_true(fabs(2 * exp(2 * prior->term[5].upper) - 100) < 1e-9);
	}
	policy_free(job);
	play_free(p);
}

/* People see one lengthscale of a parameter, the shortest. */
static void people_see_the_shortest_lengthscale(void **state)
{
	(void)state;
	struct play *p = told(mixed_space(), 24);
	struct policy *job = ask(p, true);
	const double *t = job->metrics[0].theta;
	struct policy_model m;
	struct policy_suggestion s = policy_suggestion(job, 0);
	assert_true(policy_model(job, 0, &m));
	assert_string_equal(m.kernel, "matern52 + matern52 x choices");
	assert_true(fabs(m.lengthscale[0] / exp(t[5]) - 1) < 1e-12);
	assert_true(fabs(m.lengthscale[1] / exp(fmin(t[0], t[3])) - 1) < 1e-12);
	assert_true(fabs(m.lengthscale[3] / exp(fmin(t[1], t[4])) - 1) < 1e-12);
	assert_true(fabs(m.outputscale / (exp(t[2]) + exp(t[6])) - 1) < 1e-12);
	assert_int_equal(s.n_levers, 3);
	for (int i = 0; i < s.n_levers; i++)
		assert_true(s.levers[i].lengthscale == m.lengthscale[s.levers[i].parameter]);
	policy_free(job);
	play_free(p);
}

/* What was seen next to one choice is known next to another, of which two points are. */
static void choices_learn_from_each_other(void **state)
{
	(void)state;
	double wrong[2] = {0};
	for (int mixed = 0; mixed < 2; mixed++) {
		struct play *p = play_new(mixed_space(), MOST, SEED);
		struct policy_slot slot = {.number = 32};
		struct policy_options o = policy_options_default();
		double mean, sd, queries[9 * D] = {0};
		for (int i = 0; i < 22; i++) {
			double x[D] = {i < 20 ? 0 : 2, i < 20 ? i / 19.0 : i - 20.3, 0, (7 * i) % 20};
			x[1] = fmin(fmax(x[1], 0), 1);
			play_tell(p, x, shared(x));
		}
		for (int i = 0; i < 9; i++) {
			queries[i * D] = 2;
			queries[i * D + 1] = (i + 0.5) / 9;
			queries[i * D + 3] = 10;
		}
		o.mixed_kernel = mixed;
		struct policy_input in = play_input(p, &slot, 1);
		in.options = &o;
		in.n_queries = 9;
		in.queries = queries;
		struct policy *job = play_run(&in);
		for (int i = 0; i < 9; i++) {
			assert_true(policy_prediction(job, i, 0, &mean, &sd));
			wrong[mixed] += fabs(mean - shared(queries + i * D)) / 9;
		}
		policy_free(job);
		play_free(p);
	}
	print_message("mean error %g, %g with the kernel\n", wrong[0], wrong[1]);
	assert_true(wrong[1] < 0.7 * wrong[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_is_shared_and_what_is_not),
		cmocka_unit_test(it_is_for_both_sorts_only),
		cmocka_unit_test(states_are_not_mistaken),
		cmocka_unit_test(every_number_has_a_prior),
		cmocka_unit_test(people_see_the_shortest_lengthscale),
		cmocka_unit_test(choices_learn_from_each_other),
	};
	printf("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
