/* Studies that begin with the results of others: what is taken, what is refused and in which words,
 * that it stays when the other study goes, with priors of parameters too. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "proto/limits.h"
#include "tests/daemon/engine_life.h"

static const double about[2] = {0.6, 0.1};

static const struct msg_scalar choices[3] = {{.kind = SCALAR_STRING, .s = "a"},
	{.kind = SCALAR_BOOL, .b = true}, {.kind = SCALAR_INT, .i = 1}};

static struct msg_param number(const char *name, enum param_kind kind, double low, double high)
{
	return (struct msg_param){
		.name = name, .kind = kind, .has_low = true, .has_high = true, .low = low, .high = high};
}

static struct msg_request create(struct harness *h, const char *name,
	const struct msg_param *params, int n, enum metric_role role)
{
	struct msg_metric *metric = ARENA_NEW(h->arena, struct msg_metric);
	struct msg_request m = harness_create(h, name);

	*metric = (struct msg_metric){.name = "y", .role = role};
	m.u.create_study.spec.params = params;
	m.u.create_study.spec.n_params = n;
	m.u.create_study.spec.metrics = metric;
	return m;
}

/* "old" maximizes; x to 2, three choices, something fixed that the new study has not. */
static void make_old(struct harness *h, int n)
{
	struct msg_param params[3] = {number("x", PARAM_FLOAT, 0, 2),
		{.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 3, .choices = choices},
		{.name = "data", .kind = PARAM_FIXED, .n_choices = 1, .choices = choices}};
	struct msg_request m = create(h, "old", params, 3, METRIC_MAXIMIZE);

	life_do(h, &m);
	for (int i = 0; i < n; i++) {
		struct msg_named point[3] = {{"x", {.kind = SCALAR_REAL, .r = 2.0 * i / n}},
			{"c", choices[i % 3]}, {"data", choices[0]}};
		struct msg_value y = {.value = i};
		struct msg_point p = {.n_params = 3, .params = point, .n_values = 1, .values = &y};

		m = harness_request(h, METHOD_ADD_TRIALS, 0);
		m.u.add_trials.study = "old";
		m.u.add_trials.n = 1;
		m.u.add_trials.points = &p;
		life_do(h, &m);
	}
}

/* "s": x to 1, with a prior, the first two choices, and a fixed parameter that "old" has not. */
static struct msg_request create_new(struct harness *h, const char *const *sources, int n)
{
	struct msg_param *params = ARENA_ARRAY(h->arena, struct msg_param, 3);
	struct msg_request m;

	params[0] = number("x", PARAM_FLOAT, 0, 1);
	params[0].prior = (struct msg_prior){PRIOR_NORMAL, 2, about};
	params[1] = (struct msg_param){
		.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 2, .choices = choices};
	params[2] = (struct msg_param){
		.name = "more", .kind = PARAM_FIXED, .n_choices = 1, .choices = choices};
	m = create(h, "s", params, 3, METRIC_MINIMIZE);
	m.u.create_study.spec.warm_start = (struct msg_texts){n, sources};
	return m;
}

static const char *const old[] = {"old"};

static void test_what_fits_is_taken(void **state)
{
	enum { N = 600 }; /* x <= 1: 301; of these a or true: 2 in 3 */
	struct harness *h = harness_new();
	struct msg_request m;

	(void)state;
	make_old(h, N);
	m = create_new(h, old, 1);
	life_do(h, &m);
	for (int pass = 0; pass < 2; pass++) {
		struct msg_study s = life_study(h);

		assert_int_equal(s.n_warm_start, 1);
		assert_string_equal(s.warm_start[0].name, "old");
		assert_int_equal(s.warm_start[0].taken, LIMIT_WARM_START_POINTS);
		assert_int_equal(s.warm_start[0].unfit, N - 201);
		assert_int_equal(s.warm_start[0].unused, 201 - LIMIT_WARM_START_POINTS);
		harness_restart(h);
	}
	harness_free(h);
}

static double param(const struct msg_trial *t)
{
	return life_param(t, "x")->r;
}

/* The first and the third point are the best of "old" in the space, the second is by the prior, and
 * all of it is replayed when "old" is gone. */
static void test_it_stays_when_the_source_goes(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;
	uint64_t tag;

	(void)state;
	make_old(h, 30);
	m = create_new(h, old, 1);
	tag = harness_send(h, &m);
	life_repeat(h, &m, tag);
	struct msg_request gone = harness_request(h, METHOD_DELETE_STUDY, 0);
	gone.u.delete_study.study = "old";
	life_do(h, &gone);
	harness_restart(h);
	for (uint64_t i = 0; i < 8; i++) {
		struct msg_trials_reply r = life_ask(h, 1, NULL, 0);
		double x = param(&r.trials[0]);

		if (i == 0)
			assert_true(x == 2.0 * 15 / 30);
		if (i == 2) /* not near the first */
			assert_true(fabs(x - 1) > 0.1 && fabs(x * 15 - rint(x * 15)) < 1e-12);
		struct msg_request told = harness_observe(h, "s", i, x * x);
		life_do(h, &told);
	}
	assert_int_equal(life_replay(h), 8);
	harness_restart(h);
	assert_int_equal(life_replay(h), 8);
	harness_free(h);
}

static void refuses(struct harness *h, const struct msg_param *params, int n, enum kr_status code,
	const char *source, const char *words)
{
	struct msg_request m = create(h, "s", params, n, METRIC_MINIMIZE);

	m.u.create_study.spec.warm_start = (struct msg_texts){1, &source};
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_error(&r, code, "spec.warm_start[0]", words);
}

static void test_what_does_not_fit_is_refused(void **state)
{
	struct msg_param c = {
		.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 2, .choices = choices};
	struct msg_param good[2] = {number("x", PARAM_FLOAT, 0, 1), c};
	struct msg_param kind[2] = {number("x", PARAM_INT, 0, 1), c};
	struct msg_param more[3] = {good[0], c, number("z", PARAM_FLOAT, 0, 1)};
	struct harness *h = harness_new();

	(void)state;
	make_old(h, 3);
	refuses(h, good, 2, KR_NOT_FOUND, "older", "no study 'older'");
	refuses(h, kind, 2, KR_INVALID_ARGUMENT, "old", "of another kind");
	refuses(h, more, 3, KR_INVALID_ARGUMENT, "old", "has no parameter 'z'");
	refuses(h, good, 1, KR_INVALID_ARGUMENT, "old", "'c'");
	harness_free(h);
}

/* A clone begins with what was taken then, though the source is another study by now, or none. */
static void test_a_clone_takes_what_was_recorded(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m, gone = harness_request(h, METHOD_DELETE_STUDY, 0);

	(void)state;
	make_old(h, 30);
	m = create_new(h, old, 1);
	life_do(h, &m);
	gone.u.delete_study.study = "old";
	life_do(h, &gone);
	make_old(h, 1);
	gone = harness_request(h, METHOD_DELETE_STUDY, 0);
	gone.u.delete_study.study = "old";
	life_do(h, &gone);
	for (int pass = 0; pass < 2; pass++) {
		struct msg_request get = harness_request(h, METHOD_GET_STUDY, 0);
		struct msg_reply r;

		m = create_new(h, old, 1);
		m.u.create_study.name = "t";
		m.u.create_study.clone_of = "s";
		if (pass == 0)
			life_do(h, &m);
		get.u.get_study.study = "t";
		r = harness_ask(h, &get);
		harness_assert_ok(&r);
		assert_int_equal(r.u.study.study.n_warm_start, 1);
		assert_int_equal(r.u.study.study.warm_start[0].id, 1);
		assert_int_equal(r.u.study.study.warm_start[0].taken, 11);
		harness_restart(h);
	}
	for (int i = 0; i < 3; i++) { /* the same seed, so the same design */
		struct msg_request ask = harness_request(h, METHOD_SUGGEST, 0);
		struct msg_reply r;
		double x;

		ask.u.suggest = (struct msg_suggest){.study = "t", .count = 1};
		r = harness_ask(h, &ask);
		harness_assert_ok(&r);
		x = life_param(&r.u.trials.trials[0], "x")->r;
		if (i != 1)
			assert_true(x == life_param(&life_ask(h, 1, NULL, 0).trials[0], "x")->r);
		else
			life_ask(h, 1, NULL, 0);
	}
	harness_free(h);
}

static void clone_refused(struct harness *h, const char *of, const char *const *sources, int n,
	enum kr_status code, const char *field, const char *words)
{
	struct msg_request m = create_new(h, sources, n);
	struct msg_reply r;

	m.u.create_study.name = "t";
	m.u.create_study.clone_of = of;
	r = harness_ask(h, &m);
	harness_assert_error(&r, code, field, words);
}

static void test_a_clone_of_something_else_is_refused(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;

	(void)state;
	make_old(h, 3);
	m = create_new(h, old, 1);
	life_do(h, &m);
	clone_refused(h, "nobody", old, 1, KR_NOT_FOUND, "clone_of", "no study 'nobody'");
	clone_refused(h, "s", old, 0, KR_CONFLICT, "spec.warm_start", "the study has 1");
	clone_refused(h, "old", old, 1, KR_CONFLICT, "spec.parameters[0].high", "the study has");
	harness_free(h);
}

/* Whether or not there is one of that name yet. */
static void test_a_study_is_not_its_own_source(void **state)
{
	static const char *const names[] = {"old", "s"};
	struct harness *h = harness_new();

	(void)state;
	make_old(h, 3);
	for (int pass = 0; pass < 2; pass++) {
		struct msg_request m = create_new(h, names, 2);
		struct msg_reply r;

		m.u.create_study.if_exists = IF_EXISTS_REPLACE;
		r = harness_ask(h, &m);
		harness_assert_error(&r, KR_INVALID_ARGUMENT, "spec.warm_start[1]",
			"is 's', the new study itself; leave it out, or give the new study another name");
		m = create_new(h, names, 1);
		if (pass == 0)
			life_do(h, &m);
	}
	harness_free(h);
}

static void test_priors_agree_or_not(void **state)
{
	static const double other[2] = {0.6, 0.2}, outside[3] = {6, 0.2, 1};
	struct harness *h = harness_new();
	struct msg_request m = create_new(h, NULL, 0);
	struct msg_param params[3];
	struct msg_reply r;

	(void)state;
	life_do(h, &m);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	m = create_new(h, NULL, 0);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	life_do(h, &m);
	memcpy(params, m.u.create_study.spec.params, sizeof(params));
	params[0].prior.numbers = other;
	m = create(h, "s", params, 3, METRIC_MINIMIZE);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.parameters[0].prior.numbers[1]", "0.2");
	params[0].prior = (struct msg_prior){0};
	m = create(h, "s", params, 3, METRIC_MINIMIZE);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.parameters[0].prior", "none");
	params[0].prior = (struct msg_prior){PRIOR_NORMAL, 2, outside};
	m = create(h, "t", params, 3, METRIC_MINIMIZE);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "spec.parameters[0].prior", "0 to 1");
	for (int n = 0; n <= 3; n += n == 1 ? 2 : 1) { /* as only a damaged row has it */
		params[0].prior = (struct msg_prior){PRIOR_NORMAL, n, outside};
		m = create(h, "t", params, 3, METRIC_MINIMIZE);
		r = harness_ask(h, &m);
		harness_assert_error(
			&r, KR_INVALID_ARGUMENT, "spec.parameters[0].prior.numbers", "must have 2");
	}
	harness_free(h);
}

/* The n-th allocation of the creation fails: a clear refusal, and nothing is half made. */
static void test_no_memory(void **state)
{
	struct harness *h = harness_new();
	bool done = false;

	(void)state;
	make_old(h, 10);
	for (long n = 1; !done; n++) {
		struct msg_request m = create_new(h, old, 1);
		struct msg_reply r;
		uint64_t tag;

		kr_alloc_fail_at(n, 0);
		tag = harness_send(h, &m);
		done = kr_alloc_count() < n;
		kr_alloc_fail_at(0, 0);
		harness_settle(h);
		harness_check(h);
		r = harness_reply(h, tag);
		if (!r.is_error)
			break;
		assert_int_not_equal(r.error.code, 0);
	}
	assert_int_equal(life_study(h).warm_start[0].taken, 4);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits_is_taken),
		cmocka_unit_test(test_it_stays_when_the_source_goes),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_a_clone_takes_what_was_recorded),
		cmocka_unit_test(test_a_clone_of_something_else_is_refused),
		cmocka_unit_test(test_a_study_is_not_its_own_source),
		cmocka_unit_test(test_priors_agree_or_not),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
