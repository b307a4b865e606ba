/* A study names its acquisition: what is refused and in which words, what agrees with what when a
 * script attaches, what a suggestion says of it; and every acquisition is replayed bit for bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "acquisition/policy/choice.h"
#include "tests/daemon/engine_life.h"

static const struct msg_metric constrained[] = {
	{.name = "loss", .role = METRIC_MINIMIZE},
	{.name = "size", .role = METRIC_CONSTRAINT, .has_upper = true, .upper = 3},
};

struct said {
	const char *name;
	const double *level, *beta;
	bool constrained;
};

static const double half = 0.5, nine = 9, usual = 1.8 * 1.8;

static void fill(struct msg_spec *spec, const struct said *said)
{
	spec->acquisition.name = said->name;
	spec->acquisition.has_level = said->level != NULL;
	spec->acquisition.level = said->level ? *said->level : 0;
	spec->acquisition.has_beta = said->beta != NULL;
	spec->acquisition.beta = said->beta ? *said->beta : 0;
	if (said->constrained) {
		spec->n_metrics = 2;
		spec->metrics = constrained;
	}
}

static struct msg_request create(struct harness *h, const struct said *said)
{
	struct msg_request m = harness_create(h, "s");

	fill(&m.u.create_study.spec, said);
	return m;
}

static void test_refused(void **state)
{
	static const struct {
		struct said said;
		const char *field, *words;
	} rows[] = {
		{{"expected", NULL, NULL, false}, "spec.acquisition", "integrated_variance, straddle"},
		{{"EI", NULL, NULL, false}, "spec.acquisition", "'EI'"},
		{{"straddle", NULL, NULL, false}, "spec.acquisition_level", "is missing"},
		{{"ucb", &half, NULL, false}, "spec.acquisition_level", "only for straddle"},
		{{NULL, &half, NULL, false}, "spec.acquisition_level", "spec.acquisition is auto"},
		{{"kg", NULL, &half, false}, "spec.acquisition_beta", "only for ucb, straddle"},
		{{"mes", NULL, NULL, true}, "spec.acquisition", "name log_ei"},
		{{"gibbon", NULL, NULL, true}, "spec.acquisition", "outcome constraints"},
		{{"jes", NULL, NULL, true}, "spec.acquisition", "outcome constraints"},
	};
	struct harness *h = harness_new();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct msg_request m = create(h, &rows[i].said);
		struct msg_reply r = harness_ask(h, &m);

		harness_assert_error(&r, KR_INVALID_ARGUMENT, rows[i].field, rows[i].words);
	}
	harness_free(h);
}

static void test_attach(void **state)
{
	static const struct {
		struct said stored, given;
		const char *field; /* that differs; NULL: they agree */
	} rows[] = {
		{{NULL, NULL, NULL, false}, {"auto", NULL, NULL, false}, NULL},
		{{"log_ei", NULL, NULL, false}, {"ei", NULL, NULL, false}, NULL},
		{{"ucb", NULL, NULL, false}, {"ucb", NULL, &usual, false}, NULL},
		{{"straddle", &half, &nine, false}, {"straddle", &half, &nine, false}, NULL},
		{{NULL, NULL, NULL, false}, {"ucb", NULL, NULL, false}, "spec.acquisition"},
		{{"kg", NULL, NULL, false}, {NULL, NULL, NULL, false}, "spec.acquisition"},
		{{"kg", NULL, NULL, false}, {"kgb", NULL, NULL, false}, "spec.acquisition"},
		{{"ucb", NULL, &half, false}, {"ucb", NULL, NULL, false}, "spec.acquisition_beta"},
		{{"straddle", &half, NULL, false}, {"straddle", &nine, NULL, false},
			"spec.acquisition_level"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct harness *h = harness_new();
		struct msg_request m = create(h, &rows[i].stored);
		struct msg_reply r;

		life_do(h, &m);
		m = create(h, &rows[i].given);
		m.u.create_study.if_exists = IF_EXISTS_ATTACH;
		r = harness_ask(h, &m);
		if (rows[i].field)
			harness_assert_error(&r, KR_CONFLICT, rows[i].field, "the study has");
		else
			harness_assert_ok(&r);
		harness_free(h);
	}
}

/* What was said is shown, now and after a restart. */
static void test_shown(void **state)
{
	static const struct said said = {"straddle", &half, &nine, false};
	struct harness *h = harness_new();
	struct msg_request m = create(h, &said);

	(void)state;
	life_do(h, &m);
	for (int pass = 0; pass < 2; pass++) {
		struct msg_study s = life_study(h);

		assert_string_equal(s.spec.acquisition.name, "straddle");
		assert_true(s.spec.acquisition.has_level && s.spec.acquisition.level == 0.5);
		assert_true(s.spec.acquisition.has_beta && s.spec.acquisition.beta == 9);
		harness_restart(h);
	}
	harness_free(h);
}

/* Two suggests on one study; the second is a batch. Every trial says what was maximized. */
static void play_one(struct harness *h, enum choice c)
{
	struct said said = {choice_name(c), choice_has(c, CHOICE_LEVEL) ? &half : NULL, NULL, false};
	struct msg_request m = create(h, &said);

	life_do(h, &m);
	for (uint64_t k = 0; k < 8; k++) {
		life_ask(h, 1, NULL, 0);
		m = harness_observe(h, "s", k, (double)((k * 7) % 5));
		if (k != 6)
			life_do(h, &m);
	}
	struct msg_trials_reply r = life_ask(h, 3, NULL, 0);
	for (int i = 0; i < r.n; i++) {
		const struct msg_why *w = &r.trials[i].why;

		assert_int_equal(w->rule, WHY_MODEL);
		assert_true(w->has_acq == choice_has(c, CHOICE_PLAIN) || c == CHOICE_AUTO);
		if (c != CHOICE_AUTO)
			assert_string_equal(w->acquisition, choice_name(c));
	}
}

static struct msg_request change(struct harness *h, const struct said *said)
{
	struct msg_request m = harness_update(h, "s", ACTION_NONE);
	struct msg_spec spec = {0};

	fill(&spec, said);
	m.u.update_study.acquisition = spec.acquisition;
	return m;
}

/* A change is checked as a new study is, and what is as it was does not count as one. */
static void test_changed(void **state)
{
	static const struct {
		struct said said;
		const char *field, *words; /* of the error; NULL: it is made */
		const char *name;
		double beta;
		uint64_t version;
	} rows[] = {
		{{"kg", NULL, NULL, false}, NULL, NULL, "kg", 0, 2},
		{{"kg", NULL, NULL, false}, NULL, NULL, "kg", 0, 2},
		{{NULL, NULL, &nine, false}, "acquisition_beta", "only for ucb, straddle", "kg", 0, 2},
		{{"nonsense", NULL, NULL, false}, "acquisition", "must be one of auto", "kg", 0, 2},
		{{"straddle", NULL, NULL, false}, "acquisition_level", "is missing", "kg", 0, 2},
		{{"ucb", NULL, NULL, false}, NULL, NULL, "ucb", 0, 3},
		{{"ucb", NULL, &usual, false}, NULL, NULL, "ucb", 0, 3},
		{{NULL, NULL, &nine, false}, NULL, NULL, "ucb", 9, 4},
		{{"ucb", NULL, NULL, false}, NULL, NULL, "ucb", 0, 5},
		{{"auto", NULL, NULL, false}, NULL, NULL, "auto", 0, 6},
	};
	struct harness *h = harness_new();
	struct msg_request m = create(h, &(struct said){0});

	(void)state;
	life_do(h, &m);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct msg_study s;
		struct msg_reply r;

		m = change(h, &rows[i].said);
		r = harness_ask(h, &m);
		if (rows[i].field)
			harness_assert_error(&r, KR_INVALID_ARGUMENT, rows[i].field, rows[i].words);
		else
			harness_assert_ok(&r);
		s = life_study(h);
		assert_string_equal(s.spec.acquisition.name, rows[i].name);
		assert_true(s.spec.acquisition.beta == rows[i].beta);
		assert_int_equal(s.spec_version, rows[i].version);
	}
	harness_free(h);
}

static void test_unfit_change(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = create(h, &(struct said){.constrained = true});
	struct msg_reply r;

	(void)state;
	life_do(h, &m);
	m = change(h, &(struct said){.name = "mes"});
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "acquisition", "outcome constraints");
	harness_free(h);
}

/* A script attaches with what it said first, and with what somebody has changed it to. */
static void test_attach_after_change(void **state)
{
	static const struct {
		const char *name;
		bool agrees;
	} rows[] = {{NULL, true}, {"auto", true}, {"kg", true}, {"ucb", false}};
	struct harness *h = harness_new();
	struct msg_request m = create(h, &(struct said){0});

	(void)state;
	life_do(h, &m);
	m = change(h, &(struct said){.name = "kg"});
	life_do(h, &m);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct msg_reply r;

		m = create(h, &(struct said){.name = rows[i].name});
		m.u.create_study.if_exists = IF_EXISTS_ATTACH;
		r = harness_ask(h, &m);
		if (rows[i].agrees)
			harness_assert_ok(&r);
		else
			harness_assert_error(&r, KR_CONFLICT, "spec.acquisition", "the study has 'kg'");
	}
	harness_free(h);
}

/* Suggestions are of the acquisition that there was, and come out again; after a restart, too. */
static void test_replay_over_changes(void **state)
{
	static const struct said turns[] = {{"ucb", NULL, &nine, false}, {NULL, NULL, &half, false},
		{"straddle", &half, NULL, false}, {"mean", NULL, NULL, false}};
	struct harness *h = harness_new();
	struct msg_request m = create(h, &(struct said){.name = "kg"});

	(void)state;
	life_do(h, &m);
	for (uint64_t k = 0; k < 8; k++) {
		life_ask(h, 1, NULL, 0);
		m = harness_observe(h, "s", k, (double)((k * 7) % 5));
		life_do(h, &m);
	}
	for (uint64_t k = 0; k < 4; k++) {
		m = change(h, &turns[k]);
		life_do(h, &m);
		life_ask(h, 1, NULL, 0);
	}
	for (int pass = 0; pass < 2; pass++) {
		assert_string_equal(life_trial(h, 7).why.acquisition, "kg");
		assert_string_equal(life_trial(h, 8).why.acquisition, "ucb");
		assert_string_equal(life_trial(h, 9).why.acquisition, "ucb");
		assert_string_equal(life_trial(h, 10).why.acquisition, "straddle");
		assert_string_equal(life_trial(h, 11).why.acquisition, "mean");
		assert_int_equal(life_replay(h), 12);
		harness_restart(h);
	}
	harness_free(h);
}

static void test_replay(void **state)
{
	(void)state;
	for (enum choice c = 0; c < CHOICE_N; c++) {
		struct harness *h = harness_new();

		play_one(h, c);
		assert_int_equal(life_replay(h), 11);
		harness_restart(h);
		assert_int_equal(life_replay(h), 11);
		assert_string_equal(life_trial(h, 9).why.acquisition,
			c == CHOICE_AUTO ? life_trial(h, 9).why.acquisition : choice_name(c));
		harness_free(h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_unfit_change),
		cmocka_unit_test(test_attach_after_change),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_replay_over_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
