/* Bad input: each gets its code, the field, the value and the remedy, and no row
 * changes. What decoding refuses by itself is in tests/proto. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/limits.h"
#include "tests/daemon/engine_harness.h"

static void refuse(struct harness *h, const struct msg_request *m, enum kr_status code,
	const char *field, const char *text)
{
	size_t rows = h->n_rows;
	struct msg_reply r = harness_ask(h, m);

	harness_assert_error(&r, code, field, text);
	assert_int_equal(h->n_rows, rows);
	harness_check(h);
}

/* The study of harness_create with parameter i replaced. */
static struct msg_request with_param(struct harness *h, int i, struct msg_param p)
{
	struct msg_request m = harness_create(h, "bad");
	struct msg_param *params = arena_memdup(
		h->arena, m.u.create_study.spec.params, 3 * sizeof(*params));

	p.has_low = p.has_high = true;
	p.name = p.name ? p.name : "p";
	params[i] = p;
	m.u.create_study.spec.params = params;
	return m;
}

static void test_spaces(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;

	(void)state;
	m = with_param(h, 0, (struct msg_param){.kind = PARAM_FLOAT, .low = 2, .high = 1});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters[0].high", "it must be greater than low");
	m = with_param(h, 1, (struct msg_param){.kind = PARAM_INT, .low = 3, .high = 3});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters[1].high", "spec.parameters[1].high is 3");
	m = with_param(h, 0, (struct msg_param){.kind = PARAM_FLOAT, .high = 1, .log = true});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters[0].low", "log");
	m = with_param(h, 0, (struct msg_param){.kind = PARAM_INT, .low = 0.5, .high = 3});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters[0].low", "integer");
	m = with_param(
		h, 0, (struct msg_param){.kind = PARAM_FLOAT, .high = 1, .has_step = true, .step = 3});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters[0].step", "high - low");
	m = with_param(h, 0, (struct msg_param){.kind = PARAM_FLOAT, .high = 1, .name = "k"});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters", "'k' twice");
	m = with_param(h, 0, (struct msg_param){.kind = PARAM_ORDINAL});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters[0].choices", "needs at least one");
	m = with_param(h, 0, (struct msg_param){.kind = (enum param_kind)7});
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters[0].kind", "float, int, categorical");
	m = harness_create(h, "bad");
	m.u.create_study.spec.n_params = 0;
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.parameters", "0 entries");
	m = harness_create(h, "bad");
	m.u.create_study.spec.n_metrics = 0;
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.metrics", "exactly one");
	m = harness_create(h, "bad");
	m.u.create_study.spec.has_budget = true;
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.budget", "at least 1");
	m = harness_create(h, "bad");
	m.u.create_study.spec.lease_s = 0;
	refuse(h, &m, KR_INVALID_ARGUMENT, "spec.lease_s", "positive");
	harness_free(h);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", " a", "a ", "a\nb", "\xff", "\x7f"};
	struct harness *h = harness_new();
	struct msg_request m;
	char longest[LIMIT_NAME_BYTES + 2];
	struct msg_reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = harness_create(h, bad[i]);
		refuse(h, &m, KR_INVALID_ARGUMENT, "name", "256 bytes");
	}
	m = harness_create(h, NULL);
	refuse(h, &m, KR_INVALID_ARGUMENT, "name", NULL);
	memset(longest, 'x', sizeof(longest));
	longest[LIMIT_NAME_BYTES + 1] = '\0';
	m = harness_create(h, longest);
	refuse(h, &m, KR_INVALID_ARGUMENT, "name", NULL);
	longest[LIMIT_NAME_BYTES] = '\0';
	m = harness_create(h, longest);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	m = harness_get(h, NULL);
	refuse(h, &m, KR_INVALID_ARGUMENT, "study", "missing");
	m = harness_get(h, "nobody");
	refuse(h, &m, KR_NOT_FOUND, "study", "'nobody'");
	harness_free(h);
}

/* A spec so large that its answer would leave no room is refused at creation. */
static void test_huge_spec(void **state)
{
	enum { N = 6000 };
	static struct msg_scalar choices[N];
	static char texts[N][100];
	struct harness *h = harness_new();
	struct msg_request m;

	(void)state;
	for (int i = 0; i < N; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%090d", i);
		choices[i] = (struct msg_scalar){.kind = SCALAR_STRING, .s = texts[i]};
	}
	m = with_param(
		h, 2, (struct msg_param){.kind = PARAM_CATEGORICAL, .n_choices = N, .choices = choices});
	refuse(h, &m, KR_TOO_LARGE, "spec", "at most");
	harness_free(h);
}

static void test_counts(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");

	(void)state;
	harness_ask(h, &m);
	m = harness_suggest(h, "s", LIMIT_BATCH + 1);
	refuse(h, &m, KR_TOO_LARGE, "count", "at most 1024");
	m = harness_request(h, METHOD_OBSERVE, 0);
	m.u.observe.study = "s";
	refuse(h, &m, KR_INVALID_ARGUMENT, "observations", "1 to 1024");
	m = harness_request(h, METHOD_ADD_TRIALS, 0);
	m.u.add_trials.study = "s";
	refuse(h, &m, KR_INVALID_ARGUMENT, "points", "1 to 1024");
	m = (struct msg_request){.method = METHOD_PREDICT};
	m.u.predict.study = "s";
	refuse(h, &m, KR_INVALID_ARGUMENT, "points", "1 to 1024");
	m = (struct msg_request){.method = METHOD_GET_TRIAL};
	m.u.get_trial.study = "s";
	m.u.get_trial.number = UINT64_MAX;
	refuse(h, &m, KR_NOT_FOUND, "number", "18446744073709551615");
	m = (struct msg_request){.method = (enum method)999};
	refuse(h, &m, KR_VERSION, NULL, "999");
	harness_free(h);
}

/* A field path or text that is cut stays valid UTF-8: the reply decodes. */
static void test_long_text(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	char name[LIMIT_NAME_BYTES + 1];
	struct msg_named fixed = {name, {.kind = SCALAR_STRING, .s = name}};

	(void)state;
	harness_ask(h, &m);
	for (size_t shift = 0; shift < 4; shift++) {
		memset(name, 'x', sizeof(name));
		name[sizeof(name) - 1] = '\0';
		for (size_t i = shift; i + 3 < sizeof(name); i += 3)
			memcpy(name + i, "\xe2\x82\xac", 3);
		m = harness_suggest(h, "s", 1);
		m.u.suggest.n_fixed = 1;
		m.u.suggest.fixed = &fixed;
		fixed.name = name;
		refuse(h, &m, KR_INVALID_ARGUMENT, NULL, "no parameter");
		fixed.name = "c";
		refuse(h, &m, KR_INVALID_ARGUMENT, "fixed.c", "choices");
		m = harness_get(h, name);
		refuse(h, &m, KR_NOT_FOUND, "study", NULL);
	}
	harness_free(h);
}

static void test_updates(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");

	(void)state;
	harness_ask(h, &m);
	m = harness_update(h, "s", ACTION_NONE);
	refuse(h, &m, KR_INVALID_ARGUMENT, "action", "nothing to change");
	m.u.update_study.has_budget = true;
	refuse(h, &m, KR_INVALID_ARGUMENT, "budget", "at least 1");
	m.u.update_study.budget = 5;
	m.u.update_study.no_budget = true;
	refuse(h, &m, KR_INVALID_ARGUMENT, "no_budget", "both given");
	m = harness_update(h, "s", ACTION_FINISH);
	harness_ask(h, &m);
	m = harness_update(h, "s", ACTION_PAUSE);
	refuse(h, &m, KR_CONFLICT, NULL, "resume it first");
	harness_free(h);
}

static struct msg_request deletion(
	struct harness *h, const char *study, bool undelete, bool has_id, uint64_t id)
{
	struct msg_request m = harness_request(h, METHOD_DELETE_STUDY, 0);

	m.u.delete_study = (struct msg_delete_study){study, undelete, has_id, id};
	return m;
}

static void test_deletions(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	for (int i = 0; i < 2; i++) {
		m = harness_create(h, "s");
		harness_ask(h, &m);
		m = deletion(h, "s", false, true, 7);
		refuse(h, &m, KR_NOT_FOUND, "id", "not 7");
		m = deletion(h, "s", true, false, 0);
		refuse(h, &m, KR_ALREADY_EXISTS, "study", "delete it first");
		m = deletion(h, "s", false, false, 0);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
	}
	m = deletion(h, NULL, true, false, 0);
	refuse(h, &m, KR_INVALID_ARGUMENT, "study", "missing");
	m = deletion(h, "nobody", true, false, 0);
	refuse(h, &m, KR_NOT_FOUND, "study", "no deleted study");
	m = deletion(h, "s", true, true, 7);
	refuse(h, &m, KR_NOT_FOUND, "id", "with the id 7");
	m = deletion(h, "s", true, false, 0);
	refuse(h, &m, KR_INVALID_ARGUMENT, "id", "give the id of one: ");
	m = deletion(h, "s", true, true, 1);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.study.study.id, 1);
	harness_free(h);
}

/* The ids that find room, whole ones, and how many there are beside. */
static void test_many_deleted(void **state)
{
	enum { N = 60 };
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;
	const char *ids, *end;
	int shown = 1, more = 0;

	(void)state;
	for (int i = 0; i < N; i++) {
		m = harness_create(h, "s");
		harness_ask(h, &m);
		m = deletion(h, "s", false, false, 0);
		harness_ask(h, &m);
	}
	m = deletion(h, "s", true, false, 0);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "id", "60 deleted studies");
	ids = strstr(r.error.message, "one: ");
	end = strstr(r.error.message, " and ");
	assert_true(ids && end && ids < end);
	assert_true(end[-1] >= '0' && end[-1] <= '9');
	for (const char *p = ids; p < end; p++)
		shown += *p == ',';
	assert_int_equal(sscanf(end, " and %d more", &more), 1);
	assert_int_equal(shown + more, N);
	harness_free(h);
}

/* Values of other types than the parameter's, each told what it is. */
static void test_points(void **state)
{
	static const struct {
		struct msg_scalar value;
		const char *name, *text;
	} bad[] = {
		{{.kind = SCALAR_NULL}, "x", "no value"},
		{{.kind = SCALAR_BOOL, .b = true}, "x", "a bool"},
		{{.kind = SCALAR_STRING, .s = "1"}, "k", "text"},
		{{.kind = SCALAR_BOOL}, "c", "choices"},
	};
	struct harness *h = harness_new();
	struct msg_named fixed[2] = {{"x", {.kind = SCALAR_REAL, .r = 0.5}}};
	struct msg_request m = harness_create(h, "s");

	(void)state;
	harness_ask(h, &m);
	m = harness_suggest(h, "s", 1);
	m.u.suggest.n_fixed = 2;
	m.u.suggest.fixed = fixed;
	fixed[1] = fixed[0];
	refuse(h, &m, KR_INVALID_ARGUMENT, "fixed.x", "given twice");
	m.u.suggest.n_fixed = 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fixed[0] = (struct msg_named){bad[i].name, bad[i].value};
		refuse(h, &m, KR_INVALID_ARGUMENT, NULL, bad[i].text);
	}
	harness_free(h);
}

/* Values of an objective: none, of another metric, twice. */
static void test_values(void **state)
{
	struct harness *h = harness_new();
	struct msg_value values[2] = {{.name = "loss", .value = 1}, {.value = 2}};
	struct msg_observation o = {.values = values};
	struct msg_request m = harness_create(h, "s");

	(void)state;
	harness_ask(h, &m);
	m = harness_suggest(h, "s", 1);
	harness_ask(h, &m);
	m = harness_request(h, METHOD_OBSERVE, 0);
	m.u.observe = (struct msg_observe){"s", 1, &o};
	refuse(h, &m, KR_INVALID_ARGUMENT, "observations[0].values", "empty");
	o.n_values = 2;
	refuse(h, &m, KR_INVALID_ARGUMENT, "observations[0].values[1].name", "given twice");
	o.n_values = 1;
	values[0] = (struct msg_value){.name = "gain", .value = 1};
	refuse(h, &m, KR_INVALID_ARGUMENT, "observations[0].values[0].name", "'gain'");
	harness_free(h);
}

/* Another spec under a name that is taken says where it differs. */
static struct msg_request with_choices(
	struct harness *h, const char *study, const struct msg_scalar *choices, int n)
{
	struct msg_request m = harness_create(h, study);
	struct msg_param *params = arena_memdup(
		h->arena, m.u.create_study.spec.params, 3 * sizeof(*params));

	params[2].choices = choices;
	params[2].n_choices = n;
	m.u.create_study.spec.params = params;
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	return m;
}

static void test_other_spec(void **state)
{
	static const struct msg_scalar a[] = {{.kind = SCALAR_NULL}, {.kind = SCALAR_BOOL, .b = true}};
	static const struct msg_scalar b[] = {{.kind = SCALAR_NULL}, {.kind = SCALAR_REAL, .r = 1}};
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");

	(void)state;
	harness_ask(h, &m);
	m = with_choices(h, "s", a, 2);
	refuse(h, &m, KR_CONFLICT, "spec.parameters[2].choices", "5 choices");
	m = with_choices(h, "t", a, 2);
	harness_ask(h, &m);
	m = with_choices(h, "t", b, 2);
	refuse(h, &m, KR_CONFLICT, "spec.parameters[2].choices[1]", "true");
	m = with_param(h, 0, (struct msg_param){.name = "z", .kind = PARAM_FLOAT, .high = 1});
	m.u.create_study.name = "s";
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	refuse(h, &m, KR_CONFLICT, "spec.parameters[0].name", "'z'");
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spaces),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_huge_spec),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_updates),
		cmocka_unit_test(test_deletions),
		cmocka_unit_test(test_many_deleted),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_other_spec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
