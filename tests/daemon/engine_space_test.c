/* Spaces with rules, through the engine: what is refused at creation and why, that every
 * suggestion obeys them, what points may be told, and that all of it replays. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/daemon/engine_harness.h"

/* ---- the study -------------------------------------------------------------- */

#define TEXT(t)                         \
	{                                   \
		.kind = SCALAR_STRING, .s = (t) \
	}
#define INT(n)                       \
	{                                \
		.kind = SCALAR_INT, .i = (n) \
	}

enum { OPT, LAYERS, MOMENTUM, BATCH, FAST, SIZE, DECAY, SEED, N_PARAMS };

static const struct msg_scalar opts[] = {TEXT("sgd"), TEXT("adam"), {.kind = SCALAR_NULL}};
static const struct msg_scalar batches[] = {INT(16), INT(32), INT(64)};
static const struct msg_scalar sizes[] = {TEXT("small"), TEXT("mid"), TEXT("large")};
static const struct msg_scalar seeds[] = {{.kind = SCALAR_REAL, .r = 2}};

/* Every kind at once. */
static const struct msg_param every[N_PARAMS] = {
	[OPT] = {.name = "opt", .kind = PARAM_CATEGORICAL, .n_choices = 3, .choices = opts},
	[LAYERS] = {.name = "layers",
		.kind = PARAM_INT,
		.has_low = true,
		.low = 1,
		.has_high = true,
		.high = 8},
	[MOMENTUM] = {.name = "momentum",
		.kind = PARAM_FLOAT,
		.has_low = true,
		.has_high = true,
		.high = 1,
		.when = "opt == 'sgd' and (layers > 2 or not fast)"},
	[BATCH] = {.name = "batch size", .kind = PARAM_ORDINAL, .n_choices = 3, .choices = batches},
	[FAST] = {.name = "fast", .kind = PARAM_BOOL},
	[SIZE] = {.name = "size",
		.kind = PARAM_ORDINAL,
		.n_choices = 3,
		.choices = sizes,
		.when = "momentum >= 0.25"},
	[DECAY] = {.name = "decay",
		.kind = PARAM_FLOAT,
		.has_low = true,
		.low = 1e-4,
		.has_high = true,
		.high = 1,
		.log = true},
	[SEED] = {.name = "seed", .kind = PARAM_FIXED, .n_choices = 1, .choices = seeds},
};
static const char *const constraints[] = {
	"layers * 0.5 + momentum + decay <= 4", "`batch size` / 16 + layers - seed >= 1"};
static const char *const forbidden[] = {
	"opt == null and fast", "size >= 'mid' and layers in (3, 4)"};

static struct msg_request study(struct harness *h)
{
	struct msg_request m = harness_create(h, "s");
	struct msg_spec *spec = &m.u.create_study.spec;

	spec->n_params = N_PARAMS;
	spec->params = every;
	spec->constraints = (struct msg_texts){2, constraints};
	spec->forbidden = (struct msg_texts){2, forbidden};
	spec->has_budget = false;
	spec->has_seed = true;
	spec->seed = 11;
	return m;
}

/* ---- what its rules mean, in C ---------------------------------------------- */

static const struct msg_scalar *find(const struct msg_trial *t, const char *name)
{
	for (int i = 0; i < t->n_params; i++)
		if (strcmp(t->params[i].name, name) == 0)
			return &t->params[i].value;
	return NULL;
}

static void assert_obeys(const struct msg_trial *t)
{
	const struct msg_scalar *opt = find(t, "opt"), *layers = find(t, "layers");
	const struct msg_scalar *momentum = find(t, "momentum"), *batch = find(t, "batch size");
	const struct msg_scalar *fast = find(t, "fast"), *size = find(t, "size");
	const struct msg_scalar *decay = find(t, "decay"), *seed = find(t, "seed");
	bool sgd, there, large;

	for (int i = 0; i < t->n_params; i++)
		assert_false(t->params[i].value.kind == SCALAR_REAL && isnan(t->params[i].value.r));
	assert_non_null(opt);
	assert_int_equal(layers->kind, SCALAR_INT);
	assert_int_equal(fast->kind, SCALAR_BOOL);
	assert_true(seed->kind == SCALAR_REAL && seed->r == 2);
	assert_true(batch->kind == SCALAR_INT && (batch->i == 16 || batch->i == 32 || batch->i == 64));
	sgd = opt->kind == SCALAR_STRING && strcmp(opt->s, "sgd") == 0;
	there = sgd && (layers->i > 2 || !fast->b);
	assert_int_equal(momentum != NULL, there);
	assert_int_equal(size != NULL, there && momentum->r >= 0.25);
	assert_int_equal(t->n_params, 6 + there + (size != NULL));
	assert_true((double)layers->i * 0.5 + (there ? momentum->r : 0) + decay->r <= 4);
	assert_true((double)batch->i / 16 + (double)layers->i - seed->r >= 1);
	assert_false(opt->kind == SCALAR_NULL && fast->b);
	large = size && strcmp(size->s, "small") != 0;
	assert_false(large && (layers->i == 3 || layers->i == 4));
}

static double loss(const struct msg_trial *t)
{
	const struct msg_scalar *momentum = find(t, "momentum");

	return fabs((double)find(t, "layers")->i - 6) + find(t, "decay")->r +
		(momentum ? fabs(momentum->r - 0.7) : 0.5);
}

/* ---- suggestions ------------------------------------------------------------ */

static struct msg_reply ask(struct harness *h, uint32_t count, int n, const struct msg_named *fixed)
{
	struct msg_request m = harness_suggest(h, "s", count);
	struct msg_reply r;

	m.u.suggest.n_fixed = n;
	m.u.suggest.fixed = fixed;
	r = harness_ask(h, &m);
	for (int i = 0; !r.is_error && i < r.u.trials.n; i++)
		assert_obeys(&r.u.trials.trials[i]);
	return r;
}

static void play(struct harness *h)
{
	const struct msg_named child[] = {{"momentum", {.kind = SCALAR_REAL, .r = 0.5}}};
	const struct msg_named both[] = {
		{"momentum", {.kind = SCALAR_REAL, .r = 0.125}}, {"opt", TEXT("sgd")}, {"layers", INT(2)}};
	struct msg_request m = study(h);
	struct msg_reply r = harness_ask(h, &m);

	harness_assert_ok(&r);
	for (uint64_t k = 0; k < 24; k++) {
		h->cut_after = k % 5 == 4 ? (int)k / 5 : 0;
		r = k % 7 == 5 ? ask(h, 1, 1, child) : k % 7 == 6 ? ask(h, 1, 3, both) : ask(h, 1, 0, NULL);
		harness_assert_ok(&r);
		if (k % 7 == 5)
			assert_true(find(&r.u.trials.trials[0], "momentum")->r == 0.5);
		if (k % 7 == 6)
			assert_true(find(&r.u.trials.trials[0], "momentum")->r == 0.125);
		m = k % 8 == 3 ? harness_fail(h, "s", k, TRIAL_FAILED, "no")
					   : harness_observe(h, "s", k, loss(&r.u.trials.trials[0]));
		harness_ask(h, &m);
	}
	h->cut_after = 0;
	r = ask(h, 6, 0, NULL);
	harness_assert_ok(&r);
	assert_int_equal(r.u.trials.n, 6);
}

static void test_every_kind(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	play(h);
	harness_check(h);
	m = (struct msg_request){.method = METHOD_REPLAY, .u.replay.study = "s"};
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_int_equal(r.u.replay.n, 30);
	for (int i = 0; i < r.u.replay.n; i++)
		assert_true(r.u.replay.suggestions[i].equal);
	harness_restart(h);
	harness_check(h);
	r = harness_ask(h, &m);
	for (int i = 0; i < r.u.replay.n; i++)
		assert_true(r.u.replay.suggestions[i].equal);
	m = (struct msg_request){.method = METHOD_LIST_TRIALS, .u.list_trials.study = "s"};
	m.u.list_trials.params = true;
	r = harness_ask(h, &m);
	assert_int_equal(r.u.list_trials.n, 30);
	for (int i = 0; i < r.u.list_trials.n; i++)
		assert_obeys(&r.u.list_trials.trials[i]);
	harness_free(h);
}

/* A finite space is given out point by point, and then it is exhausted. */
static void test_exhausted(void **state)
{
	static const struct msg_param params[] = {
		{.name = "a", .kind = PARAM_INT, .has_low = true, .has_high = true, .high = 4},
		{.name = "b", .kind = PARAM_INT, .has_low = true, .has_high = true, .high = 4},
		{.name = "c", .kind = PARAM_BOOL, .when = "a > 1"}, /* a: 0, 1: one point; 2 to 4: two */
	};
	static const char *const rows[] = {"a + b <= 4", "b + a >= 4"};
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;

	(void)state;
	m.u.create_study.spec.n_params = 3;
	m.u.create_study.spec.params = params;
	m.u.create_study.spec.constraints = (struct msg_texts){2, rows};
	m.u.create_study.spec.has_budget = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	for (uint64_t k = 0; k < 8; k++) {
		m = harness_suggest(h, "s", 1);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		assert_int_equal(
			find(&r.u.trials.trials[0], "a")->i + find(&r.u.trials.trials[0], "b")->i, 4);
		m = harness_observe(h, "s", k, (double)k);
		harness_ask(h, &m);
	}
	m = harness_suggest(h, "s", 1);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_SPACE_EXHAUSTED, NULL, NULL);
	harness_free(h);
}

/* Few allowed numbers among many, with many rules: that a point is dear to find is no reason to
 * say that there is none. */
static void test_few_among_many(void **state)
{
	enum { N = 200, WIDTH = 5000, ASKED = 12 }; /* 0, 5000, .. are allowed */
	static const struct msg_param params[] = {
		{.name = "a", .kind = PARAM_INT, .has_low = true, .has_high = true, .high = N * WIDTH}};
	static char texts[N][64];
	const char *rows[N];
	struct harness *h = harness_new();
	struct msg_request m = harness_create(h, "s");
	struct msg_reply r;
	int64_t seen[ASKED];

	(void)state;
	for (int k = 0; k < N; k++) {
		snprintf(texts[k], sizeof(texts[k]), "a > %d and a < %d", k * WIDTH, (k + 1) * WIDTH);
		rows[k] = texts[k];
	}
	m.u.create_study.spec.n_params = 1;
	m.u.create_study.spec.params = params;
	m.u.create_study.spec.forbidden = (struct msg_texts){N, rows};
	m.u.create_study.spec.has_budget = false;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	for (uint64_t k = 0; k < ASKED; k++) {
		m = harness_suggest(h, "s", 1);
		r = harness_ask(h, &m);
		harness_assert_ok(&r);
		seen[k] = find(&r.u.trials.trials[0], "a")->i;
		assert_int_equal(seen[k] % WIDTH, 0);
		for (uint64_t j = 0; j < k; j++)
			assert_int_not_equal(seen[j], seen[k]);
		m = harness_observe(h, "s", k, (double)k);
		harness_ask(h, &m);
	}
	harness_free(h);
}

/* ---- refusals --------------------------------------------------------------- */

struct bad {
	const char *when, *forbidden, *row; /* when: of y; forbidden and row come after others */
	const char *field, *text;
};

static const struct bad bad[] = {
	{.when = "z > 1",
		.field = "spec.parameters[1].when",
		.text = "at character 1: the study has no parameter 'z'"},
	{.when = "x >",
		.field = "spec.parameters[1].when",
		.text = "at character 4: the end stands where"},
	{.when = "x > 'a'",
		.field = "spec.parameters[1].when",
		.text = "at character 5: 'x' is of type float and cannot be 'a'"},
	{.when = "k == 2.5", .field = "spec.parameters[1].when", .text = "is not an integer"},
	{.when = "k == 7", .field = "spec.parameters[1].when", .text = "it must be 1 to 5"},
	{.when = "c == 2",
		.field = "spec.parameters[1].when",
		.text = "the first of its 5 choices is 'a'"},
	{.when = "c > 1", .field = "spec.parameters[1].when", .text = "no order"},
	{.when = "k", .field = "spec.parameters[1].when", .text = "only a bool may stand alone"},
	{.when = "b == 1", .field = "spec.parameters[1].when", .text = "it is true or false"},
	{.when = "x = 1",
		.field = "spec.parameters[1].when",
		.text = "at character 3: '=' is not known here; write '=='"},
	{.when = "b && x > 0", .field = "spec.parameters[1].when", .text = "write 'and'"},
	{.when = "0 < x < 1", .field = "spec.parameters[1].when", .text = "do not chain"},
	{.when = "(b", .field = "spec.parameters[1].when", .text = "this parenthesis is not closed"},
	{.when = "c in ('a', x)",
		.field = "spec.parameters[1].when",
		.text = "a parameter stands in the list"},
	{.when = "x > k", .field = "spec.parameters[1].when", .text = "compares two parameters"},
	{.when = "1 < 2", .field = "spec.parameters[1].when", .text = "compares two values"},
	{.when = "c == 'b\xc3\xa4",
		.field = "spec.parameters[1].when",
		.text = "this quote is not closed"},
	{.when = "`k", .field = "spec.parameters[1].when", .text = "this backquote is not closed"},
	{.when = "x > 1e999", .field = "spec.parameters[1].when", .text = "too large"},
	{.when = "x > 1 y", .field = "spec.parameters[1].when", .text = "where 'and', 'or' or the end"},
	{.when = "y > 1", .field = "spec.parameters[1].when", .text = "'y' asks about 'y'"},
	{.when = "w > 0", .field = "spec.parameters[1].when", .text = "depend on itself"},
	{.when = "k > 5",
		.field = "spec.parameters[1].when",
		.text = "no values of the parameters make it true"},
	{.when = "k > 3 and k < 4", .field = "spec.parameters[1].when", .text = "make it true"},
	{.when = "f == 4", .field = "spec.parameters[1].when", .text = "it is always 3"},
	{.when = "f > 3", .field = "spec.parameters[1].when", .text = "make it true"},
	{.when = "o > 'c'", .field = "spec.parameters[1].when", .text = "choices"},
	{.when = "k == 5",
		.forbidden = "k > 4",
		.field = "spec.parameters[1].when",
		.text = "never there"},
	{.forbidden = "b and not b", .field = "spec.forbidden[0]", .text = "make it true"},
	{.forbidden = "x >= 0", .field = "spec.forbidden[0]", .text = "forbids every point"},
	{.forbidden = "b or k > 1",
		.row = "k >= 2",
		.field = "spec.parameter_constraints[1]",
		.text = "together with spec.forbidden[0]"},
	{.row = "x + k <= -1", .field = "spec.parameter_constraints[1]", .text = "no point obeys it"},
	{.row = "x * k <= 1",
		.field = "spec.parameter_constraints[1]",
		.text = "at character 3: a product of parameters"},
	{.row = "1 / x <= 1", .field = "spec.parameter_constraints[1]", .text = "quotient"},
	{.row = "x / 0 <= 1", .field = "spec.parameter_constraints[1]", .text = "divides by zero"},
	{.row = "x < 1", .field = "spec.parameter_constraints[1]", .text = "write '<='"},
	{.row = "x == 1", .field = "spec.parameter_constraints[1]", .text = "equality"},
	{.row = "x <= 1 <= k",
		.field = "spec.parameter_constraints[1]",
		.text = "give two constraints"},
	{.row = "x - x <= 1", .field = "spec.parameter_constraints[1]", .text = "no parameter is left"},
	{.row = "c <= 1", .field = "spec.parameter_constraints[1]", .text = "has no number"},
	{.row = "b <= 1", .field = "spec.parameter_constraints[1]", .text = "of type bool"},
	{.row = "x + 'a' <= 1",
		.field = "spec.parameter_constraints[1]",
		.text = "'a' is not a number"},
	{.row = "x + k", .field = "spec.parameter_constraints[1]", .text = "the end stands where '<='"},
	{.row = "x + w >= 4", .field = "spec.parameter_constraints", .text = "as good as an equality"},
};

static struct msg_request with_rules(struct harness *h, const struct bad *b)
{
	static const struct msg_scalar three[] = {INT(3)}, letters[] = {TEXT("a"), TEXT("b")};
	static const char *first_row = "x + w <= 4";
	struct msg_request m = harness_create(h, "s");
	struct msg_spec *spec = &m.u.create_study.spec;
	struct msg_param *params = ARENA_ARRAY(h->arena, struct msg_param, 8);
	const char **rows = ARENA_ARRAY(h->arena, const char *, 2);
	const char **no = ARENA_ARRAY(h->arena, const char *, 1);

	params[0] = spec->params[0]; /* x in [0, 1] */
	params[1] = (struct msg_param){.name = "y",
		.kind = PARAM_FLOAT,
		.has_low = true,
		.has_high = true,
		.high = 1,
		.when = b->when};
	params[2] = spec->params[1]; /* k in 1..5 */
	params[3] = spec->params[2]; /* c */
	params[4] = (struct msg_param){.name = "b", .kind = PARAM_BOOL};
	params[5] = (struct msg_param){.name = "w",
		.kind = PARAM_FLOAT,
		.has_low = true,
		.has_high = true,
		.high = 9,
		.when = b->when && strchr(b->when, 'w') ? "y > 0.5" : NULL};
	params[6] = (struct msg_param){
		.name = "f", .kind = PARAM_FIXED, .n_choices = 1, .choices = three};
	params[7] = (struct msg_param){
		.name = "o", .kind = PARAM_ORDINAL, .n_choices = 2, .choices = letters};
	rows[0] = first_row;
	rows[1] = b->row;
	no[0] = b->forbidden;
	spec->n_params = 8;
	spec->params = params;
	spec->constraints = (struct msg_texts){1 + (b->row != NULL), rows};
	spec->forbidden = (struct msg_texts){b->forbidden != NULL, no};
	return m;
}

static void test_refused(void **state)
{
	struct harness *h = harness_new();
	const struct bad good = {.when = "b and not (c == null or x <= 0.5 or k in [1, 2, 3,])",
		.forbidden = "o == 'b' and `k` != +4 or 'a' == c",
		.row = "2 * (x - 3) / 4 + -f <= k - -1.5e0"};
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		m = with_rules(h, &bad[i]);
		r = harness_ask(h, &m);
		if (!r.is_error)
			fail_msg("case %zu is OK", i);
		if (strcmp(r.error.field, bad[i].field) != 0)
			fail_msg("case %zu: field %s: %s", i, r.error.field, r.error.message);
		harness_assert_error(&r, KR_INVALID_ARGUMENT, bad[i].field, bad[i].text);
		assert_int_equal(h->n_rows, 0);
	}
	m = with_rules(h, &good);
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	harness_free(h);
}

/* Nesting is limited before anything recurses. */
static void test_deep(void **state)
{
	struct harness *h = harness_new();
	char text[4096];
	struct bad deep = {.when = text};
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	m = with_rules(h, &deep);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "spec.parameters[1].when", "nested more than 30");
	deep = (struct bad){.row = text};
	m = with_rules(h, &deep);
	r = harness_ask(h, &m);
	harness_assert_error(
		&r, KR_INVALID_ARGUMENT, "spec.parameter_constraints[1]", "nested more than 30");
	for (size_t i = 0; i + 4 < sizeof(text); i += 4)
		memcpy(text + i, "not ", 4);
	deep = (struct bad){.when = text};
	m = with_rules(h, &deep);
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "spec.parameters[1].when", "nested more than 30");
	harness_free(h);
}

/* ---- points from outside ---------------------------------------------------- */

static void refuse_point(
	struct harness *h, int n, const struct msg_named *params, const char *field, const char *text)
{
	static const struct msg_value y = {.value = 1};
	struct msg_point *p = ARENA_NEW(h->arena, struct msg_point);
	struct msg_request m = harness_request(h, METHOD_ADD_TRIALS, 0);
	struct msg_reply r;

	*p = (struct msg_point){.n_params = n, .params = params, .n_values = 1, .values = &y};
	m.u.add_trials.study = "s";
	m.u.add_trials.n = 1;
	m.u.add_trials.points = p;
	r = harness_ask(h, &m);
	if (field)
		harness_assert_error(&r, KR_INVALID_ARGUMENT, field, text);
	else
		harness_assert_ok(&r);
	harness_check(h);
}

static void test_told(void **state)
{
	struct msg_named p[] = {
		{"opt", TEXT("adam")},
		{"layers", INT(5)},
		{"batch size", INT(32)},
		{"fast", {.kind = SCALAR_BOOL}},
		{"decay", {.kind = SCALAR_REAL, .r = 0.5}},
		{"seed", {.kind = SCALAR_REAL, .r = 2}},
		{"momentum", {.kind = SCALAR_REAL, .r = 0.5}},
		{"size", TEXT("small")},
	};
	const struct msg_named contrary[] = {
		{"momentum", {.kind = SCALAR_REAL, .r = 0.5}}, {"opt", TEXT("adam")}};
	const struct msg_named hopeless[] = {{"layers", INT(8)}};
	struct harness *h = harness_new();
	struct msg_request m = study(h);
	struct msg_reply r;

	(void)state;
	harness_ask(h, &m);
	refuse_point(h, 6, p, NULL, NULL);
	refuse_point(h, 7, p, "points[0].params.momentum", "but 'opt' is 'adam'; leave it out");
	p[0].value.s = "sgd";
	refuse_point(h, 6, p, "points[0].params.momentum", "it is missing");
	refuse_point(h, 7, p, "points[0].params.size", "it is missing");
	refuse_point(h, 8, p, NULL, NULL);
	p[1].value.i = 8;
	refuse_point(h, 8, p, "points[0].params", "does not obey spec.parameter_constraints[0]");
	p[1].value.i = 4;
	p[7].value.s = "large";
	refuse_point(h, 8, p, "points[0].params", "forbidden by spec.forbidden[1]");
	p[5].value = (struct msg_scalar)INT(2);
	refuse_point(h, 8, p, "points[0].params.seed", "2 (an int) is not its fixed value, 2.0");
	p[3].value = (struct msg_scalar)INT(0);
	refuse_point(h, 5, p, "points[0].params.fast", "true or false");
	r = ask(h, 1, 2, contrary);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "fixed.momentum", "it is there only when");
	r = ask(h, 1, 1, hopeless);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "fixed", "no point with these values");
	harness_free(h);
}

static void test_attach(void **state)
{
	struct harness *h = harness_new();
	struct msg_request m = study(h);
	static const char *const other[] = {"opt == null and fast", "layers == 3"};
	struct msg_param changed[N_PARAMS];
	struct msg_reply r = harness_ask(h, &m);

	(void)state;
	harness_assert_ok(&r);
	m = study(h);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_string_equal(r.u.study.study.spec.params[MOMENTUM].when, every[MOMENTUM].when);
	assert_int_equal(r.u.study.study.spec.constraints.n, 2);
	assert_string_equal(r.u.study.study.spec.forbidden.p[1], forbidden[1]);
	m = study(h);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	m.u.create_study.spec.forbidden.p = other;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.forbidden[1]", "layers == 3");
	m = study(h);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	m.u.create_study.spec.constraints.n = 1;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.parameter_constraints", "2");
	m = study(h);
	m.u.create_study.if_exists = IF_EXISTS_ATTACH;
	memcpy(changed, every, sizeof(every));
	changed[SIZE].when = NULL;
	m.u.create_study.spec.params = changed;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_CONFLICT, "spec.parameters[5].when", "momentum >= 0.25");
	harness_free(h);
}

/* Memory runs out at every place of a creation and of a suggestion: each is refused whole, or
 * done, and the same point comes in the end. */
static void test_memory(void **state)
{
	const struct msg_named child[] = {{"momentum", {.kind = SCALAR_REAL, .r = 0.5}}};
	struct msg_request m;
	struct msg_reply r;
	double first = NAN;
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct harness *h = harness_new();
		uint64_t tag;

		m = study(h);
		kr_alloc_fail_at(n, 0);
		tag = harness_send(h, &m);
		failed = kr_alloc_count() >= n;
		kr_alloc_fail_at(0, 0);
		r = harness_reply(h, tag);
		if (r.is_error) {
			assert_int_equal(r.error.code, kr_status_wire(KR_OVERLOADED));
			m = study(h);
			r = harness_ask(h, &m);
			harness_assert_ok(&r);
		}
		harness_check(h);
		harness_free(h);
	}
	for (long n = 1, used = 1; n <= used; n += 1 + n / 40) {
		struct harness *h = harness_new();
		uint64_t tag;

		m = study(h);
		harness_ask(h, &m);
		for (uint64_t k = 0; k < 6; k++) {
			r = ask(h, 1, 0, NULL);
			m = harness_observe(h, "s", k, loss(&r.u.trials.trials[0]));
			harness_ask(h, &m);
		}
		m = harness_suggest(h, "s", 1);
		m.u.suggest.n_fixed = 1;
		m.u.suggest.fixed = child;
		kr_alloc_fail_at(n, 0);
		tag = harness_send(h, &m);
		used = kr_alloc_count();
		kr_alloc_fail_at(0, 0);
		r = harness_reply(h, tag);
		if (r.is_error) {
			assert_int_equal(r.error.code, kr_status_wire(KR_OVERLOADED));
			r = harness_ask(h, &m);
		}
		harness_assert_ok(&r);
		assert_obeys(&r.u.trials.trials[0]);
		if (isnan(first))
			first = find(&r.u.trials.trials[0], "decay")->r;
		assert_true(find(&r.u.trials.trials[0], "decay")->r == first);
		harness_check(h);
		harness_free(h);
	}
}

/* The model is asked about points that lack parameters. */
static void test_predict(void **state)
{
	struct msg_named p[] = {
		{"opt", TEXT("adam")},
		{"layers", INT(5)},
		{"batch size", INT(32)},
		{"fast", {.kind = SCALAR_BOOL}},
		{"decay", {.kind = SCALAR_REAL, .r = 0.5}},
		{"seed", {.kind = SCALAR_REAL, .r = 2}},
		{"momentum", {.kind = SCALAR_REAL, .r = 0.5}},
	};
	const struct msg_point points[] = {{.n_params = 6, .params = p}};
	const struct msg_point wrong[] = {{.n_params = 7, .params = p}};
	struct harness *h = harness_new();
	struct msg_request m;
	struct msg_reply r;

	(void)state;
	play(h);
	m = (struct msg_request){.method = METHOD_PREDICT};
	m.u.predict.study = "s";
	m.u.predict.n = 1;
	m.u.predict.points = points;
	r = harness_ask(h, &m);
	harness_assert_ok(&r);
	assert_true(isfinite(r.u.predict.predictions[0].mean) && r.u.predict.predictions[0].sd > 0);
	m.u.predict.points = wrong;
	r = harness_ask(h, &m);
	harness_assert_error(&r, KR_INVALID_ARGUMENT, "points[0].params.momentum", "leave it out");
	harness_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_few_among_many),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_attach),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_predict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
