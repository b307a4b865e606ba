/* Results by metric: named values, standard errors, outcome constraints, the best feasible trial,
 * predictions of every metric; after a restart too. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "daemon/engine/core.h"
#include "daemon/engine/snapshot.h"
#include "proto/record.h"
#include "tests/daemon/engine_life.h"

/* The objective is not the first. */
static const struct msg_metric metrics[3] = {
	{.name = "latency", .role = METRIC_CONSTRAINT, .has_upper = true, .upper = 10},
	{.name = "gain", .role = METRIC_MAXIMIZE},
	{.name = "size",
		.role = METRIC_CONSTRAINT,
		.has_lower = true,
		.lower = -1,
		.has_upper = true,
		.upper = 1},
};

static void with_constraints(struct msg_spec *spec)
{
	spec->n_metrics = 3;
	spec->metrics = metrics;
}

static void without_noise(struct msg_spec *spec)
{
	with_constraints(spec);
	spec->has_noise_sd = true;
}

/* In another order than the metrics of the study; sem of the objective when it is not NaN. */
static struct msg_value *values_of(
	struct harness *h, double gain, double latency, double size, double sem)
{
	struct msg_value *v = ARENA_ARRAY(h->arena, struct msg_value, 3);

	v[0] = (struct msg_value){.name = "gain", .value = gain};
	v[1] = (struct msg_value){.name = "size", .value = size};
	v[2] = (struct msg_value){.name = "latency", .value = latency};
	v[0].has_sem = !isnan(sem);
	v[0].sem = v[0].has_sem ? sem : 0;
	return v;
}

static struct msg_request observe(
	struct harness *h, uint64_t number, int n, const struct msg_value *values)
{
	struct msg_request m = harness_observe(h, "s", number, 0);
	struct msg_observation *o = ARENA_NEW(h->arena, struct msg_observation);

	*o = (struct msg_observation){.number = number, .n_values = n, .values = values};
	m.u.observe.observations = o;
	return m;
}

static struct msg_trial told(
	struct harness *h, uint64_t number, double gain, double latency, double size, double sem)
{
	struct msg_request m = observe(h, number, 3, values_of(h, gain, latency, size, sem));

	return life_do(h, &m).u.trials.trials[0];
}

static void assert_values(
	const struct msg_trial *t, double latency, double gain, double size, double sem)
{
	const double want[3] = {latency, gain, size};

	assert_int_equal(t->state, TRIAL_COMPLETE);
	assert_int_equal(t->n_values, 3);
	for (int k = 0; k < 3; k++) {
		assert_string_equal(t->values[k].name, metrics[k].name);
		assert_true(t->values[k].value == want[k]);
		assert_int_equal(t->values[k].has_sem, k == 1 && !isnan(sem));
	}
	assert_true(isnan(sem) || t->values[1].sem == sem);
	assert_true(t->has_feasible);
	assert_int_equal(t->feasible, latency <= 10 && fabs(size) <= 1);
}

/* ---- values ----------------------------------------------------------------------------- */

static void test_values_by_name(void **state)
{
	struct harness *h = life_new(with_constraints);
	struct msg_trial t;

	(void)state;
	life_ask(h, 3, NULL, 0);
	t = told(h, 0, 5, 10, -1, 0.25);
	assert_values(&t, 10, 5, -1, 0.25);
	t = told(h, 1, 6, 10.5, 0, NAN);
	assert_values(&t, 10.5, 6, 0, NAN);
	harness_restart(h);
	t = life_trial(h, 0);
	assert_values(&t, 10, 5, -1, 0.25);
	t = life_trial(h, 1);
	assert_values(&t, 10.5, 6, 0, NAN);
	assert_false(life_trial(h, 2).has_feasible);
	harness_free(h);
}

static void refuse(
	struct harness *h, const struct msg_request *m, const char *field, const char *text)
{
	struct msg_reply r = harness_ask(h, m);

	harness_assert_error(&r, KR_INVALID_ARGUMENT, field, text);
	harness_check(h);
}

static void test_bad_values(void **state)
{
	struct harness *h = life_new(with_constraints);
	struct msg_value v[4];
	struct msg_request m;

	(void)state;
	life_ask(h, 1, NULL, 0);
	memcpy(v, values_of(h, 5, 9, 0, NAN), 3 * sizeof(*v));
	v[3] = v[0];
	m = observe(h, 0, 0, v);
	refuse(h, &m, "observations[0].values", "is empty; give the value of the metric 'latency'");
	m = observe(h, 0, 2, v);
	refuse(h, &m, "observations[0].values", "no value of 'latency'");
	m = observe(h, 0, 4, v);
	refuse(h, &m, "observations[0].values[3].name", "'gain' is given twice");
	harness_free(h);
}

static void test_bad_names(void **state)
{
	static const double bad[] = {NAN, INFINITY, -INFINITY};
	struct harness *h = life_new(with_constraints);
	struct msg_value *v;
	struct msg_request m;

	(void)state;
	life_ask(h, 1, NULL, 0);
	v = values_of(h, 5, 9, 0, NAN);
	v[1].name = "weight";
	m = observe(h, 0, 3, v);
	refuse(h, &m, "observations[0].values[1].name", "no metric 'weight'; its objective is 'gain'");
	v[1].name = NULL;
	m = observe(h, 0, 3, v);
	refuse(h, &m, "observations[0].values[1].name", "the study has 3 metrics");
	for (int k = 0; k < 3; k++) {
		m = observe(h, 0, 3, values_of(h, k == 2 ? NAN : 5, bad[k], 0, NAN));
		refuse(h, &m, "observations[0].values[2].value", "'latency' is");
	}
	assert_int_equal(life_trial(h, 0).state, TRIAL_RUNNING);
	m = observe(h, 0, 3, values_of(h, -INFINITY, 9, 0, NAN));
	life_do(h, &m);
	assert_int_equal(life_trial(h, 0).state, TRIAL_FAILED);
	assert_string_equal(life_trial(h, 0).reason, "nonfinite");
	assert_int_equal(life_trial(h, 0).n_values, 0);
	harness_free(h);
}

/* With one metric its name may be left out, and there is nothing to be feasible. */
static void test_one_metric(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_value v = {.value = 3, .has_sem = true, .sem = 0.5};
	struct msg_request m;
	struct msg_trial t;

	(void)state;
	life_ask(h, 2, NULL, 0);
	m = observe(h, 0, 1, &v);
	t = life_do(h, &m).u.trials.trials[0];
	assert_int_equal(t.n_values, 1);
	assert_string_equal(t.values[0].name, "loss");
	assert_true(t.values[0].has_sem && t.values[0].sem == 0.5);
	assert_false(t.has_feasible);
	harness_free(h);
}

/* ---- repeats and conflicts -------------------------------------------------------------- */

static void test_repeats(void **state)
{
	struct harness *h = life_new(with_constraints);
	struct msg_request m;
	struct msg_reply r;
	size_t rows;
	uint64_t tag;

	(void)state;
	life_ask(h, 2, NULL, 0);
	m = observe(h, 0, 3, values_of(h, 5, 9, 0.5, 0.25));
	tag = harness_send(h, &m);
	life_repeat(h, &m, tag);
	rows = h->n_rows;
	m = observe(h, 0, 3, values_of(h, 5, 9, 0.5, 0.25)); /* the same by another request */
	r = life_do(h, &m);
	assert_values(&r.u.trials.trials[0], 9, 5, 0.5, 0.25);
	assert_int_equal(h->n_rows, rows + 1);
	m = observe(h, 0, 3, values_of(h, 5, 9.5, 0.5, 0.25));
	r = harness_ask(h, &m);
	harness_assert_error(
		&r, KR_CONFLICT, "observations[0].number", "already with 'latency' 9 and can't become 9.5");
	m = observe(h, 0, 3, values_of(h, 5, 9, 0.5, 0.125));
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "observations[0].number",
		"already with 'gain' standard error 0.25 and can't become 0.125");
	m = observe(h, 0, 3, values_of(h, 5, 9, 0.5, NAN));
	r = harness_ask(h, &m);
	harness_assert_error(
		&r, KR_CONFLICT, "observations[0].number", "standard error 0.25 and can't become none");
	harness_free(h);
}

/* ---- best ------------------------------------------------------------------------------- */

static void assert_best(struct harness *h, int number)
{
	struct msg_request m = {.method = METHOD_BEST};
	struct msg_reply r;

	m.u.best.study = "s";
	for (int pass = 0; pass < 2; pass++) {
		r = life_do(h, &m);
		assert_int_equal(r.u.best.trial ? (int)r.u.best.trial->number : -1, number);
		assert_true((life_study(h).best != NULL) == (number >= 0));
		harness_restart(h);
	}
}

static void test_best_is_feasible(void **state)
{
	struct harness *h = life_new(with_constraints);

	(void)state;
	life_ask(h, 6, NULL, 0);
	assert_best(h, -1);
	told(h, 0, 100, 11, 0, NAN);
	told(h, 1, 200, 9, 1.5, NAN);
	assert_best(h, -1);
	told(h, 2, 1, 9, 0, NAN);
	assert_best(h, 2);
	told(h, 3, 2, 10, 1, NAN);
	assert_best(h, 3);
	told(h, 4, 50, 10, -1.001, NAN);
	told(h, 5, 2, 0, 0, NAN); /* a tie: the lowest number */
	assert_best(h, 3);
	harness_free(h);
}

/* A correction can make a trial feasible, or take that from it. */
static void test_best_follows_corrections(void **state)
{
	struct harness *h = life_new(with_constraints);
	struct msg_request m;

	(void)state;
	life_ask(h, 2, NULL, 0);
	told(h, 0, 1, 9, 0, NAN);
	told(h, 1, 2, 12, 0, NAN);
	assert_best(h, 0);
	m = harness_edit(h, "s", 1);
	m.u.edit_trial.n_values = 3;
	m.u.edit_trial.values = values_of(h, 2, 8, 0, 0.5);
	life_do(h, &m);
	assert_best(h, 1);
	m = harness_edit(h, "s", 1);
	m.u.edit_trial.n_values = 3;
	m.u.edit_trial.values = values_of(h, 2, 8, 3, NAN);
	life_do(h, &m);
	assert_best(h, 0);
	harness_free(h);
}

/* ---- told points ------------------------------------------------------------------------ */

static const struct msg_named point[3] = {
	{"x", {.kind = SCALAR_REAL, .r = 0.5}},
	{"k", {.kind = SCALAR_INT, .i = 3}},
	{"c", {.kind = SCALAR_BOOL, .b = true}},
};

static void test_told_points(void **state)
{
	struct harness *h = life_new(with_constraints);
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	struct msg_point points[3] = {
		{.n_params = 3, .params = point, .n_values = 3, .values = values_of(h, 5, 9, 0, 0.5)},
		{.n_params = 3, .params = point, .n_values = 3, .values = values_of(h, 7, 19, 0, NAN)},
		{.n_params = 3, .params = point, .n_values = 3, .values = values_of(h, NAN, 9, 0, NAN)},
	};
	struct msg_trial t;

	(void)state;
	m.u.add_trials.study = "s";
	m.u.add_trials.n = 3;
	m.u.add_trials.points = points;
	life_do(h, &m);
	for (int pass = 0; pass < 2; pass++) {
		t = life_trial(h, 0);
		assert_values(&t, 9, 5, 0, 0.5);
		t = life_trial(h, 1);
		assert_values(&t, 19, 7, 0, NAN);
		assert_int_equal(life_trial(h, 2).state, TRIAL_FAILED);
		harness_restart(h);
	}
	assert_best(h, 0);
	points[0].n_values = 2;
	m = harness_request(h, METHOD_ADD_TRIALS, 0);
	m.u.add_trials.study = "s";
	m.u.add_trials.n = 1;
	m.u.add_trials.points = points;
	refuse(h, &m, "points[0].values", "no value of 'latency'");
	harness_free(h);
}

/* ---- suggestions and predictions -------------------------------------------------------- */

/* Fifteen trials with everything that can be told. */
static void live(struct harness *h)
{
	for (uint64_t k = 0; k < 15; k++) {
		struct msg_request m = harness_suggest(h, "s", k % 4 == 3 ? 2 : 1);
		struct msg_reply r = life_do(h, &m);
		const struct msg_trial *t = &r.u.trials.trials[0];
		double x = life_param(t, "x")->r, n = (double)life_param(t, "k")->i;

		if (k == 4)
			m = harness_fail(h, "s", t->number, TRIAL_FAILED, "out of memory");
		else if (k == 6)
			m = harness_fail(h, "s", t->number, TRIAL_INFEASIBLE, "can't be built");
		else
			m = observe(h, t->number, 3,
				values_of(h, n - 4 * x * x, 20 * x, n - 3, k % 3 ? 0.01 * (double)k : NAN));
		life_do(h, &m);
	}
}

static void test_suggestions_replay(void **state)
{
	void (*specs[])(struct msg_spec *) = {with_constraints, without_noise};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct harness *h = life_new(specs[i]);
		struct msg_trial t;
		int n;

		live(h);
		n = life_replay(h);
		assert_int_equal(n, 18);
		t = life_trial(h, 17);
		assert_int_equal(t.why.rule, WHY_MODEL);
		assert_true(t.why.has_p_feasible && t.why.p_feasible >= 0 && t.why.p_feasible <= 1);
		assert_false(life_trial(h, 0).why.has_p_feasible);
		harness_restart(h);
		assert_true(life_trial(h, 17).why.p_feasible == t.why.p_feasible);
		assert_int_equal(life_replay(h), n);
		harness_free(h);
	}
}

static void test_predictions(void **state)
{
	static const struct msg_point points[2] = {
		{.n_params = 3, .params = point}, {.n_params = 3, .params = point}};
	struct harness *h = life_new(with_constraints);
	struct msg_request m = {.method = METHOD_PREDICT};
	struct msg_reply r;

	(void)state;
	live(h);
	m.u.predict = (struct msg_predict){"s", 2, points};
	r = life_do(h, &m);
	assert_int_equal(r.u.predict.n, 2);
	assert_int_equal(r.u.predict.n_metrics, 3);
	for (int i = 0; i < 6; i++) {
		const struct msg_prediction *p = &r.u.predict.predictions[i];
		const double truth[3] = {10, 2, 0};

		assert_string_equal(p->name, metrics[i % 3].name);
		assert_true(isfinite(p->mean) && p->sd > 0);
		assert_true(fabs(p->mean - truth[i % 3]) < 4 * p->sd + 1);
	}
	harness_free(h);
}

/* FAILED and INFEASIBLE trials teach where evaluations succeed, unless they are excluded; all
 * others that have no result are only not given out again. */
static void test_failures_are_told_apart(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_request m;
	struct snapshot *snap;

	(void)state;
	life_ask(h, 6, NULL, 0);
	for (uint64_t k = 0; k < 4; k++) {
		m = harness_fail(h, "s", k, k == 2 ? TRIAL_INFEASIBLE : TRIAL_FAILED, NULL);
		life_do(h, &m);
	}
	m = harness_fail(h, "s", 4, TRIAL_PRUNED, NULL);
	life_do(h, &m);
	m = harness_exclude(h, "s", 3, true);
	life_do(h, &m);
	assert_int_equal(snapshot_new(&snap, studies_at(&h->e->studies, 1), NULL), KR_OK);
	assert_int_equal(snap->failed.n, 2);
	assert_int_equal(snap->infeasible.n, 1);
	assert_int_equal(snap->taken.n, 2);
	assert_int_equal(snap->pending.n, 1);
	assert_memory_equal(snap->infeasible.values,
		trials_at(&studies_at(&h->e->studies, 1)->trials, 2)->values, 3 * sizeof(double));
	snapshot_release(snap);
	harness_free(h);
}

/* ---- why --------------------------------------------------------------------------------- */

static bool says(struct harness *h, const char *text)
{
	struct msg_request m = {.method = METHOD_WHY};
	struct msg_why_reply r;

	m.u.why.study = "s";
	r = life_do(h, &m).u.why;
	for (int i = 0; i < r.sentences.n; i++)
		if (strstr(r.sentences.p[i], text))
			return true;
	return false;
}

static void add_point(struct harness *h, double gain, double latency, double sem)
{
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	struct msg_point p = {.n_params = 3,
		.params = point,
		.n_values = 3,
		.values = values_of(h, gain, latency, 0, sem)};

	m.u.add_trials.study = "s";
	m.u.add_trials.n = 1;
	m.u.add_trials.points = &p;
	life_do(h, &m);
}

static void test_why(void **state)
{
	struct harness *h = life_new(without_noise);
	struct msg_request m;

	(void)state;
	assert_false(says(h, "constraints"));
	add_point(h, 1, 11, NAN);
	assert_true(says(h, "none of 1 results meets the outcome constraints"));
	add_point(h, 2, 11, 0.5); /* uncertain, as it says itself */
	assert_false(says(h, "same point"));
	add_point(h, 1, 9, NAN);
	assert_false(says(h, "outcome constraints"));
	assert_true(says(h, "trials 1 and 2 of the same point have 'latency' = 11 and 9"));
	m = harness_exclude(h, "s", 0, true);
	life_do(h, &m);
	assert_true(says(h, "trials 1 and 2 of the same point"));
	m = harness_exclude(h, "s", 1, true);
	life_do(h, &m);
	assert_false(says(h, "same point"));
	harness_free(h);
	h = life_new(with_constraints); /* its noise is learnt */
	add_point(h, 1, 11, NAN);
	add_point(h, 1, 9, NAN);
	assert_false(says(h, "same point"));
	harness_free(h);
}

/* ---- specs ------------------------------------------------------------------------------ */

static struct msg_request create(struct harness *h, int n, const struct msg_metric *list)
{
	struct msg_request m = harness_create(h, "t");

	m.u.create_study.spec.n_metrics = n;
	m.u.create_study.spec.metrics = list;
	return m;
}

static void test_specs(void **state)
{
	static const struct msg_metric two[] = {
		{.name = "a", .role = METRIC_MINIMIZE}, {.name = "b", .role = METRIC_MAXIMIZE}};
	static const struct msg_metric cost[] = {
		{.name = "a", .role = METRIC_MINIMIZE}, {.name = "b", .role = METRIC_COST}};
	static const struct msg_metric open[] = {
		{.name = "a", .role = METRIC_MINIMIZE}, {.name = "b", .role = METRIC_CONSTRAINT}};
	static const struct msg_metric empty[] = {{.name = "a", .role = METRIC_MINIMIZE},
		{.name = "b",
			.role = METRIC_CONSTRAINT,
			.has_lower = true,
			.lower = 2,
			.has_upper = true,
			.upper = 1}};
	struct harness *h = harness_new();
	struct msg_request m;

	(void)state;
	m = create(h, 1, metrics);
	refuse(h, &m, "spec.metrics", "0 objectives");
	m = create(h, 2, two);
	refuse(h, &m, "spec.metrics", "2 objectives");
	m = create(h, 2, cost);
	refuse(h, &m, "spec.metrics[1].role", "is cost");
	m = create(h, 2, open);
	refuse(h, &m, "spec.metrics[1].role", "no bound");
	m = create(h, 2, empty);
	refuse(h, &m, "spec.metrics[1].upper", "give lower < upper");
	harness_free(h);
}

static void test_attaching(void **state)
{
	struct harness *h = life_new(with_constraints);
	struct msg_metric other[3] = {metrics[0], metrics[1], metrics[2]};
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;

	(void)state;
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	m.u.create_study.spec.n_metrics = 3;
	m.u.create_study.spec.metrics = other;
	life_do(h, &m);
	other[0].upper = 11;
	m.meta = harness_request(h, METHOD_CREATE_STUDY, 0).meta;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.metrics[0].upper", "10");
	other[0].upper = 10;
	m.u.create_study.spec.has_noise_sd = true;
	m.meta = harness_request(h, METHOD_CREATE_STUDY, 0).meta;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.noise_sd", "none");
	harness_free(h);
}

/* ---- memory ------------------------------------------------------------------------------ */

/* Each allocation of telling a result fails once: all or nothing, and asked again it is done. */
static void test_memory(void **state)
{
	(void)state;
	for (int sticky = 0; sticky < 2; sticky++)
		for (long n = 1, used = 1; n <= used; n++) {
			struct harness *h = life_new(with_constraints);
			struct msg_request m;
			struct msg_trial t;
			struct msg_reply r;
			uint64_t tag;

			life_ask(h, 2, NULL, 0);
			m = observe(h, 0, 3, values_of(h, 5, 9, 0, 0.25));
			kr_alloc_fail_at(n, sticky);
			tag = harness_send(h, &m);
			used = kr_alloc_count();
			kr_alloc_fail_at(0, 0);
			r = harness_reply(h, tag);
			harness_check(h);
			if (r.is_error) {
				assert_int_equal(r.error.code, kr_status_wire(KR_OVERLOADED));
				assert_int_equal(life_trial(h, 0).state, TRIAL_RUNNING);
				life_do(h, &m);
			}
			t = life_trial(h, 0);
			assert_values(&t, 9, 5, 0, 0.25);
			harness_free(h);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_by_name),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_one_metric),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_best_is_feasible),
		cmocka_unit_test(test_best_follows_corrections),
		cmocka_unit_test(test_told_points),
		cmocka_unit_test(test_suggestions_replay),
		cmocka_unit_test(test_predictions),
		cmocka_unit_test(test_failures_are_told_apart),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_attaching),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
