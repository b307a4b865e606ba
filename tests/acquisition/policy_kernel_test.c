/* The kernels of numbers and choices, and of numbers each alone: what they are, where they are used,
 * and that their states are taken for no other's. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"
#include "tests/acquisition/play.h"

enum { SEED = 16180, D = 4, MOST = 64, MOST_NUMBERS = 13 };

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

/* One suggestion with these options; the state is kept. */
static struct policy *ask_with(struct play *p, struct policy_options options)
{
	static struct policy_slot slot; /* borrowed until the job is freed */
	static struct policy_options o;
	slot.number = p->next;
	o = options;
	struct policy_input in = play_input(p, &slot, 1);
	in.options = &o;
	struct policy *job = play_run(&in);
	const double *state = policy_state(job, &p->n_state);
	memcpy(p->state, state, sizeof(double) * (size_t)p->n_state);
	return job;
}

static struct policy *ask(struct play *p, bool mixed)
{
	struct policy_options options = policy_options_default();
	options.mixed_kernel = mixed;
	return ask_with(p, options);
}

static struct policy *ask_additive(struct play *p, bool additive)
{
	struct policy_options options = policy_options_default();
	if (!additive)
		options.additive_until = 0;
	return ask_with(p, options);
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
		assert_false(with->structure == POLICY__MIXED);
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
		assert_true((job->structure == POLICY__MIXED) == !more);
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

/* People see one lengthscale of a parameter, that of the slopes: 1 / l^2 by shares in the variance. */
static double by_shares(double l, double s2, double k, double r2)
{
	return 1 / sqrt((s2 / (l * l) + r2 / (k * k)) / (s2 + r2));
}

static void people_see_the_lengthscale_of_slopes(void **state)
{
	(void)state;
	struct play *p = told(mixed_space(), 24);
	struct policy *job = ask(p, true);
	const double *t = job->metrics[0].theta;
	struct policy_model m;
	struct policy_suggestion s = policy_suggestion(job, 0);
	assert_true(policy_model(job, 0, &m));
	assert_string_equal(m.kernel, "matern52 + matern52 x choices");
	double shared = exp(t[2]), own = exp(t[6]);
	double one = by_shares(exp(t[0]), shared, exp(t[3]), own);
	double other = by_shares(exp(t[1]), shared, exp(t[4]), own);
	assert_true(fabs(m.lengthscale[0] / (exp(t[5]) * sqrt((shared + own) / own)) - 1) < 1e-12);
	assert_true(fabs(m.lengthscale[1] / one - 1) < 1e-12);
	assert_true(fabs(m.lengthscale[3] / other - 1) < 1e-12);
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

/* ---- numbers each alone ------------------------------------------------------------- */

static struct space *numbers_space(int d)
{
	struct space_param params[MOST_NUMBERS];
	for (int i = 0; i < d; i++)
		params[i] = (struct space_param){.kind = SPACE_FLOAT, .low = 0, .high = 1};
	return cube_space(params, d);
}

/* A valley in each number, at different places. */
static double valleys(const double *x, int d)
{
	double sum = 0;
	for (int i = 0; i < d; i++)
		sum += fabs(sin(4 * (x[i] - 0.1 * i)));
	return sum;
}

static struct play *told_numbers(int d, int n)
{
	struct play *p = play_new(numbers_space(d), MOST, SEED);
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	double x[MOST_NUMBERS];
	for (int i = 0; i < n; i++) {
		cube_draw(p->space, &r, x);
		play_tell(p, x, valleys(x, d));
	}
	p->next = (uint64_t)n;
	return p;
}

/* Where there are 2 to 12 numbers, no choices and no acquisition of the study's own. */
static void few_numbers_are_taken_alone_too(void **state)
{
	(void)state;
	for (int d = 1; d <= 13; d += d == 2 ? 10 : 1) {
		struct play *p = told_numbers(d, 8);
		struct policy_slot slot = {.number = 8};
		for (int named = 0; named < 2; named++) {
			struct policy_input in = play_input(p, &slot, 1);
			struct policy *job;
			in.acquisition = named ? CHOICE_LOG_EI : CHOICE_AUTO;
			assert_int_equal(policy_new(&job, &in, NULL), KR_OK);
			assert_true((job->structure == POLICY__ADDITIVE) == (!named && d >= 2 && d <= 12));
			assert_int_equal(
				job->theta_size, job->structure == POLICY__ADDITIVE ? 2 * d + 3 : d + 2);
			policy_free(job);
		}
		play_free(p);
	}
}

static void states_of_numbers_are_not_mistaken(void **state)
{
	(void)state;
	for (int additive = 0; additive < 2; additive++) {
		struct play *p = told_numbers(3, 20), *q = told_numbers(3, 20);
		struct policy *cold = ask_additive(p, additive), *warm = ask_additive(p, additive);
		assert_true(policy_units(warm) < policy_units(cold));
		assert_true(warm->metrics[0].warm);
		policy_free(warm);
		policy_free(ask_additive(q, !additive));
		struct policy *other = ask_additive(q, additive);
		assert_same(other, cold, 3);
		policy_free(other);
		policy_free(cold);
		play_free(p);
		play_free(q);
	}
}

/* What is a sum of functions of one number is known sooner. */
static void sums_are_learnt_sooner(void **state)
{
	(void)state;
	enum { NUMBERS = 5, SEEN = 50, ASKED = 40 };
	double wrong[2] = {0};
	for (int additive = 0; additive < 2; additive++) {
		struct play *p = told_numbers(NUMBERS, SEEN);
		struct policy_slot slot = {.number = SEEN};
		struct policy_options o = policy_options_default();
		struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
		double queries[NUMBERS * ASKED], mean, sd;
		for (int i = 0; i < ASKED; i++)
			cube_draw(p->space, &r, queries + NUMBERS * i);
		if (!additive)
			o.additive_until = 0;
		struct policy_input in = play_input(p, &slot, 1);
		in.options = &o;
		in.n_queries = ASKED;
		in.queries = queries;
		struct policy *job = play_run(&in);
		for (int i = 0; i < ASKED; i++) {
			assert_true(policy_prediction(job, i, 0, &mean, &sd));
			wrong[additive] += fabs(mean - valleys(queries + NUMBERS * i, NUMBERS)) / ASKED;
		}
		policy_free(job);
		play_free(p);
	}
	print_message("mean error %g, %g with the kernel\n", wrong[0], wrong[1]);
	assert_true(wrong[1] < 0.6 * wrong[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_is_shared_and_what_is_not),
		cmocka_unit_test(it_is_for_both_sorts_only),
		cmocka_unit_test(states_are_not_mistaken),
		cmocka_unit_test(every_number_has_a_prior),
		cmocka_unit_test(people_see_the_lengthscale_of_slopes),
		cmocka_unit_test(choices_learn_from_each_other),
		cmocka_unit_test(few_numbers_are_taken_alone_too),
		cmocka_unit_test(states_of_numbers_are_not_mistaken),
		cmocka_unit_test(sums_are_learnt_sooner),
	};
	printf("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
