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
	spec->acquisition = said->name;
	spec->has_acquisition_level = said->level != NULL;
	spec->acquisition_level = said->level ? *said->level : 0;
	spec->has_acquisition_beta = said->beta != NULL;
	spec->acquisition_beta = said->beta ? *said->beta : 0;
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

		assert_string_equal(s.spec.acquisition, "straddle");
		assert_true(s.spec.has_acquisition_level && s.spec.acquisition_level == 0.5);
		assert_true(s.spec.has_acquisition_beta && s.spec.acquisition_beta == 9);
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
		cmocka_unit_test(test_replay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
