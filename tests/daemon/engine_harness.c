#include "tests/daemon/engine_harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "proto/limits.h"

/* ---- memory of the harness -------------------------------------------------- */

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "the harness is out of memory\n");
		abort();
	}
	return p;
}

static void *copy(const void *p, size_t len)
{
	void *to = must(malloc(len ? len : 1));

	if (len)
		memcpy(to, p, len);
	return to;
}

static void *grown(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 16;
	return must(realloc(p, *cap * size));
}

/* ---- engine's surroundings -------------------------------------------------- */

static void next_random(void *ctx, uint8_t out[16])
{
	struct harness *h = ctx;
	struct rng r = rng_make(1, ++h->random, RNG_TEST, 0);
	uint64_t word[2] = {rng_u64(&r), rng_u64(&r)};

	memcpy(out, word, sizeof(word));
}

static void step(struct harness *h, const struct event *ev);
static void serve(struct harness *h);

bool harness_boot(struct harness *h)
{
	struct engine_options o = {
		.random = next_random,
		.random_ctx = h,
		.build = h->build,
		.version = "0.0-test",
		.blas_core = "test",
		.durable = true,
		.threads = 1,
		.prepare = h->prepare,
		.max_waiting = h->max_waiting,
	};

	return engine_new(&h->e, &o, NULL) == KR_OK;
}

void harness_begin(struct harness *h)
{
	step(h, &(struct event){.kind = EVENT_START});
	serve(h);
}

static void boot(struct harness *h)
{
	assert_true(harness_boot(h));
	harness_begin(h);
}

struct harness *harness_new(void)
{
	struct harness *h = must(calloc(1, sizeof(*h)));

	h->now = (struct now){1000000000, 1700000000000};
	h->build = "build 1";
	h->next_tag = 1;
	h->arena = arena_new((size_t)1 << 30);
	assert_non_null(h->arena);
	boot(h);
	assert_true(engine_ready(h->e));
	return h;
}

static void drop_todo(struct harness *h)
{
	for (size_t i = 0; i < h->n_todo; i++)
		if (h->todo[i].kind == EFFECT_COMPUTE)
			job_free(h->todo[i].u.compute.job);
	h->n_todo = 0;
}

void harness_free(struct harness *h)
{
	drop_todo(h);
	engine_free(h->e);
	for (size_t i = 0; i < h->n_rows; i++) {
		free((void *)(uintptr_t)h->rows[i].actor);
		free((void *)(uintptr_t)h->rows[i].body);
	}
	for (size_t i = 0; i < h->n_replies; i++)
		free(h->replies[i].body);
	free(h->rows);
	free(h->replies);
	free(h->todo);
	arena_free(h->arena);
	free(h);
}

void harness_crash(struct harness *h)
{
	drop_todo(h);
	engine_free(h->e);
	h->e = NULL;
	h->hold_commits = h->hold_jobs = h->hold_loads = h->fail_loads = false;
	h->commit_status = KR_OK;
}

void harness_restart(struct harness *h)
{
	harness_crash(h);
	boot(h);
}

static void store_row(struct harness *h, const struct row *row)
{
	struct row *to;

	h->rows = grown(h->rows, h->n_rows, &h->cap_rows, sizeof(*h->rows));
	to = &h->rows[h->n_rows++];
	*to = *row;
	to->actor = copy(row->actor, strlen(row->actor) + 1);
	to->body = copy(row->body, row->len);
}

static void take_reply(struct harness *h, const struct effect *ef)
{
	struct harness_reply *r;

	h->replies = grown(h->replies, h->n_replies, &h->cap_replies, sizeof(*h->replies));
	r = &h->replies[h->n_replies];
	memcpy(&r->tag, ef->u.reply.route.header.id, sizeof(r->tag));
	r->is_error = ef->u.reply.route.header.flags & FRAME_ERROR;
	assert_true(ef->u.reply.route.header.flags & FRAME_REPLY);
	r->method = ef->u.reply.route.header.method;
	r->body = copy(ef->u.reply.body, ef->u.reply.len);
	r->len = ef->u.reply.len;
	r->order = h->n_replies++;
}

static void step(struct harness *h, const struct event *ev)
{
	const struct effect *effects;
	size_t n;

	engine_step(h->e, ev, h->now, &effects, &n);
	for (size_t i = 0; i < n; i++) {
		const struct effect *ef = &effects[i];

		if (ef->kind == EFFECT_REPLY) {
			take_reply(h, ef);
			continue;
		}
		if (ef->kind == EFFECT_CUT) {
			h->cut = ef->u.cut.job;
			h->n_cuts++;
			for (size_t k = 0; k < h->n_todo; k++)
				if (h->todo[k].kind == EFFECT_COMPUTE && job_id(h->todo[k].u.compute.job) == h->cut)
					job_cut(h->todo[k].u.compute.job);
			continue;
		}
		if (ef->kind == EFFECT_RAISE) {
			h->n_raised++;
			continue;
		}
		h->n_commits += ef->kind == EFFECT_COMMIT;
		h->n_jobs += ef->kind == EFFECT_COMPUTE;
		h->n_loads += ef->kind == EFFECT_LOAD;
		h->todo = grown(h->todo, h->n_todo, &h->cap_todo, sizeof(*h->todo));
		h->todo[h->n_todo++] = *ef;
	}
}

/* ---- serving effects -------------------------------------------------------- */

static void serve_commit(struct harness *h, const struct effect *ef, enum kr_status status)
{
	for (size_t i = 0; status == KR_OK && i < ef->u.commit.n; i++)
		store_row(h, &ef->u.commit.rows[i]);
	step(h,
		&(struct event){
			.kind = EVENT_COMMITTED,
			.u.committed = {ef->u.commit.group, status, status == KR_OK ? NULL : "disk on fire"},
		});
}

static void serve_job(struct harness *h, const struct effect *ef)
{
	struct job *j = ef->u.compute.job;

	for (int units = 1; job_step(j); units++)
		if (units == h->cut_after)
			job_cut(j);
	step(h, &(struct event){.kind = EVENT_COMPUTED, .u.computed = {j}});
}

static int by_study(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->study != y->study)
		return x->study < y->study ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* In two parts, so that parts are tested. */
static void serve_load(struct harness *h, const struct effect *ef)
{
	struct row *rows = must(calloc(h->n_rows + 1, sizeof(*rows)));
	struct event ev = {.kind = EVENT_LOADED};
	size_t n = 0, half;

	for (size_t i = 0; i < h->n_rows; i++)
		if (!ef->u.load.study || h->rows[i].study == ef->u.load.study)
			rows[n++] = h->rows[i];
	qsort(rows, n, sizeof(*rows), by_study);
	half = n / 2;
	ev.u.loaded.ticket = ef->u.load.ticket;
	ev.u.loaded.rows = rows;
	ev.u.loaded.n = half;
	step(h, &ev);
	ev.u.loaded.rows = rows + half;
	ev.u.loaded.n = n - half;
	ev.u.loaded.done = true;
	if (h->fail_loads) {
		ev.u.loaded.n = 0;
		ev.u.loaded.status = KR_EIO;
		ev.u.loaded.text = "unreadable";
	}
	step(h, &ev);
	free(rows);
}

static bool held(const struct harness *h, enum effect_kind kind)
{
	return (kind == EFFECT_COMMIT && h->hold_commits) || (kind == EFFECT_COMPUTE && h->hold_jobs) ||
		(kind == EFFECT_LOAD && h->hold_loads);
}

static bool take_todo(struct harness *h, enum effect_kind kind, bool any, struct effect *out)
{
	for (size_t i = 0; i < h->n_todo; i++) {
		if (any ? held(h, h->todo[i].kind) : h->todo[i].kind != kind)
			continue;
		*out = h->todo[i];
		memmove(&h->todo[i], &h->todo[i + 1], (h->n_todo - i - 1) * sizeof(*h->todo));
		h->n_todo--;
		return true;
	}
	return false;
}

static void serve_one(struct harness *h, const struct effect *ef)
{
	if (ef->kind == EFFECT_COMMIT)
		serve_commit(h, ef, h->commit_status);
	else if (ef->kind == EFFECT_COMPUTE)
		serve_job(h, ef);
	else
		serve_load(h, ef);
}

static void serve(struct harness *h)
{
	struct effect ef;

	while (take_todo(h, EFFECT_REPLY, true, &ef))
		serve_one(h, &ef);
}

void harness_settle(struct harness *h)
{
	h->hold_commits = h->hold_jobs = h->hold_loads = false;
	serve(h);
}

void harness_commit_one(struct harness *h, enum kr_status status)
{
	struct effect ef;

	assert_true(take_todo(h, EFFECT_COMMIT, false, &ef));
	serve_commit(h, &ef, status);
	serve(h);
}

void harness_jobs(struct harness *h)
{
	struct effect ef;

	while (take_todo(h, EFFECT_COMPUTE, false, &ef))
		serve_job(h, &ef);
	serve(h);
}

void harness_loads(struct harness *h)
{
	struct effect ef;

	while (take_todo(h, EFFECT_LOAD, false, &ef))
		serve_load(h, &ef);
	serve(h);
}

void harness_tick(struct harness *h, int64_t ms)
{
	h->now.now_ns += ms * 1000000;
	h->now.wall_ms += ms;
	step(h, &(struct event){.kind = EVENT_TICK, .u.tick = {.sqlite_version = "none"}});
	serve(h);
}

/* ---- replies ---------------------------------------------------------------- */

uint64_t harness_send(struct harness *h, const struct msg_request *m)
{
	struct route route = {0};
	const char *client = h->client ? h->client : "client";
	uint64_t tag = h->next_tag++;

	route.identity_len = (uint8_t)strlen(client);
	memcpy(route.identity, client, route.identity_len);
	route.header.version = PROTO_VERSION;
	route.header.method = (uint16_t)m->method;
	memcpy(route.header.id, &tag, sizeof(tag));
	step(h, &(struct event){.kind = EVENT_REQUEST, .u.request = {&route, m}});
	serve(h);
	return tag;
}

const struct harness_reply *harness_raw(const struct harness *h, uint64_t tag)
{
	for (size_t i = 0; i < h->n_replies; i++)
		if (h->replies[i].tag == tag)
			return &h->replies[i];
	return NULL;
}

int harness_count(const struct harness *h, uint64_t tag)
{
	int n = 0;

	for (size_t i = 0; i < h->n_replies; i++)
		n += h->replies[i].tag == tag;
	return n;
}

struct msg_reply harness_reply(struct harness *h, uint64_t tag)
{
	const struct harness_reply *raw = harness_raw(h, tag);
	struct msg_reply r;
	struct kr_error err;

	if (!raw) {
		fail_msg("no reply to request %llu", (unsigned long long)tag);
		abort();
	}
	assert_int_equal(harness_count(h, tag), 1);
	if (decode_reply(&r, raw->method, raw->is_error, raw->body, raw->len, h->arena, &err) != KR_OK)
		fail_msg("reply does not decode: %s", err.text);
	return r;
}

struct msg_reply harness_ask(struct harness *h, const struct msg_request *m)
{
	return harness_reply(h, harness_send(h, m));
}

void harness_check(const struct harness *h)
{
	struct kr_error err;

	if (engine_check(h->e, &err) != KR_OK)
		fail_msg("engine_check: %s", err.text);
}

/* ---- requests --------------------------------------------------------------- */

struct msg_request harness_request(struct harness *h, enum method method, uint64_t n)
{
	struct msg_request m = {.method = method};

	if (n == 0)
		n = 1000000 + h->next_request++;
	m.meta.has_request_id = true;
	memcpy(m.meta.request_id, &n, sizeof(n));
	return m;
}

struct msg_request harness_create(struct harness *h, const char *name)
{
	static const struct msg_scalar choices[] = {
		{.kind = SCALAR_STRING, .s = "a"},
		{.kind = SCALAR_INT, .i = 1},
		{.kind = SCALAR_REAL, .r = 1.0},
		{.kind = SCALAR_BOOL, .b = true},
		{.kind = SCALAR_NULL},
	};
	static const struct msg_param params[] = {
		{.name = "x", .kind = PARAM_FLOAT, .has_low = true, .has_high = true, .low = 0, .high = 1},
		{.name = "k", .kind = PARAM_INT, .has_low = true, .has_high = true, .low = 1, .high = 5},
		{.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 5, .choices = choices},
	};
	static const struct msg_metric metrics[] = {{.name = "loss", .role = METRIC_MINIMIZE}};
	struct msg_request m = harness_request(h, METHOD_CREATE_STUDY, 0);

	m.u.create_study.name = name;
	m.u.create_study.if_exists = IF_EXISTS_FAIL;
	m.u.create_study.spec = (struct msg_spec){
		.n_params = 3,
		.params = params,
		.n_metrics = 1,
		.metrics = metrics,
		.has_seed = true,
		.seed = 7,
		.has_lease = true,
		.lease_s = 10,
	};
	return m;
}

struct msg_request harness_suggest(struct harness *h, const char *study, uint32_t count)
{
	struct msg_request m = harness_request(h, METHOD_SUGGEST, 0);

	m.u.suggest.study = study;
	m.u.suggest.count = count;
	return m;
}

struct msg_request harness_observe(struct harness *h, const char *study, uint64_t number, double y)
{
	struct msg_request m = harness_request(h, METHOD_OBSERVE, 0);
	struct msg_observation *o = ARENA_NEW(h->arena, struct msg_observation);
	struct msg_value *v = ARENA_NEW(h->arena, struct msg_value);

	v->value = y;
	o->number = number;
	o->n_values = 1;
	o->values = v;
	m.u.observe.study = study;
	m.u.observe.n = 1;
	m.u.observe.observations = o;
	return m;
}

struct msg_request harness_fail(struct harness *h, const char *study, uint64_t number,
	enum trial_state state, const char *reason)
{
	struct msg_request m = harness_request(h, METHOD_FAIL_TRIAL, 0);

	m.u.fail_trial.study = study;
	m.u.fail_trial.number = number;
	m.u.fail_trial.state = state;
	m.u.fail_trial.reason = reason;
	return m;
}

struct msg_request harness_update(struct harness *h, const char *study, enum study_action action)
{
	struct msg_request m = harness_request(h, METHOD_UPDATE_STUDY, 0);

	m.u.update_study.study = study;
	m.u.update_study.action = action;
	return m;
}

struct msg_request harness_get(struct harness *h, const char *study)
{
	struct msg_request m = harness_request(h, METHOD_GET_STUDY, 0);

	m.u.get_study.study = study;
	return m;
}

struct msg_request harness_trial(struct harness *h, const char *study, uint64_t number)
{
	struct msg_request m = harness_request(h, METHOD_GET_TRIAL, 0);

	m.u.get_trial = (struct msg_get_trial){study, number};
	return m;
}

struct msg_request harness_edit(struct harness *h, const char *study, uint64_t number)
{
	struct msg_request m = harness_request(h, METHOD_EDIT_TRIAL, 0);

	m.u.edit_trial.study = study;
	m.u.edit_trial.number = number;
	return m;
}

struct msg_request harness_correct(struct harness *h, const char *study, uint64_t number, double y)
{
	struct msg_request m = harness_edit(h, study, number);
	struct msg_value *v = ARENA_NEW(h->arena, struct msg_value);

	v->value = y;
	m.u.edit_trial.n_values = 1;
	m.u.edit_trial.values = v;
	return m;
}

struct msg_request harness_exclude(
	struct harness *h, const char *study, uint64_t number, bool excluded)
{
	struct msg_request m = harness_edit(h, study, number);

	m.u.edit_trial.has_excluded = true;
	m.u.edit_trial.excluded = excluded;
	return m;
}

struct msg_request harness_delete_trial(struct harness *h, const char *study, uint64_t number)
{
	struct msg_request m = harness_request(h, METHOD_DELETE_TRIAL, 0);

	m.u.delete_trial = (struct msg_get_trial){study, number};
	return m;
}

struct msg_request harness_report(
	struct harness *h, const char *study, uint64_t number, int64_t step, double value)
{
	struct msg_request m = harness_request(h, METHOD_REPORT, 0);

	m.u.report.study = study;
	m.u.report.number = number;
	m.u.report.step = step;
	m.u.report.value = value;
	return m;
}

/* ---- assertions ------------------------------------------------------------- */

void harness_assert_ok(const struct msg_reply *r)
{
	if (r->is_error)
		fail_msg("%s: %s", kr_status_name(kr_status_from_wire(r->error.code)), r->error.message);
}

void harness_assert_error(
	const struct msg_reply *r, enum kr_status code, const char *field, const char *text)
{
	if (!r->is_error)
		fail_msg("OK where %s was due", kr_status_name(code));
	if (r->error.code != kr_status_wire(code))
		fail_msg("%s where %s was due: %s", kr_status_name(kr_status_from_wire(r->error.code)),
			kr_status_name(code), r->error.message);
	if (field) {
		assert_non_null(r->error.field);
		assert_string_equal(r->error.field, field);
	}
	if (text && !strstr(r->error.message, text))
		fail_msg("'%s' does not say '%s'", r->error.message, text);
	assert_true(strlen(r->error.message) > 10);
}

void harness_assert_same(const struct harness *h, uint64_t a, uint64_t b)
{
	const struct harness_reply *x = harness_raw(h, a), *y = harness_raw(h, b);

	assert_non_null(x);
	assert_non_null(y);
	assert_int_equal(x->is_error, y->is_error);
	assert_int_equal(x->len, y->len);
	assert_memory_equal(x->body, y->body, x->len);
}

bool harness_says(const struct msg_texts *sentences, const char *text)
{
	for (int i = 0; i < sentences->n; i++)
		if (strstr(sentences->p[i], text))
			return true;
	for (int i = 0; i < sentences->n; i++)
		print_message("%s\n", sentences->p[i]);
	return false;
}
