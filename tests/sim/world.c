#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "proto/decode.h"

enum { MS = 1000000 };

struct met sim_met;

bool world_chance(struct world *w, double p)
{
	return p > 0 && !w->healed && rng_uniform(&w->rng) < p;
}

uint64_t world_below(struct world *w, uint32_t n)
{
	return rng_below(&w->rng, n);
}

void world_complain(struct world *w, const char *fmt, ...)
{
	if (w->complaint[0])
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(w->complaint, sizeof(w->complaint), fmt, ap);
	va_end(ap);
}

static bool sooner(const struct happening *a, const struct happening *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void world_push(struct world *w, struct happening h)
{
	if (w->n_heap == w->cap_heap) {
		w->cap_heap = w->cap_heap ? 2 * w->cap_heap : 64;
		w->heap = realloc(w->heap, w->cap_heap * sizeof(*w->heap));
		if (!w->heap)
			abort();
	}
	h.order = w->order++;
	h.epoch = w->epoch;
	size_t i = w->n_heap++;
	while (i > 0 && sooner(&h, &w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = h;
}

static struct happening pop(struct world *w)
{
	struct happening top = w->heap[0], last = w->heap[--w->n_heap];
	size_t i = 0;
	for (;;) {
		size_t c = 2 * i + 1;
		if (c >= w->n_heap)
			break;
		if (c + 1 < w->n_heap && sooner(&w->heap[c + 1], &w->heap[c]))
			c++;
		if (!sooner(&w->heap[c], &last))
			break;
		w->heap[i] = w->heap[c];
		i = c;
	}
	if (w->n_heap)
		w->heap[i] = last;
	return top;
}

/* ---- clocks ---- */

static int64_t wall_ms(const struct world *w)
{
	return w->now_ns / MS + w->wall_off_ms;
}

int64_t world_moment(const struct world *w, int64_t wall)
{
	for (uint64_t i = w->n_moments; i > 0 && w->n_moments - i < SIM_MOMENTS; i--)
		if (w->moments[(i - 1) % SIM_MOMENTS].wall_ms == wall)
			return w->moments[(i - 1) % SIM_MOMENTS].now_ns;
	return w->now_ns;
}

void world_trouble(struct world *w)
{
	w->trouble_ns = w->now_ns;
}

/* A refusal lasts half a second, a load is tried again each second. */
bool world_in_trouble(const struct world *w)
{
	return !engine_ready(w->engine) || w->now_ns - w->trouble_ns < 2500LL * MS;
}

/* ---- the network ---- */

static int64_t delay(struct world *w, uint32_t most_ms)
{
	return (int64_t)(world_below(w, most_ms * 1000) + 50) * 1000;
}

/* A copy of the message, some time later; perhaps none, perhaps two. */
static void carry(struct world *w, enum happening_kind kind, int client,
	const struct frame_header *h, const uint8_t *body, size_t len)
{
	int copies = world_chance(w, w->profile->lose) ? 0 : 1;
	copies += world_chance(w, w->profile->twice);
	for (int i = 0; i < copies; i++) {
		uint8_t *copy = malloc(len + 1);
		if (!copy)
			abort();
		if (len)
			memcpy(copy, body, len);
		world_push(w,
			(struct happening){.at = w->now_ns + delay(w, 20),
				.kind = kind,
				.client = client,
				.header = *h,
				.body = copy,
				.len = len});
	}
}

void world_send(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len)
{
	carry(w, HAPPEN_REQUEST, client, h, body, len);
}

static void take_effect(struct world *w, const struct effect *ef)
{
	switch (ef->kind) {
	case EFFECT_COMMIT:
		disk_commit(w, ef->u.commit.group, ef->u.commit.rows, ef->u.commit.n);
		break;
	case EFFECT_REPLY:
		watch_reply(w, ef->u.reply.route.identity[0], &ef->u.reply.route.header, ef->u.reply.body,
			ef->u.reply.len);
		carry(w, HAPPEN_ANSWER, ef->u.reply.route.identity[0], &ef->u.reply.route.header,
			ef->u.reply.body, ef->u.reply.len);
		break;
	case EFFECT_COMPUTE:
		w->jobs_running += !job_unasked(ef->u.compute.job);
		watch_unasked(w, ef->u.compute.job);
		watch_job(w, ef->u.compute.job);
		world_push(w,
			(struct happening){
				.at = w->now_ns + delay(w, 10), .kind = HAPPEN_SLICE, .job = ef->u.compute.job});
		break;
	case EFFECT_CUT:
		if (w->n_cut < 64)
			w->cut[w->n_cut++] = ef->u.cut.job;
		break;
	case EFFECT_RAISE:
		w->jobs_running++;
		watch_raised(w, ef->u.raise.job);
		break;
	case EFFECT_LOAD:
		sim_met.reloads += ef->u.load.study != 0;
		w->n_loads++;
		world_push(w,
			(struct happening){.at = w->now_ns + delay(w, 5),
				.kind = HAPPEN_LOADED,
				.id = ef->u.load.ticket,
				.study = ef->u.load.study});
		break;
	}
}

/* One allocation of the step fails, or all from one on. */
static void starve(struct world *w)
{
	long nth = 1 + (long)world_below(w, 16);
	kr_alloc_fail_at(nth, (int)world_below(w, 2));
	sim_met.starved++;
	world_trouble(w);
}

/* Is nothing under way in the engine? Then it knows what is durable, and nothing else. */
static bool is_at_rest(const struct world *w)
{
	return !w->n_flight && !w->jobs_running && !w->n_loads && !world_in_trouble(w);
}

void world_event(struct world *w, const struct event *ev)
{
	const struct effect *effects;
	size_t n;
	w->moments[w->n_moments++ % SIM_MOMENTS] = (struct moment){wall_ms(w), w->now_ns};
	if (world_chance(w, w->profile->starves))
		starve(w);
	engine_step(w->engine, ev, (struct now){w->now_ns, wall_ms(w)}, &effects, &n);
	kr_alloc_fail_at(0, 0);
	for (size_t i = 0; i < n; i++)
		take_effect(w, &effects[i]);
	struct kr_error err;
	if (engine_check(w->engine, &err) != KR_OK)
		world_complain(w, "invariant: %s", err.text);
	if (!w->complaint[0] && is_at_rest(w))
		watch_waits(w);
}

/* ---- happenings ---- */

void world_request(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len)
{
	struct arena *a = arena_new(16 << 20);
	struct msg_request m;
	struct kr_error err;
	if (decode_request(&m, h->method, body, len, a, &err) != KR_OK) {
		world_complain(w, "a good request was refused: %s: %s", err.field, err.text);
	} else {
		struct route route = {.identity_len = 1, .header = *h};
		route.identity[0] = (uint8_t)client;
		watch_request(w, client, h, &m);
		clients_reached(w, &m);
		struct event ev = {.kind = EVENT_REQUEST, .u.request = {.route = &route, .request = &m}};
		world_event(w, &ev);
	}
	arena_free(a);
}

static void slice(struct world *w, struct happening *h)
{
	if (!watch_has_turn(w, h->job)) {
		world_push(w,
			(struct happening){.at = w->now_ns + delay(w, 3), .kind = HAPPEN_SLICE, .job = h->job});
		return;
	}
	for (int i = 0; i < w->n_cut; i++)
		if (w->cut[i] == job_id(h->job)) {
			job_cut(h->job);
			w->cut[i] = w->cut[--w->n_cut];
			break;
		}
	if (job_step(h->job)) {
		world_push(w,
			(struct happening){.at = w->now_ns + delay(w, 3), .kind = HAPPEN_SLICE, .job = h->job});
		return;
	}
	watch_done(w, h->job);
	struct event ev = {.kind = EVENT_COMPUTED, .u.computed.job = h->job};
	world_event(w, &ev);
}

static void random_token(void *ctx, uint8_t out[16])
{
	struct world *w = ctx;
	for (int i = 0; i < 2; i++) {
		uint64_t r = rng_u64(&w->rng);
		memcpy(out + 8 * i, &r, 8);
	}
}

static void boot(struct world *w)
{
	struct kr_error err;
	struct engine_options o = {.random = random_token,
		.random_ctx = w,
		.build = "sim",
		.version = "sim",
		.blas_core = "none",
		.prepare = w->seed % 4 != 0,
		.durable = true,
		.threads = 1 + (uint32_t)(w->seed % 3)};
	if (engine_new(&w->engine, &o, &err) != KR_OK)
		abort();
	struct event ev = {.kind = EVENT_START};
	w->loading = false;
	w->n_loads = 0;
	watch_nobody(w);
	w->n_unasked = 0;
	memset(w->asked_ns, 0, sizeof(w->asked_ns));
	w->quiet_tick_ns = 0;
	world_event(w, &ev);
	world_push(w, (struct happening){.at = w->now_ns + 20 * MS, .kind = HAPPEN_TICK});
}

void world_kill(struct world *w)
{
	disk_crash(w);
	engine_free(w->engine);
	w->epoch++;
	w->n_cut = 0;
	w->jobs_running = 0;
	boot(w);
}

/* A trial whose lease had run out at an undisturbed tick is EXPIRED by the next. */
static void leases_end(struct world *w)
{
	bool undisturbed = !world_in_trouble(w) && !w->n_flight;
	for (int i = 0; undisturbed && w->quiet_tick_ns && i < w->model->n; i++) {
		const struct model_study *f = &w->model->studies[i];
		for (uint64_t k = 0; k < f->n; k++)
			if (model_version_now(&f->trials[k])->state == TRIAL_RUNNING &&
				f->trials[k].due_most < w->quiet_tick_ns)
				world_complain(
					w, "the lease of trial %d of study %d does not end", (int)k, (int)f->id);
	}
	w->quiet_tick_ns = undisturbed ? w->now_ns : 0;
}

static void tick(struct world *w)
{
	struct event ev = {.kind = EVENT_TICK, .u.tick = {.sqlite_version = "sim"}};
	leases_end(w);
	world_event(w, &ev);
	if (is_at_rest(w))
		watch_clock(w);
	if (!world_in_trouble(w))
		watch_deadlines(w);
	int64_t next = engine_next_wakeup(w->engine), most = w->now_ns + 200 * MS;
	if (next < w->now_ns + MS)
		next = w->now_ns + MS;
	world_push(w, (struct happening){.at = next < most ? next : most, .kind = HAPPEN_TICK});
}

static void catch_answer(struct world *w, struct happening *h)
{
	free(w->caught);
	w->caught = h->body;
	w->caught_len = h->len;
	w->caught_header = h->header;
	h->body = NULL;
}

static void happen(struct world *w, struct happening *h)
{
	bool of_daemon = h->kind != HAPPEN_REQUEST && h->kind != HAPPEN_ANSWER &&
		h->kind != HAPPEN_TIMEOUT;
	if (of_daemon && h->epoch != w->epoch) {
		job_free(h->job);
		return;
	}
	switch (h->kind) {
	case HAPPEN_REQUEST: world_request(w, h->client, &h->header, h->body, h->len); break;
	case HAPPEN_ANSWER:
		if (h->client == SIM_CLIENTS)
			catch_answer(w, h);
		else
			clients_answer(w, h->client, &h->header, h->body, h->len);
		break;
	case HAPPEN_COMMITTED: disk_finish_commit(w, h->id); break;
	case HAPPEN_SLICE: slice(w, h); break;
	case HAPPEN_LOADED: disk_load(w, h); break;
	case HAPPEN_LOADED_REST: disk_load_rest(w, h); break;
	case HAPPEN_TIMEOUT: clients_timeout(w, h->client, h->id); break;
	case HAPPEN_TICK: tick(w); break;
	}
}

static void pass_time(struct world *w, int64_t until)
{
	if (until > w->now_ns)
		w->now_ns = until;
	if (!world_chance(w, w->profile->clock_jumps))
		return;
	bool in_trouble = world_in_trouble(w);
	if (world_below(w, 2))
		w->wall_off_ms += (int64_t)world_below(w, 2000000000) - 1000000000;
	else
		w->now_ns += (int64_t)world_below(w, 90000) * MS; /* stopped for a while */
	if (in_trouble)
		world_trouble(w);
}

void world_turn(struct world *w)
{
	struct happening h = pop(w);
	pass_time(w, h.at);
	happen(w, &h);
	free(h.body);
}

static bool under_way(const struct world *w)
{
	bool any = w->jobs_running || w->n_flight || world_in_trouble(w);
	for (int i = 0; !any && i < w->n_waiting; i++)
		any = w->waiting[i].at + (int64_t)w->waiting[i].wait_ms * MS > w->now_ns;
	for (size_t i = 0; !any && i < w->n_heap; i++)
		any = w->heap[i].kind == HAPPEN_REQUEST ||
			(w->heap[i].epoch == w->epoch &&
				(w->heap[i].kind == HAPPEN_LOADED || w->heap[i].kind == HAPPEN_LOADED_REST));
	return any;
}

void world_settle(struct world *w)
{
	for (long i = 0; i < 200000 && !w->complaint[0]; i++) {
		if (!under_way(w)) {
			if (w->n_waiting)
				world_complain(
					w, "%d requests that reached the engine are not answered", w->n_waiting);
			return;
		}
		world_turn(w);
	}
	world_complain(w, "no end: the engine does not come to rest");
}

static void run_until_done(struct world *w)
{
	/* Bound on happenings: a schedule that does not end is a lost reply. */
	for (long i = 0; i < 200000 && !w->complaint[0]; i++) {
		if (clients_done(w) || i == 100000)
			w->healed = true;
		if (w->healed && clients_done(w))
			return;
		world_turn(w);
		if (world_chance(w, w->profile->kills))
			world_kill(w);
	}
	world_complain(w, "no end: a reply is missing");
}

static void tear_down(struct world *w)
{
	for (size_t i = 0; i < w->n_heap; i++) {
		free(w->heap[i].body);
		job_free(w->heap[i].job);
	}
	free(w->heap);
	free(w->caught);
	free(w->waiting);
	free(w->crowds);
	free(w->unasked);
	engine_free(w->engine);
	clients_free(w);
	disk_free(w);
	model_free(w->model);
}

const char *world_run(const struct profile *p, uint64_t seed)
{
	static char said[640];
	struct world w = {.profile = p,
		.seed = seed,
		.now_ns = 3600 * (int64_t)1000 * MS,
		.wall_off_ms = 1700000000000,
		.model = model_new()};
	w.rng = rng_make(seed, 0, RNG_TEST, 0);
	boot(&w);
	clients_start(&w);
	run_until_done(&w);
	world_settle(&w);
	if (!w.complaint[0])
		check_world(&w);
	tear_down(&w);
	if (!w.complaint[0])
		return NULL;
	snprintf(said, sizeof(said), "%s, seed %" PRIu64 ": %s", p->name, seed, w.complaint);
	return said;
}
