/* EditTrial and DeleteTrial: what the model, the counts and the best trial know
 * afterwards, and that earlier answers are told again as they were. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/engine/core.h"
#include "daemon/engine/job_internal.h"
#include "tests/daemon/engine_harness.h"

static struct msg_trial one(const struct msg_reply *r)
{
	harness_assert_ok(r);
	assert_int_equal(r->u.trials.n, 1);
	return r->u.trials.trials[0];
}

static struct msg_trial ask_trial(struct harness *h, struct msg_request m)
{
	struct msg_reply r = harness_ask(h, &m);

	return one(&r);
}

static void assert_refused(struct harness *h, struct msg_request m, enum kr_status code,
	const char *field, const char *text)
{
	size_t rows = h->n_rows;
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_error(&r, code, field, text);
	assert_int_equal(h->n_rows, rows);
	harness_check(h);
}

static struct msg_study study_of(struct harness *h)
{
	struct msg_request m = harness_get(h, "s");
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	return r.u.study.study;
}

/* A study with n trials, COMPLETE with the values 10, 11, ... */
static struct harness *lived(int n)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	m = harness_suggest(h, "s", (uint32_t)n);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	for (int i = 0; i < n; i++)
		ask_trial(h, harness_observe(h, "s", (uint64_t)i, 10 + i));
	return h;
}

/* What a computation on study 1 sees now. */
struct seen {
	size_t n, n_taken;
	double X[64 * 3], y[64], taken[64 * 3];
};

static struct seen look(struct harness *h)
{
	const struct study *s = studies_at(&h->e->studies, 1);
	struct job_wish wish = {.n_slots = 1};
	double sems[64];
	struct seen out = {0};
	struct job *j;

	assert_int_equal(job_new(&j, JOB_SUGGEST, 1, s, NULL, &wish, NULL), KR_OK);
	out.n = j->of->history.n;
	out.n_taken = (size_t)j->of->taken.n;
	history_gather(&j->of->history, out.X, out.y, sems);
	if (out.n_taken)
		memcpy(out.taken, j->of->taken.values, out.n_taken * 3 * sizeof(double));
	job_free(j);
	return out;
}

static void assert_values(const struct seen *v, size_t n, const double *y)
{
	assert_int_equal(v->n, n);
	for (size_t i = 0; i < n; i++)
		assert_true(v->y[i] == y[i]);
}

/* ---- values ------------------------------------------------------------------ */

static void test_correct(void **state)
{
	struct harness *h = lived(4);
	struct msg_request m = harness_correct(h, "s", 2, 3.5);
	struct msg_trial t;
	struct seen v;

	(void)state;
	m.u.edit_trial.note = "unit was wrong";
	t = ask_trial(h, m);
	assert_true(t.values[0].value == 3.5);
	assert_string_equal(t.note, "unit was wrong");
	assert_int_equal(t.state, TRIAL_COMPLETE);
	v = look(h);
	assert_values(&v, 4, (double[]){10, 11, 3.5, 13});
	assert_int_equal(study_of(h).best->number, 2);
	ask_trial(h, harness_correct(h, "s", 2, 30));
	assert_int_equal(study_of(h).best->number, 0);
	ask_trial(h, harness_correct(h, "s", 3, 10)); /* a tie: the lowest number */
	assert_int_equal(study_of(h).best->number, 0);
	harness_restart(h);
	v = look(h);
	assert_values(&v, 4, (double[]){10, 11, 30, 10});
	assert_int_equal(study_of(h).best->number, 0);
	harness_check(h);
	harness_free(h);
}

/* A result that was wrong and is put right is as good as one that was right. */
static void test_corrected_is_as_told(void **state)
{
	struct harness *h[2];
	struct msg_trial next[2];

	(void)state;
	h[0] = lived(8);
	ask_trial(h[0], harness_correct(h[0], "s", 5, -40));
	h[1] = harness_new();
	{
		struct msg_request m = harness_create(h[1], "s");

		harness_ask(h[1], &m);
		m = harness_suggest(h[1], "s", 8);
		harness_ask(h[1], &m);
	}
	for (uint64_t i = 0; i < 8; i++)
		ask_trial(h[1], harness_observe(h[1], "s", i, i == 5 ? -40 : 10 + (double)i));
	for (int k = 0; k < 2; k++)
		next[k] = ask_trial(h[k], harness_suggest(h[k], "s", 1));
	assert_int_equal(next[0].why.rule, WHY_MODEL);
	assert_true(next[0].why.mean == next[1].why.mean && next[0].why.sd == next[1].why.sd);
	for (int i = 0; i < 3; i++)
		assert_true(msg_scalar_equal(&next[0].params[i].value, &next[1].params[i].value));
	harness_free(h[0]);
	harness_free(h[1]);
}

/* Of several metrics those that are named are put right; the others stay. */
static void test_correct_one_metric(void **state)
{
	static const struct msg_metric metrics[] = {{.name = "loss", .role = METRIC_MINIMIZE},
		{.name = "latency", .role = METRIC_CONSTRAINT, .has_upper = true, .upper = 10}};
	static const struct msg_value told[] = {
		{.name = "loss", .value = 1}, {.name = "latency", .value = 20, .has_sem = true, .sem = 2}};
	static const struct msg_value right = {.name = "latency", .value = 2};
	static const struct msg_value both[] = {
		{.name = "latency", .value = 30}, {.name = "loss", .value = 5}};
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_trial t;

	(void)state;
	m.u.create_study.spec.n_metrics = 2;
	m.u.create_study.spec.metrics = metrics;
	harness_ask(h, &m);
	ask_trial(h, harness_suggest(h, "s", 1));
	m = harness_observe(h, "s", 0, 1);
	((struct msg_observation *)(uintptr_t)m.u.observe.observations)->n_values = 2;
	((struct msg_observation *)(uintptr_t)m.u.observe.observations)->values = told;
	assert_false(ask_trial(h, m).feasible);
	assert_null(study_of(h).best);
	m = harness_edit(h, "s", 0);
	m.u.edit_trial.n_values = 1;
	m.u.edit_trial.values = &right;
	t = ask_trial(h, m);
	assert_true(t.feasible);
	assert_true(t.values[0].value == 1 && t.values[1].value == 2);
	assert_false(t.values[1].has_sem);
	assert_int_equal(study_of(h).best->number, 0);
	m = harness_edit(h, "s", 0);
	m.u.edit_trial.n_values = 2;
	m.u.edit_trial.values = both;
	assert_false(ask_trial(h, m).feasible);
	assert_null(study_of(h).best);
	m = harness_correct(h, "s", 0, 1); /* of which metric? */
	assert_refused(h, m, KR_INVALID_ARGUMENT, "values[0].name", "name the one");
	harness_restart(h);
	assert_null(study_of(h).best);
	harness_check(h);
	harness_free(h);
}

static void test_bad_corrections(void **state)
{
	struct harness *h = lived(2);
	struct msg_request m = harness_suggest(h, "s", 2);

	(void)state;
	harness_ask(h, &m);
	ask_trial(h, harness_fail(h, "s", 3, TRIAL_FAILED, "broke"));
	assert_refused(h, harness_edit(h, "s", 0), KR_INVALID_ARGUMENT, "number", "nothing to change");
	assert_refused(h, harness_correct(h, "s", 9, 1), KR_NOT_FOUND, "number", "no trial 9");
	assert_refused(h, harness_correct(h, "s", 0, NAN), KR_INVALID_ARGUMENT, "values", "finite");
	assert_refused(h, harness_correct(h, "s", 2, 1), KR_CONFLICT, "values", "RUNNING");
	assert_refused(h, harness_exclude(h, "s", 2, true), KR_CONFLICT, "excluded", "cancel");
	assert_refused(h, harness_correct(h, "s", 3, 1), KR_CONFLICT, "values", "FAILED");
	assert_refused(h, harness_delete_trial(h, "s", 2), KR_CONFLICT, "number", "cancel it first");
	m = harness_correct(h, "s", 0, 1);
	m.u.edit_trial.study = "nowhere";
	assert_refused(h, m, KR_NOT_FOUND, "study", "nowhere");
	m.meta.has_request_id = false;
	assert_refused(h, m, KR_INVALID_ARGUMENT, "meta.request_id", NULL);
	harness_free(h);
}

/* ---- note and labels ---------------------------------------------------------- */

static void test_labels(void **state)
{
	static const struct msg_named set[] = {
		{"gpu", {.kind = SCALAR_STRING, .s = "a100"}}, {"try", {.kind = SCALAR_INT, .i = 2}}};
	static const char *const gone[] = {"gpu", "never there"};
	struct harness *h = lived(1);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct msg_trial t;

	(void)state;
	harness_ask(h, &m);
	m = harness_edit(h, "s", 1); /* a running one */
	m.u.edit_trial.labels = (struct msg_labels){2, set};
	m.u.edit_trial.note = "look at this";
	t = ask_trial(h, m);
	assert_int_equal(t.labels.n, 2);
	m = harness_edit(h, "s", 1);
	m.u.edit_trial.remove_labels = (struct msg_texts){2, gone};
	m.u.edit_trial.note = "";
	t = ask_trial(h, m);
	assert_int_equal(t.labels.n, 1);
	assert_string_equal(t.labels.p[0].name, "try");
	assert_null(t.note);
	m.u.edit_trial.remove_labels.n = 0;
	m = harness_edit(h, "s", 1);
	m.u.edit_trial.labels = (struct msg_labels){
		1, &(struct msg_named){"try", {.kind = SCALAR_NULL}}};
	ask_trial(h, m);
	ask_trial(h, harness_observe(h, "s", 1, 1));
	harness_restart(h);
	t = ask_trial(h, harness_trial(h, "s", 1));
	assert_int_equal(t.labels.n, 1);
	assert_int_equal(t.labels.p[0].value.kind, SCALAR_NULL);
	harness_check(h);
	harness_free(h);
}

static void test_too_many_labels(void **state)
{
	struct harness *h = lived(1);
	struct msg_named labels[LIMIT_LABELS];
	char names[LIMIT_LABELS][16], text[LIMIT_STRING_BYTES + 1];
	struct msg_request m = harness_edit(h, "s", 0);

	(void)state;
	for (int i = 0; i < LIMIT_LABELS; i++) {
		snprintf(names[i], sizeof(names[i]), "l%d", i);
		labels[i] = (struct msg_named){names[i], {.kind = SCALAR_BOOL, .b = true}};
	}
	m.u.edit_trial.labels = (struct msg_labels){LIMIT_LABELS, labels};
	assert_int_equal(ask_trial(h, m).labels.n, LIMIT_LABELS);
	m = harness_edit(h, "s", 0);
	m.u.edit_trial.labels = (struct msg_labels){1, &(struct msg_named){"x", {.kind = SCALAR_NULL}}};
	assert_refused(h, m, KR_INVALID_ARGUMENT, "labels", "at most 100");
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 20; i++)
		labels[i].value = (struct msg_scalar){.kind = SCALAR_STRING, .s = text};
	m.u.edit_trial.labels = (struct msg_labels){20, labels};
	assert_refused(h, m, KR_INVALID_ARGUMENT, "labels", "bytes");
	harness_free(h);
}

/* Told and queued points bring theirs. */
static void test_labels_of_points(void **state)
{
	static const struct msg_named set[] = {{"from", {.kind = SCALAR_STRING, .s = "paper"}}};
	static const struct msg_value y = {.value = 3};
	struct msg_named params[] = {{"x", {.kind = SCALAR_REAL, .r = 0.25}},
		{"k", {.kind = SCALAR_INT, .i = 2}}, {"c", {.kind = SCALAR_STRING, .s = "a"}}};
	struct msg_point point = {.n_params = 3,
		.params = params,
		.n_values = 1,
		.values = &y,
		.labels = {1, set},
		.note = "old"};
	struct msg_named big[20];
	char names[20][16], text[LIMIT_STRING_BYTES];
	struct harness *h = lived(1);
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	struct msg_reply r;

	(void)state;
	m.u.add_trials = (struct msg_add_trials){"s", 1, &point};
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_request(h, METHOD_ENQUEUE, 0);
	point.n_values = 0;
	m.u.enqueue = (struct msg_add_trials){"s", 1, &point};
	ask_trial(h, m);
	for (int pass = 0; pass < 2; pass++) {
		for (uint64_t k = 1; k < 3; k++) {
			struct msg_trial t = ask_trial(h, harness_trial(h, "s", k));

			assert_int_equal(t.labels.n, 1);
			assert_string_equal(t.labels.p[0].value.s, "paper");
			assert_string_equal(t.note, "old");
		}
		harness_restart(h);
	}
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 20; i++) {
		snprintf(names[i], sizeof(names[i]), "l%d", i);
		big[i] = (struct msg_named){names[i], {.kind = SCALAR_STRING, .s = text}};
	}
	point.labels = (struct msg_labels){20, big};
	m = harness_request(h, METHOD_ENQUEUE, 0);
	m.u.enqueue = (struct msg_add_trials){"s", 1, &point};
	assert_refused(h, m, KR_INVALID_ARGUMENT, "points[0].labels", "bytes");
	point.n_values = 1;
	m = harness_request(h, METHOD_ADD_TRIALS, 0);
	m.u.add_trials = (struct msg_add_trials){"s", 1, &point};
	assert_refused(h, m, KR_INVALID_ARGUMENT, "points[0].labels", "bytes");
	harness_free(h);
}

/* ---- excluded ----------------------------------------------------------------- */

static void test_exclude(void **state)
{
	struct harness *h = lived(4);
	struct seen before = look(h), v;
	struct msg_trial t;

	(void)state;
	t = ask_trial(h, harness_exclude(h, "s", 0, true));
	assert_true(t.excluded);
	assert_true(t.values[0].value == 10);
	v = look(h);
	assert_values(&v, 3, (double[]){11, 12, 13});
	assert_int_equal(v.n_taken, 1); /* its point is not suggested again */
	assert_memory_equal(v.taken, before.X, 3 * sizeof(double));
	assert_int_equal(study_of(h).best->number, 1);
	ask_trial(h, harness_exclude(h, "s", 0, true)); /* harmless */
	ask_trial(h, harness_correct(h, "s", 0, 5)); /* also an excluded one's values are set right */
	v = look(h);
	assert_int_equal(v.n, 3);
	harness_restart(h);
	ask_trial(h, harness_exclude(h, "s", 0, false));
	v = look(h);
	assert_values(&v, 4, (double[]){11, 12, 13, 5}); /* now the newest */
	assert_int_equal(v.n_taken, 0);
	assert_int_equal(study_of(h).best->number, 0);
	for (uint64_t k = 0; k < 4; k++)
		ask_trial(h, harness_exclude(h, "s", k, true));
	assert_null(study_of(h).best);
	harness_check(h);
	harness_free(h);
}

/* An excluded trial whose late result comes stays hidden. */
static void test_exclude_then_late(void **state)
{
	struct harness *h = lived(1);
	struct msg_request m = harness_suggest(h, "s", 1);
	struct seen v;

	(void)state;
	harness_ask(h, &m);
	harness_tick(h, 20000);
	ask_trial(h, harness_exclude(h, "s", 1, true));
	ask_trial(h, harness_observe(h, "s", 1, 1));
	v = look(h);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.n_taken, 1);
	assert_int_equal(study_of(h).best->number, 0);
	harness_check(h);
	ask_trial(h, harness_exclude(h, "s", 1, false));
	assert_int_equal(study_of(h).best->number, 1);
	harness_check(h);
	harness_free(h);
}

/* A computation that runs keeps what it began with. */
static void test_snapshot_stays(void **state)
{
	struct harness *h = lived(6);
	struct msg_request m = harness_suggest(h, "s", 1);
	const struct job *j;
	double X[64 * 3], y[64], sems[64];

	(void)state;
	h->hold_jobs = true;
	harness_send(h, &m);
	assert_int_equal(h->todo[0].kind, EFFECT_COMPUTE);
	j = h->todo[0].u.compute.job;
	ask_trial(h, harness_correct(h, "s", 1, -5));
	ask_trial(h, harness_delete_trial(h, "s", 0));
	ask_trial(h, harness_exclude(h, "s", 4, true));
	assert_int_equal(j->of->history.n, 6);
	history_gather(&j->of->history, X, y, sems);
	for (int i = 0; i < 6; i++)
		assert_true(y[i] == 10 + i);
	harness_jobs(h);
	harness_check(h);
	m = (struct msg_request){.method = METHOD_REPLAY};
	m.u.replay.study = "s";
	h->hold_jobs = false;
	{
		struct msg_reply r = harness_ask(h, &m);

		harness_assert_ok(&r);
		assert_int_equal(r.u.replay.n, 7);
		for (int i = 0; i < 7; i++)
			assert_true(r.u.replay.suggestions[i].equal);
	}
	harness_free(h);
}

static struct msg_request enqueue(struct harness *h, double x)
{
	struct msg_request m = harness_request(h, METHOD_ENQUEUE, 0);
	struct msg_named *part = ARENA_NEW(h->arena, struct msg_named);
	struct msg_point *point = ARENA_NEW(h->arena, struct msg_point);

	*part = (struct msg_named){"x", {.kind = SCALAR_REAL, .r = x}};
	*point = (struct msg_point){.n_params = 1, .params = part, .note = "queued"};
	m.u.enqueue = (struct msg_add_trials){"s", 1, point};
	return m;
}

/* ---- deleted ------------------------------------------------------------------ */

static void test_delete(void **state)
{
	struct harness *h = lived(3);
	struct msg_study s = study_of(h);
	struct msg_request m;
	struct msg_reply r;
	struct seen v;

	(void)state;
	assert_int_equal(s.reserved, 3);
	ask_trial(h, harness_delete_trial(h, "s", 0));
	s = study_of(h);
	assert_int_equal(s.reserved, 2);
	assert_int_equal(s.counts[TRIAL_COMPLETE], 2);
	assert_int_equal(s.best->number, 1);
	v = look(h);
	assert_values(&v, 2, (double[]){11, 12});
	assert_int_equal(v.n_taken, 0);
	harness_restart(h);
	assert_refused(h, harness_trial(h, "s", 0), KR_NOT_FOUND, "number", "deleted");
	assert_refused(h, harness_observe(h, "s", 0, 10), KR_NOT_FOUND, NULL, NULL);
	assert_refused(
		h, harness_fail(h, "s", 0, TRIAL_FAILED, NULL), KR_NOT_FOUND, "number", "deleted");
	assert_refused(h, harness_correct(h, "s", 0, 10), KR_NOT_FOUND, "number", "deleted");
	assert_refused(h, harness_delete_trial(h, "s", 0), KR_NOT_FOUND, "number", "deleted");
	m = (struct msg_request){.method = METHOD_LIST_TRIALS};
	m.u.list_trials.study = "s";
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.list_trials.n, 2);
	assert_int_equal(r.u.list_trials.trials[0].number, 1);
	m = harness_suggest(h, "s", 1);
	assert_int_equal(ask_trial(h, m).number, 3); /* numbers are not used again */
	harness_check(h);
	harness_free(h);
}

static void test_delete_frees_budget(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;

	(void)state;
	m.u.create_study.spec.has_budget = true;
	m.u.create_study.spec.budget = 1;
	harness_ask(h, &m);
	m = harness_suggest(h, "s", 1);
	harness_ask(h, &m);
	ask_trial(h, harness_observe(h, "s", 0, 1));
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_BUDGET_SPENT, NULL, NULL);
	ask_trial(h, harness_delete_trial(h, "s", 0));
	assert_int_equal(ask_trial(h, harness_suggest(h, "s", 1)).number, 1);
	harness_free(h);
}

/* While the rest of its point is computed for somebody. */
static void test_delete_picked(void **state)
{
	struct harness *h = lived(2);
	struct msg_request m = harness_suggest(h, "s", 2);
	struct msg_reply r;
	uint64_t tag;

	(void)state;
	assert_int_equal(ask_trial(h, enqueue(h, 0.5)).number, 2);
	h->hold_jobs = true;
	tag = harness_send(h, &m);
	ask_trial(h, harness_delete_trial(h, "s", 2));
	harness_check(h);
	harness_jobs(h);
	r = harness_reply(h, tag);
	harness_assert_ok(&r);
	assert_true(r.u.trials.n >= 1);
	for (int i = 0; i < r.u.trials.n; i++)
		assert_true(r.u.trials.trials[i].number > 2);
	harness_check(h);
	harness_assert_same(h, tag, harness_send(h, &m));
	harness_restart(h);
	harness_assert_same(h, tag, harness_send(h, &m));
	m = (struct msg_request){.method = METHOD_REPLAY};
	m.u.replay.study = "s";
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	for (int i = 0; i < r.u.replay.n; i++)
		assert_true(r.u.replay.suggestions[i].equal);
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_correct),
		cmocka_unit_test(test_corrected_is_as_told),
		cmocka_unit_test(test_correct_one_metric),
		cmocka_unit_test(test_bad_corrections),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_too_many_labels),
		cmocka_unit_test(test_labels_of_points),
		cmocka_unit_test(test_exclude),
		cmocka_unit_test(test_exclude_then_late),
		cmocka_unit_test(test_snapshot_stays),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_delete_frees_budget),
		cmocka_unit_test(test_delete_picked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
