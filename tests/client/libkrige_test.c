/* libkrige, as a program uses it, against a real kriged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "client/c/krige.h"
#include "tests/client/real_daemon.h"

static struct real_daemon daemon_;

#define OK(call) assert_ok(call, &err, __LINE__)

static void assert_ok(enum krige_status s, const struct krige_error *err, int line)
{
	if (s != KRIGE_OK)
		fail_msg("line %d: %s: %s", line, krige_status_name(s), err->message);
}

static void assert_refused(
	enum krige_status s, enum krige_status wanted, const struct krige_error *err, const char *says)
{
	assert_int_equal(s, wanted);
	assert_int_equal(err->code, wanted);
	if (!strstr(err->message, says))
		fail_msg("'%s' does not say '%s'", err->message, says);
}

static struct krige_client *open_client(void)
{
	struct krige_options o = {.size = sizeof(o), .timeout_ms = 30000};
	struct krige_client *c;

	assert_int_equal(krige_open(&c, daemon_.endpoint, &o, NULL), KRIGE_OK);
	return c;
}

/* x in [0, 1]. */
static struct krige_study *line_study(
	struct krige_client *c, const char *name, const struct krige_study_options *o)
{
	struct krige_space *space = krige_space_new();
	struct krige_study *study;
	struct krige_error err;

	OK(krige_space_float(space, "x", 0, 1, KRIGE_LINEAR, 0, &err));
	OK(krige_create_study(&study, c, name, space, o, &err));
	krige_space_free(space);
	return study;
}

/* ---- values and spaces ------------------------------------------------------------- */

/* Every kind of parameter, and the typed values that come back. */
static void test_every_kind_of_parameter(void **state)
{
	const struct krige_value typed[] = {
		krige_null(), krige_bool(1), krige_int(1), krige_real(1.0), krige_text("1")};
	const struct krige_value sizes[] = {krige_int(16), krige_int(32), krige_int(64)};
	struct krige_study_options o = {.size = sizeof(o), .objective = "minimize loss"};
	struct krige_client *c = open_client();
	struct krige_space *space = krige_space_new();
	struct krige_study *study;
	struct krige_trial *t;
	struct krige_error err;
	int seen[6] = {0}, with_momentum = 0;

	(void)state;
	OK(krige_space_float(space, "lr", 1e-5, 1e-1, KRIGE_LOG, 0, &err));
	OK(krige_space_int(space, "layers", 2, 8, KRIGE_LINEAR, 2, &err));
	OK(krige_space_categorical(space, "typed", typed, 5, &err));
	OK(krige_space_ordinal(space, "size", sizes, 3, &err));
	OK(krige_space_bool(space, "fast", &err));
	OK(krige_space_fixed(space, "version", krige_text("v2"), &err));
	OK(krige_space_float(space, "momentum", 0, 0.99, KRIGE_LINEAR, 0, &err));
	OK(krige_space_when(space, "momentum", "fast == true", &err));
	OK(krige_space_constrain(space, "layers * 0.5 + momentum <= 4", &err));
	OK(krige_space_forbid(space, "size == 64 and layers == 8", &err));
	OK(krige_create_study(&study, c, "kinds", space, &o, &err));
	krige_space_free(space);
	for (int i = 0; i < 30; i++) {
		double lr, momentum = 0;
		int64_t layers, size;
		const char *version;
		struct krige_value v;

		OK(krige_ask(&t, study, NULL, &err));
		OK(krige_trial_real(t, "lr", &lr, &err));
		OK(krige_trial_int(t, "layers", &layers, &err));
		OK(krige_trial_int(t, "size", &size, &err));
		OK(krige_trial_text(t, "version", &version, &err));
		assert_true(lr >= 1e-5 && lr <= 1e-1);
		assert_true(layers % 2 == 0 && layers >= 2 && layers <= 8);
		assert_true(size == 16 || size == 32 || size == 64);
		assert_false(size == 64 && layers == 8);
		assert_string_equal(version, "v2");
		OK(krige_trial_get(t, "typed", &v, &err));
		seen[v.type]++;
		OK(krige_trial_get(t, "fast", &v, &err));
		assert_int_equal(v.type, KRIGE_BOOL);
		assert_int_equal(krige_trial_real(t, "momentum", &momentum, &err),
			v.as.boolean ? KRIGE_OK : KRIGE_NOT_FOUND);
		assert_int_equal(krige_trial_n_params(t), v.as.boolean ? 7 : 6);
		assert_true((double)layers * 0.5 + momentum <= 4);
		with_momentum += v.as.boolean;
		assert_refused(krige_trial_int(t, "lr", &layers, &err), KRIGE_INVALID_ARGUMENT, &err, "lr");
		OK(krige_tell(t, lr + (double)layers, &err));
		krige_trial_free(t);
	}
	for (int type = KRIGE_NULL; type <= KRIGE_TEXT; type++)
		assert_true(seen[type] > 0);
	assert_true(with_momentum > 0 && with_momentum < 30);
	krige_study_free(study);
	krige_close(c);
}

static void test_spaces_refuse_what_can_be_seen(void **state)
{
	struct krige_space *space = krige_space_new();
	const struct krige_value no_text = krige_text(NULL);
	struct krige_error err;

	(void)state;
	assert_refused(krige_space_float(space, NULL, 0, 1, KRIGE_LINEAR, 0, &err),
		KRIGE_INVALID_ARGUMENT, &err, "name is missing");
	assert_refused(krige_space_float(space, "x", 0, NAN, KRIGE_LINEAR, 0, &err),
		KRIGE_INVALID_ARGUMENT, &err, "finite");
	assert_string_equal(err.field, "x");
	OK(krige_space_bool(space, "x", &err));
	assert_refused(
		krige_space_bool(space, "x", &err), KRIGE_INVALID_ARGUMENT, &err, "there already");
	assert_refused(krige_space_categorical(space, "c", NULL, 0, &err), KRIGE_INVALID_ARGUMENT, &err,
		"0 choices");
	assert_refused(krige_space_categorical(space, "c", &no_text, 1, &err), KRIGE_INVALID_ARGUMENT,
		&err, "NULL");
	assert_refused(
		krige_space_when(space, "y", "x", &err), KRIGE_INVALID_ARGUMENT, &err, "no parameter");
	assert_int_equal(krige_space_bool(NULL, "x", &err), KRIGE_NO_MEMORY);
	krige_space_free(space);
}

/* ---- studies ----------------------------------------------------------------------- */

static void test_create_attach_and_settings(void **state)
{
	struct krige_study_options o = {.size = sizeof(o), .budget = 2};
	struct krige_study_info info = {.size = sizeof(info)};
	struct krige_client *c = open_client();
	struct krige_study *study = line_study(c, "settings", &o), *again;
	struct krige_trial *t;
	struct krige_error err;

	(void)state;
	OK(krige_attach(&again, c, "settings", &err));
	assert_string_equal(krige_study_name(again), "settings");
	krige_study_free(again);
	assert_refused(krige_attach(&again, c, "nobody", &err), KRIGE_NOT_FOUND, &err, "nobody");
	assert_null(again);
	OK(krige_study_set_state(study, KRIGE_PAUSE, &err));
	assert_refused(krige_ask(&t, study, NULL, &err), KRIGE_NOT_NOW, &err, "paused");
	assert_null(t);
	OK(krige_study_set_state(study, KRIGE_RESUME, &err));
	OK(krige_ask(&t, study, NULL, &err));
	OK(krige_tell(t, 1, &err));
	krige_trial_free(t);
	OK(krige_study_get_info(study, &info, &err));
	assert_int_equal(info.state, KRIGE_STUDY_ACTIVE);
	assert_int_equal(info.counts[KRIGE_COMPLETE], 1);
	assert_true(info.has_budget && info.budget == 2 && info.taken == 1);
	OK(krige_study_set_budget(study, 1, &err));
	assert_refused(krige_ask(&t, study, NULL, &err), KRIGE_BUDGET_SPENT, &err, "budget");
	krige_study_free(study);
	krige_close(c);
}

/* loss falls with x; z does nothing. Before the model is asked for, there is none. */
static void test_model(void **state)
{
	struct krige_client *c = open_client();
	struct krige_space *space = krige_space_new();
	struct krige_study *study;
	struct krige_model *model;
	struct krige_trial *t;
	struct krige_error err;
	double x;

	(void)state;
	OK(krige_space_float(space, "x", 0, 1, 0, 0, &err));
	OK(krige_space_fixed(space, "f", krige_int(3), &err));
	OK(krige_space_float(space, "z", 0, 1, 0, 0, &err));
	OK(krige_create_study(&study, c, "learnt", space, NULL, &err));
	OK(krige_get_model(&model, study, &err));
	assert_non_null(strstr(krige_model_reason(model), "no result yet"));
	assert_int_equal(krige_model_count(model), 0);
	assert_null(krige_model_at(model, 0));
	assert_null(krige_model_sentence(model, 0));
	krige_model_free(model);
	for (int i = 0; i < 14; i++) {
		OK(krige_ask(&t, study, NULL, &err));
		OK(krige_trial_real(t, "x", &x, &err));
		OK(krige_tell(t, (x - 0.5) * (x - 0.5), &err));
		krige_trial_free(t);
	}
	OK(krige_get_model(&model, study, &err));
	assert_null(krige_model_reason(model));
	assert_int_equal(krige_model_count(model), 1);
	const struct krige_metric_model *m = krige_model_at(model, 0);
	assert_int_equal(m->size, sizeof(*m));
	assert_string_equal(m->kernel, "matern52 + additive");
	assert_int_equal(m->n_parameters, 2);
	assert_string_equal(m->parameters[0], "x");
	assert_string_equal(m->parameters[1], "z");
	assert_true(m->lengthscales[0] > 0 && m->lengthscales[0] < m->lengthscales[1]);
	assert_int_equal(m->n_observations, 13);
	assert_int_equal(m->n_left_out, 13);
	assert_true(m->coverage95 >= m->coverage80 && m->coverage80 >= m->coverage50);
	assert_non_null(strstr(krige_model_sentence(model, 0), "13 left-out results"));
	struct krige_explanation *e;
	OK(krige_explain(&e, study, UINT64_MAX, &err));
	const struct krige_why *w = krige_explanation_why(e);
	assert_int_equal(w->size, sizeof(*w));
	assert_int_equal(w->number, 13);
	assert_string_equal(w->rule, "model");
	assert_int_equal(w->n_observations, 13);
	assert_in_range(w->n_pulls, 1, 5);
	assert_true(w->pulls[0].distance >= 0 && w->incumbent < 13 && w->p_gain <= 1);
	assert_true(!isnan(w->surprise));
	assert_non_null(strstr(krige_explanation_sentence(e, 0), "suggested by the model"));
	assert_null(krige_explanation_sentence(e, 100));
	krige_explanation_free(e);
	krige_explanation_free(NULL);
	OK(krige_explain(&e, study, 0, &err));
	assert_string_equal(krige_explanation_why(e)->role, "none");
	assert_true(isnan(krige_explanation_why(e)->best));
	krige_explanation_free(e);
	assert_int_equal(krige_explain(&e, study, 99, &err), KRIGE_NOT_FOUND);
	assert_null(e);
	OK(krige_study_set_stop(study,
		&(struct krige_stop_rules){.size = sizeof(struct krige_stop_rules), .no_progress = 1},
		&err));
	OK(krige_ask(&t, study, NULL, &err));
	OK(krige_tell(t, 100, &err));
	krige_trial_free(t);
	assert_int_equal(krige_ask(&t, study, NULL, &err), KRIGE_STUDY_FINISHED);
	assert_non_null(strstr(err.message, "no progress in 1 trials"));
	OK(krige_study_set_stop(study, NULL, &err));
	assert_null(krige_model_at(model, 1));
	krige_model_free(model);
	krige_model_free(NULL);
	krige_study_free(study);
	krige_space_free(space);
	krige_close(c);
}

static void test_objectives_and_constraints(void **state)
{
	static const char *const bounds[] = {"latency <= 10", "latency >= 1", "power <= 2.5"};
	static const char *const wrong[] = {"latency < 10", "latency <=", "<= 3", "loss <= 3", "a"};
	struct krige_study_options o = {
		.size = sizeof(o), .objective = "minimize loss", .constraints = bounds, .n_constraints = 3};
	const struct krige_metric good[] = {{"loss", 2, 0.1}, {"power", 1, 0}, {"latency", 5, 0}},
							  slow[] = {{"loss", 1, 0}, {"power", 1, 0}, {"latency", 50, 0}};
	struct krige_prediction p[3];
	const struct krige_named x = {"x", krige_real(0.5)};
	struct krige_client *c = open_client();
	struct krige_study *study = line_study(c, "bounded", &o), *none;
	struct krige_space *space = krige_space_new();
	struct krige_trial *t, *best;
	struct krige_error err;
	size_t n = 3;

	(void)state;
	OK(krige_ask(&t, study, NULL, &err));
	assert_refused(krige_tell(t, 1, &err), KRIGE_INVALID_ARGUMENT, &err, "name is missing");
	OK(krige_tell_metrics(t, good, 3, &err));
	assert_int_equal(krige_trial_n_metrics(t), 3);
	assert_true(krige_trial_metric(t, 0).value == 2 && krige_trial_metric(t, 0).sem == 0.1);
	krige_trial_free(t);
	OK(krige_ask(&t, study, NULL, &err));
	OK(krige_tell_metrics(t, slow, 3, &err));
	krige_trial_free(t);
	OK(krige_best(&best, study, &err)); /* the better one is not feasible */
	assert_int_equal(krige_trial_number(best), 0);
	krige_trial_free(best);
	OK(krige_predict(study, &x, 1, p, &n, &err));
	assert_int_equal(n, 3);
	assert_string_equal(p[0].metric, "loss");
	assert_true(p[0].sd > 0 && isfinite(p[2].mean));
	OK(krige_space_bool(space, "x", &err));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		o.constraints = &wrong[i];
		o.n_constraints = 1;
		assert_int_equal(
			krige_create_study(&none, c, "w", space, &o, &err), KRIGE_INVALID_ARGUMENT);
		assert_string_equal(err.field, "constraints[0]");
		assert_null(none);
	}
	o = (struct krige_study_options){.size = sizeof(o), .objective = "loss"};
	assert_refused(krige_create_study(&none, c, "w", space, &o, &err), KRIGE_INVALID_ARGUMENT, &err,
		"minimize NAME");
	o.size = 1;
	assert_refused(krige_create_study(&none, c, "w", space, &o, &err), KRIGE_INVALID_ARGUMENT, &err,
		"options.size");
	krige_space_free(space);
	krige_study_free(study);
	krige_close(c);
}

/* ---- trials ------------------------------------------------------------------------ */

static void test_life_of_a_trial(void **state)
{
	struct krige_study_options o = {.size = sizeof(o), .objective = "minimize loss"};
	const struct krige_named half = {"x", krige_real(0.5)};
	struct krige_client *c = open_client();
	struct krige_study *study = line_study(c, "life", &o);
	struct krige_trial *a, *b, *t;
	struct krige_error err;
	enum krige_stop stop;
	uint64_t number;
	double x;
	int lost[2];

	(void)state;
	OK(krige_enqueue(study, &half, 1, &number, &err));
	OK(krige_ask(&a, study, NULL, &err));
	assert_int_equal(krige_trial_number(a), number);
	OK(krige_trial_real(a, "x", &x, &err));
	assert_true(x == 0.5);
	OK(krige_report(a, 1, 0.9, &stop, &err));
	assert_int_equal(stop, KRIGE_GO_ON);
	OK(krige_release(a, "shutting down", &err));
	assert_int_equal(krige_trial_get_state(a), KRIGE_QUEUED);
	OK(krige_ask(&b, study, NULL, &err));
	assert_int_equal(krige_trial_number(b), number);
	assert_int_equal(krige_trial_attempt(b), 2);
	OK(krige_heartbeat((struct krige_trial *const[]){a, b}, 2, lost, &err));
	assert_true(lost[0] && !lost[1]);
	OK(krige_cancel(study, number, "not wanted", &err));
	OK(krige_report(b, 2, 0.8, &stop, &err));
	assert_int_equal(stop, KRIGE_STOP_CANCELLED);
	krige_trial_free(a);
	krige_trial_free(b);

	OK(krige_ask(&t, study, NULL, &err));
	OK(krige_tell(t, 0.25, &err));
	OK(krige_tell(t, 0.25, &err)); /* again: harmless */
	assert_int_equal(krige_trial_get_state(t), KRIGE_COMPLETE);
	assert_int_equal(krige_tell(t, 0.5, &err), KRIGE_CONFLICT);
	krige_trial_free(t);
	OK(krige_ask(&t, study, NULL, &err));
	OK(krige_fail(t, KRIGE_PRUNED, "hopeless", &err));
	assert_int_equal(krige_trial_get_state(t), KRIGE_PRUNED);
	assert_string_equal(krige_trial_reason(t), "hopeless");
	assert_int_equal(krige_fail(t, KRIGE_COMPLETE, NULL, &err), KRIGE_INVALID_ARGUMENT);
	krige_trial_free(t);
	OK(krige_ask(&t, study, NULL, &err));
	OK(krige_tell(t, NAN, &err));
	assert_int_equal(krige_trial_get_state(t), KRIGE_FAILED);
	krige_trial_free(t);
	krige_study_free(study);
	krige_close(c);
}

static void test_many_at_once_lists_and_best(void **state)
{
	struct krige_study_options o = {.size = sizeof(o), .objective = "maximize y", .budget = 10};
	struct krige_list_options only = {
		.size = sizeof(only), .states = 1u << KRIGE_COMPLETE, .limit = 3};
	const struct krige_named p = {"x", krige_int(1)};
	const struct krige_metric y = {NULL, 100, 0};
	struct krige_client *c = open_client();
	struct krige_study *study = line_study(c, "many", &o);
	struct krige_trial *trials[16], *best;
	struct krige_list *list;
	struct krige_error err;
	uint64_t number;
	size_t given;

	(void)state;
	OK(krige_best(&best, study, &err));
	assert_null(best);
	OK(krige_ask_many(trials, 16, &given, study, NULL, &err));
	assert_int_equal(given, 10); /* the budget */
	for (size_t i = 0; i < given; i++) {
		for (size_t k = 0; k < i; k++) {
			double a, b;

			OK(krige_trial_real(trials[i], "x", &a, &err));
			OK(krige_trial_real(trials[k], "x", &b, &err));
			assert_true(a != b);
		}
		OK(krige_tell(trials[i], (double)i, &err));
	}
	for (size_t i = 0; i < given; i++)
		krige_trial_free(trials[i]);
	OK(krige_tell_point(study, &p, 1, &y, 1, &number, &err));
	assert_int_equal(number, 10);
	OK(krige_best(&best, study, &err));
	assert_int_equal(krige_trial_number(best), 10);
	krige_trial_free(best);
	OK(krige_list_trials(&list, study, NULL, &err));
	assert_int_equal(krige_list_count(list), 11);
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(krige_trial_number(krige_list_at(list, i)), i);
	assert_null(krige_list_at(list, 11));
	krige_list_free(list);
	OK(krige_list_trials(&list, study, &only, &err));
	assert_int_equal(krige_list_count(list), 3);
	krige_list_free(list);
	assert_int_equal(krige_get_trial(&best, study, 99, &err), KRIGE_NOT_FOUND);
	assert_int_equal(krige_ask_many(trials, 0, &given, study, NULL, &err), KRIGE_INVALID_ARGUMENT);
	krige_study_free(study);
	krige_close(c);
}

/* ---- threads and event loops ------------------------------------------------------- */

struct worker {
	struct krige_study *study;
	int told;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct krige_trial *t;
	double x;

	while (krige_ask(&t, w->study, NULL, NULL) == KRIGE_OK) {
		krige_trial_real(t, "x", &x, NULL);
		w->told += krige_tell(t, x, NULL) == KRIGE_OK;
		krige_trial_free(t);
	}
	return NULL;
}

static void test_threads_share_a_client(void **state)
{
	struct krige_study_options o = {.size = sizeof(o), .budget = 40};
	struct krige_client *c = open_client();
	struct worker w[8];
	pthread_t threads[8];
	int told = 0;

	(void)state;
	w[0].study = line_study(c, "threads", &o);
	for (int i = 0; i < 8; i++) {
		w[i] = (struct worker){.study = w[0].study};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &w[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		told += w[i].told;
	}
	assert_int_equal(told, 40);
	krige_study_free(w[0].study);
	krige_close(c);
}

/* Twelve trials, four at a time, and nothing that blocks but poll. */
static void test_without_blocking(void **state)
{
	struct krige_study_options o = {.size = sizeof(o), .budget = 12};
	struct krige_client *c = open_client();
	struct krige_study *study = line_study(c, "loop", &o);
	struct krige_done done = {.size = sizeof(done)};
	struct krige_error err;
	int fd = krige_fd(c, &err), told = 0, refused = 0, tags[4];
	uint64_t tickets[4];

	(void)state;
	assert_true(fd >= 0 && fd == krige_fd(c, &err));
	assert_int_equal(krige_next(c, &done), 0);
	for (int i = 0; i < 4; i++)
		OK(krige_start_ask(study, NULL, &tags[i], &tickets[i], &err));
	assert_true(tickets[0] != tickets[1]);
	while (refused < 4) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		assert_true(poll(&p, 1, 30000) > 0);
		while (krige_next(c, &done)) {
			const struct krige_metric y = {NULL, 1, 0};

			assert_true(done.tag >= (void *)tags && done.tag < (void *)(tags + 4));
			if (done.kind == KRIGE_DONE_ASK && done.status == KRIGE_BUDGET_SPENT) {
				assert_true(strlen(done.error.message) > 0);
				refused++;
			} else if (done.kind == KRIGE_DONE_ASK) {
				assert_int_equal(done.status, KRIGE_OK);
				OK(krige_start_tell(done.trial, &y, 1, done.tag, NULL, &err));
			} else {
				assert_int_equal(done.status, KRIGE_OK);
				assert_int_equal(krige_trial_get_state(done.trial), KRIGE_COMPLETE);
				krige_trial_free(done.trial);
				told++;
				OK(krige_start_ask(study, NULL, done.tag, NULL, &err));
			}
		}
	}
	assert_int_equal(told, 12);
	krige_study_free(study);
	krige_close(c);
}

/* What is under way when a client is closed is ended, not waited for. */
static void test_closing_ends_what_was_started(void **state)
{
	struct krige_ask_options ask = {.size = sizeof(ask), .wait_ms = 600000};
	struct krige_client *c = open_client();
	struct krige_study *study = line_study(c, "closing", NULL);
	struct krige_error err;

	(void)state;
	OK(krige_study_set_state(study, KRIGE_PAUSE, &err));
	for (int i = 0; i < 70; i++) /* more than there are threads */
		OK(krige_start_ask(study, &ask, NULL, NULL, &err));
	krige_study_free(study);
	krige_close(c);
}

/* The n-th allocation fails, for every n: an error and no leak, whatever the call. */
static void test_memory_runs_out(void **state)
{
	struct krige_study_options o = {.size = sizeof(o), .if_exists = KRIGE_IF_EXISTS_REPLACE};
	const struct krige_value choices[] = {krige_text("a"), krige_text("b")};
	struct krige_client *c = open_client();
	bool done = false;

	(void)state;
	krige_ping(c, NULL);
	for (long n = 1; !done; n++) {
		struct krige_space *space;
		struct krige_study *study = NULL;
		struct krige_trial *t = NULL;
		struct krige_list *list = NULL;
		enum krige_status s;

		assert_true(n < 2000);
		kr_alloc_fail_at(n, 0);
		space = krige_space_new();
		s = krige_space_categorical(space, "c", choices, 2, NULL);
		if (s == KRIGE_OK)
			s = krige_create_study(&study, c, "memory", space, &o, NULL);
		if (s == KRIGE_OK)
			s = krige_ask(&t, study, NULL, NULL);
		if (s == KRIGE_OK)
			s = krige_tell(t, 1, NULL);
		if (s == KRIGE_OK)
			s = krige_list_trials(&list, study, NULL, NULL);
		done = kr_alloc_count() < n;
		kr_alloc_fail_at(0, 0);
		assert_true(s == KRIGE_OK || s == KRIGE_NO_MEMORY);
		assert_true(!done || s == KRIGE_OK);
		krige_list_free(list);
		krige_trial_free(t);
		krige_study_free(study);
		krige_space_free(space);
	}
	krige_close(c);
}

static int start(void **state)
{
	(void)state;
	real_daemon_start(&daemon_);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	real_daemon_stop(&daemon_);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_parameter),
		cmocka_unit_test(test_spaces_refuse_what_can_be_seen),
		cmocka_unit_test(test_create_attach_and_settings),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_objectives_and_constraints),
		cmocka_unit_test(test_life_of_a_trial),
		cmocka_unit_test(test_many_at_once_lists_and_best),
		cmocka_unit_test(test_threads_share_a_client),
		cmocka_unit_test(test_without_blocking),
		cmocka_unit_test(test_closing_ends_what_was_started),
		cmocka_unit_test(test_memory_runs_out),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
