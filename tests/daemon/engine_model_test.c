/* GetModel: what is said before there is a model, what of it is recorded with the suggestions that
 * fitted it, and that a long study with refits, cuts, failures and edits is replayed exactly. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "proto/record.h"
#include "tests/daemon/engine_life.h"

enum { SEED = 141421 };

static const struct msg_scalar three = {.kind = SCALAR_INT, .i = 3};

static const struct msg_param params[3] = {
	{.name = "x", .kind = PARAM_FLOAT, .has_low = true, .has_high = true, .low = 0, .high = 1},
	{.name = "f", .kind = PARAM_FIXED, .n_choices = 1, .choices = &three},
	{.name = "y", .kind = PARAM_FLOAT, .has_low = true, .has_high = true, .low = 0, .high = 1},
};

static const struct msg_metric metrics[2] = {
	{.name = "heat", .role = METRIC_CONSTRAINT, .has_upper = true, .upper = 0.9},
	{.name = "loss", .role = METRIC_MINIMIZE},
};

static void two_metrics(struct msg_spec *spec)
{
	spec->n_params = 3;
	spec->params = params;
	spec->n_metrics = 2;
	spec->metrics = metrics;
}

static struct msg_get_model_reply model(struct harness *h)
{
	struct msg_request m = {.method = METHOD_GET_MODEL, .u.get_model.study = "s"};

	return life_do(h, &m).u.get_model;
}

static double real_param(const struct msg_trial *t, const char *name)
{
	return life_param(t, name)->r;
}

/* The results of a trial: loss falls with x, which heat follows. */
static void tell(struct harness *h, const struct msg_trial *t)
{
	double x = real_param(t, "x"), y = real_param(t, "y");
	struct msg_value *v = ARENA_ARRAY(h->arena, struct msg_value, 2);
	struct msg_observation *o = ARENA_NEW(h->arena, struct msg_observation);
	struct msg_request m = harness_observe(h, "s", t->number, 0);

	v[0] = (struct msg_value){.name = "heat", .value = x};
	v[1] = (struct msg_value){.name = "loss", .value = (1 - x) * (1 - x) + 0.1 * y};
	*o = (struct msg_observation){.number = t->number, .n_values = 2, .values = v};
	m.u.observe.observations = o;
	life_do(h, &m);
}

static void fail_trial(struct harness *h, uint64_t number)
{
	struct msg_request m = harness_fail(h, "s", number, TRIAL_FAILED, "no");

	life_do(h, &m);
}

static void step(struct harness *h)
{
	struct msg_trials_reply r = life_ask(h, 1, NULL, 0);

	tell(h, &r.trials[0]);
}

static const struct msg_model *find(const struct msg_get_model_reply *r, const char *name)
{
	for (int i = 0; i < r->models.n; i++) {
		const char *is = r->models.p[i].name;

		if (is == name || (is && name && strcmp(is, name) == 0))
			return &r->models.p[i];
	}
	return NULL;
}

/* ---- before there is one ------------------------------------------------------------- */

static void assert_none(struct harness *h, const char *why)
{
	struct msg_get_model_reply r = model(h);

	assert_int_equal(r.models.n, 0);
	assert_non_null(r.reason);
	if (!strstr(r.reason, why))
		fail_msg("'%s' does not say '%s'", r.reason, why);
}

static void test_says_why_there_is_none(void **state)
{
	struct harness *h = life_new(two_metrics);
	struct msg_request m;

	(void)state;
	assert_none(h, "no result yet");
	for (int i = 1; i <= 5; i++) {
		step(h);
		assert_none(h, i < 5 ? "initial design" : "has needed a model");
	}
	h->hold_jobs = true;
	m = harness_suggest(h, "s", 1);
	harness_send(h, &m);
	assert_none(h, "computes a suggestion now");
	harness_settle(h);
	h->hold_jobs = false;
	assert_null(model(h).reason);
	m = (struct msg_request){.method = METHOD_GET_MODEL, .u.get_model.study = "t"};
	struct msg_reply r = harness_ask(h, &m);
	harness_assert_error(&r, KR_NOT_FOUND, "study", NULL);
	harness_free(h);
}

/* ---- what it says ---------------------------------------------------------------------- */

static void assert_same_model(
	const struct msg_get_model_reply *a, const struct msg_get_model_reply *b)
{
	assert_int_equal(a->models.n, b->models.n);
	for (int i = 0; i < a->models.n; i++) {
		const struct msg_model *x = &a->models.p[i], *y = &b->models.p[i];

		assert_true((x->name == NULL) == (y->name == NULL));
		assert_string_equal(x->transform, y->transform);
		assert_int_equal(x->n_lengthscales, y->n_lengthscales);
		for (int k = 0; k < x->n_lengthscales; k++)
			assert_true(x->lengthscales[k] == y->lengthscales[k]);
		assert_true(x->noise_sd == y->noise_sd && x->mean == y->mean && x->n == y->n);
		assert_memory_equal(&x->calibration, &y->calibration, sizeof(x->calibration));
	}
	assert_int_equal(a->sentences.n, b->sentences.n);
	for (int i = 0; i < a->sentences.n; i++)
		assert_string_equal(a->sentences.p[i], b->sentences.p[i]);
}

/* FIXED parameters have no lengthscale; the objective comes first; a restart changes nothing. */
static void test_tells_what_was_fitted(void **state)
{
	struct harness *h = life_new(two_metrics);
	struct msg_get_model_reply r;
	const struct msg_model *m;

	(void)state;
	for (int i = 0; i < 15; i++)
		step(h);
	for (int pass = 0; pass < 2; pass++) {
		r = model(h);
		assert_int_equal(r.results, 15);
		assert_int_equal(r.parameters.n, 2);
		assert_string_equal(r.parameters.p[0], "x");
		assert_string_equal(r.parameters.p[1], "y");
		assert_int_equal(r.models.n, 2);
		assert_string_equal(r.models.p[0].name, "loss");
		m = find(&r, "heat");
		assert_int_equal(m->n_lengthscales, 2);
		assert_true(m->lengthscales[0] < m->lengthscales[1]); /* of y, it knows nothing */
		assert_int_equal(m->n, 14); /* when the last trial was asked for */
		assert_int_equal(m->n_fit, 14);
		assert_int_equal(m->calibration.n, 14);
		assert_true(m->calibration.coverage95 <= 1 && m->calibration.coverage50 >= 0);
		assert_true(m->has_log_posterior && m->noise_sd >= 0 && m->outputscale > 0);
		assert_string_equal(m->kernel, "matern52 + additive");
		assert_true(r.sentences.n >= 2 && strstr(r.sentences.p[0], "95 % intervals contained"));
		harness_restart(h);
	}
	harness_free(h);
}

/* Failures make a model of success; deleting none of the others. */
static void test_success(void **state)
{
	struct harness *h = life_new(two_metrics);
	struct msg_get_model_reply r;

	(void)state;
	for (int i = 0; i < 8; i++)
		step(h);
	r = model(h);
	assert_null(find(&r, NULL));
	fail_trial(h, life_ask(h, 1, NULL, 0).trials[0].number);
	step(h);
	r = model(h);
	assert_int_equal(r.models.n, 3);
	assert_non_null(find(&r, NULL));
	assert_int_equal(find(&r, NULL)->n, 9);
	assert_int_equal(find(&r, NULL)->calibration.n, 0);
	fail_trial(h, life_ask(h, 1, NULL, 0).trials[0].number);
	fail_trial(h, life_ask(h, 1, NULL, 0).trials[0].number); /* one more fit of success alone */
	life_ask(h, 1, NULL, 0);
	r = model(h);
	assert_int_equal(r.models.n, 3);
	assert_string_equal(r.models.p[0].name, "loss");
	assert_int_equal(find(&r, NULL)->n, 12);
	harness_free(h);
}

/* When the failures are deleted, nothing is said of success: suggestions do not weigh it. */
static void test_failures_deleted(void **state)
{
	struct harness *h = life_new(two_metrics);
	struct msg_get_model_reply r;
	struct msg_request m;
	uint64_t number;

	(void)state;
	for (int i = 0; i < 8; i++)
		step(h);
	number = life_ask(h, 1, NULL, 0).trials[0].number;
	fail_trial(h, number);
	step(h);
	m = harness_exclude(h, "s", number, true);
	life_do(h, &m);
	r = model(h);
	assert_int_equal(r.models.n, 2);
	assert_null(find(&r, NULL));
	m = harness_exclude(h, "s", number, false);
	life_do(h, &m);
	r = model(h);
	assert_non_null(find(&r, NULL));
	m = harness_delete_trial(h, "s", number);
	life_do(h, &m);
	r = model(h);
	assert_null(find(&r, NULL));
	harness_restart(h);
	r = model(h);
	assert_null(find(&r, NULL));
	assert_non_null(find(&r, "loss"));
	harness_free(h);
}

static void declared_noise(struct msg_spec *spec)
{
	spec->has_noise_sd = true;
	spec->noise_sd = 0.0625;
}

/* A declared noise is the model's: it is shown, though nothing was learnt. */
static void test_declared_noise(void **state)
{
	struct harness *h = life_new(declared_noise);

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct msg_trials_reply r = life_ask(h, 1, NULL, 0);
		struct msg_request m = harness_observe(h, "s", r.trials[0].number, (i * 7) % 5);

		life_do(h, &m);
	}
	assert_true(model(h).models.p[0].noise_sd == 0.0625);
	harness_free(h);
}

static struct msg_request told_point(struct harness *h, double x, double y, double loss)
{
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	struct msg_named *p = ARENA_ARRAY(h->arena, struct msg_named, 2);
	struct msg_value *v = ARENA_ARRAY(h->arena, struct msg_value, 2);
	struct msg_point *point = ARENA_NEW(h->arena, struct msg_point);

	p[0] = (struct msg_named){"x", {.kind = SCALAR_REAL, .r = x}};
	p[1] = (struct msg_named){"y", {.kind = SCALAR_REAL, .r = y}};
	v[0] = (struct msg_value){.name = "heat", .value = 0.1 * x};
	v[1] = (struct msg_value){.name = "loss", .value = loss};
	*point = (struct msg_point){.n_params = 2, .params = p, .n_values = 2, .values = v};
	m.u.add_trials = (struct msg_add_trials){"s", 1, point};
	return m;
}

/* A result that does not fit is called by its number, though trials before it are excluded and
 * deleted, and points were measured twice. */
static void test_names_the_outlier(void **state)
{
	enum { ODD = 17 };
	struct harness *h = life_new(two_metrics);
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	struct msg_get_model_reply model_of;
	const struct msg_model *m;
	struct msg_request q;
	bool said = false;

	(void)state;
	for (int i = 0; i < 40; i++) {
		double x = i % 5 == 4 ? 0.25 : i == ODD ? 0.5 : rng_uniform(&r), y = 0.5;
		double loss = i == ODD ? 2 : sin(3 * x) + 0.02 * rng_normal(&r);

		q = told_point(h, x, y, loss);
		life_do(h, &q);
	}
	q = harness_exclude(h, "s", 3, true);
	life_do(h, &q);
	q = harness_delete_trial(h, "s", 5);
	life_do(h, &q);
	life_ask(h, 1, NULL, 0);
	model_of = model(h);
	m = find(&model_of, "loss");
	assert_int_equal(m->n, 38);
	assert_int_equal(m->calibration.n, 31); /* eight measurements of one point */
	assert_int_equal(m->calibration.outliers, 1);
	assert_true(m->calibration.has_worst);
	assert_int_equal(m->calibration.worst_number, ODD);
	for (int i = 0; i < model_of.sentences.n; i++)
		said |= strstr(model_of.sentences.p[i], "(trial 17)") != NULL;
	assert_true(said);
	harness_free(h);
}

/* A deadline that comes before the scores leaves those of the fit before. */
static void test_deadline_before_the_scores(void **state)
{
	struct harness *h = life_new(NULL);
	struct msg_get_model_reply was, is;
	int units;
	bool seen = false;

	(void)state;
	for (int i = 0; i < 9; i++) {
		struct msg_trials_reply r = life_ask(h, 1, NULL, 0);
		struct msg_request m = harness_observe(h, "s", r.trials[0].number, (i * 7) % 5);
		life_do(h, &m);
	}
	was = model(h);
	assert_int_equal(was.models.p[0].calibration.n, 8);
	struct msg_calibration scores = was.models.p[0].calibration;
	for (units = 1; units < 100 && !seen; units++) {
		h->cut_after = units;
		struct msg_trials_reply r = life_ask(h, 1, NULL, 0);
		struct msg_request m = harness_observe(h, "s", r.trials[0].number, (units * 7) % 5);
		is = model(h);
		seen = is.models.p[0].n > 8;
		if (!seen)
			assert_memory_equal(&is.models.p[0].calibration, &scores, sizeof(scores));
		else
			assert_true(is.models.p[0].calibration.n == 8 ||
				is.models.p[0].calibration.n == is.models.p[0].n);
		life_do(h, &m);
	}
	assert_true(seen);
	h->cut_after = 0;
	life_replay(h);
	harness_free(h);
}

/* Results of one point leave nothing to predict from: no deadline is blamed alone. */
static void test_one_point(void **state)
{
	struct harness *h = life_new(two_metrics);
	struct msg_get_model_reply r;

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct msg_request m = told_point(h, 0.5, 0.5, 0.1 * i);

		life_do(h, &m);
	}
	life_ask(h, 1, NULL, 0);
	r = model(h);
	assert_int_equal(r.models.n, 2);
	assert_int_equal(r.models.p[0].calibration.n, 0);
	assert_int_equal(r.sentences.n, 2);
	assert_non_null(strstr(r.sentences.p[0], "all results are of one point"));
	life_replay(h);
	harness_free(h);
}

/* Memory runs out in the suggestion that fits, and in GetModel: asked again, both are as ever. */
static void test_memory_runs_out(void **state)
{
	(void)state;
	for (long n = 1, used = 1; n <= used; n += 1 + n / 40) {
		struct harness *h = life_new(two_metrics);
		struct msg_request m;
		struct msg_reply r;

		for (int i = 0; i < 6; i++)
			step(h);
		m = harness_suggest(h, "s", 1);
		kr_alloc_fail_at(n, 0);
		r = harness_reply(h, harness_send(h, &m));
		used = kr_alloc_count();
		kr_alloc_fail_at(0, 0);
		harness_check(h);
		if (r.is_error) {
			assert_int_equal(r.error.code, kr_status_wire(KR_OVERLOADED));
			life_do(h, &m);
		}
		assert_int_equal(model(h).models.n, 2);
		harness_restart(h);
		assert_int_equal(model(h).models.n, 2);
		life_replay(h);
		harness_free(h);
	}
	struct harness *h = life_new(two_metrics);

	for (int i = 0; i < 7; i++)
		step(h);
	for (long n = 1, used = 1; n <= used; n++) {
		struct msg_request m = {.method = METHOD_GET_MODEL, .u.get_model.study = "s"};

		kr_alloc_fail_at(n, 0);
		struct msg_reply r = harness_reply(h, harness_send(h, &m));
		used = kr_alloc_count();
		kr_alloc_fail_at(0, 0);
		assert_true(!r.is_error || r.error.code == kr_status_wire(KR_OVERLOADED));
		assert_int_equal(model(h).models.n, 2);
	}
	harness_free(h);
}

/* ---- replay ------------------------------------------------------------------------------ */

/* Past the observation from which not every suggestion fits: batches, deadlines, failures,
 * corrections, exclusions, trials that are told, a restart in the middle. */
static void test_long_replay(void **state)
{
	enum { STEPS = 90 };
	struct harness *h = life_new(two_metrics);
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	struct msg_get_model_reply before, after;
	int n_fits = 0, n_suggests = 0;
	uint32_t fitted = 0;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		uint32_t n = 1 + (rng_below(&r, 4) == 0) * rng_below(&r, 4);
		h->cut_after = rng_below(&r, 6) == 0 ? 1 + (int)rng_below(&r, 12) : 0;
		struct msg_trials_reply t = life_ask(h, n, NULL, 0);
		struct msg_request m;

		h->cut_after = 0;
		n_suggests++;
		for (uint32_t k = 0; k < n; k++)
			if (rng_below(&r, 12) == 0)
				fail_trial(h, t.trials[k].number);
			else if (rng_below(&r, 8) > 0)
				tell(h, &t.trials[k]);
		if (rng_below(&r, 10) == 0) {
			m = harness_exclude(h, "s", t.trials[0].number, true);
			harness_ask(h, &m);
		}
		if (i == STEPS / 2)
			harness_restart(h);
		after = model(h);
		if (after.models.n && after.models.p[0].n != fitted) {
			fitted = after.models.p[0].n;
			n_fits++;
		}
	}
	assert_true(n_fits > 20 && n_fits < n_suggests - 10);
	assert_true(life_study(h).counts[TRIAL_COMPLETE] > 60);
	assert_true(life_replay(h) > STEPS);
	before = model(h);
	harness_restart(h);
	after = model(h);
	assert_same_model(&before, &after);
	assert_true(life_replay(h) > STEPS);
	harness_free(h);
}

/* As an older version recorded it: no models, and not the units that score them. */
static void make_old(struct row *row, struct arena *a)
{
	struct record rec;
	struct bytes body;
	struct record_job *j = &rec.u.suggested.job;

	if (row->kind != RECORD_SUGGESTED)
		return;
	assert_int_equal(record_decode(&rec, row->kind, row->body, row->len, a, NULL), KR_OK);
	for (int i = 0; i < j->models.n; i++)
		j->units -= j->models.p[i].calibration.n > 0;
	j->models = (struct msg_models){0};
	assert_int_equal(record_encode(&body, &rec, a, NULL), KR_OK);
	free((void *)(uintptr_t)row->body);
	row->body = memcpy(malloc(body.len), body.p, body.len);
	row->len = body.len;
}

static void test_old_records(void **state)
{
	struct harness *h = life_new(two_metrics);
	struct arena *a = arena_new(1 << 24);

	(void)state;
	for (int i = 0; i < 12; i++)
		step(h);
	for (size_t i = 0; i < h->n_rows; i++)
		make_old(&h->rows[i], a);
	harness_restart(h);
	assert_int_equal(life_replay(h), 12);
	assert_none(h, "has needed a model");
	step(h);
	assert_int_equal(model(h).models.n, 2);
	assert_int_equal(life_replay(h), 13);
	arena_free(a);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_why_there_is_none),
		cmocka_unit_test(test_tells_what_was_fitted),
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_failures_deleted),
		cmocka_unit_test(test_one_point),
		cmocka_unit_test(test_declared_noise),
		cmocka_unit_test(test_names_the_outlier),
		cmocka_unit_test(test_deadline_before_the_scores),
		cmocka_unit_test(test_memory_runs_out),
		cmocka_unit_test(test_long_replay),
		cmocka_unit_test(test_old_records),
	};

	print_message("seed %d\n", SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
