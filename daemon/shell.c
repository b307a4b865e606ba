/* One thread, one loop: wait for a message, a report or a signal; make it an
 * event; step the engine; carry out the effects.
 *
 * Start: lock the endpoint and the database, then read every row; requests wait
 * in the socket meanwhile. Drain: no more requests, all jobs are cut, and the
 * loop goes on until nothing is under way. */
#include "daemon/shell.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "base/log.h"
#include "daemon/access.h"
#include "daemon/backup.h"
#include "daemon/build.h"
#include "daemon/compute.h"
#include "daemon/config.h"
#include "daemon/engine/engine.h"
#include "daemon/front.h"
#include "daemon/process.h"
#include "daemon/writer.h"
#include "gp/linalg/blas.h"

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

enum {
	TURN_MS = 2, /* of requests; then reports and signals have their turn */
	DRAIN_S = 8, /* closing the database and the last replies come after it, 10 in all */
	EXIT_SECOND_SIGNAL = 1
};

struct shell {
	const struct config *config;
	struct access *access; /* NULL: no keys */
	struct front *front;
	struct writer *writer;
	struct compute *compute;
	struct engine *engine;
	struct backup backup;
	struct mailbox inbox; /* reports of writer and compute */
	int signals;          /* signalfd */
	char build[160];
	bool ready, draining;
	int n_jobs, n_commits, n_loads;
	int64_t last_request_ns, next_tick_ns, drain_end_ns;
	struct kr_error start_error;
};

static struct now now(void)
{
	struct timespec mono, wall;
	int64_t wall_ms;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	wall_ms = wall.tv_sec * 1000 + wall.tv_nsec / NS_PER_MS;
	return (struct now){
		.now_ns = mono.tv_sec * NS_PER_S + mono.tv_nsec,
		.wall_ms = wall_ms > 0 ? wall_ms : 1, /* 0 says never; nothing is from before 1970 */
	};
}

/* ---- effects ---- */

/* Only the lack of a few bytes leads here: what could not be handed over can't be
 * answered, and a start from the disk is whole. */
static void give_up(const struct kr_error *err)
{
	fprintf(stderr, "kriged: fatal: %s\n", err->text);
	_exit(WRITER_EXIT_FATAL);
}

static void carry_out(struct shell *s, const struct effect *e)
{
	struct kr_error err = {0};

	switch (e->kind) {
	case EFFECT_COMMIT:
		s->n_commits++;
		writer_commit(s->writer, e->u.commit.group, e->u.commit.rows, e->u.commit.n);
		break;
	case EFFECT_REPLY:
		front_reply(s->front, &e->u.reply.route, e->u.reply.body, e->u.reply.len);
		break;
	case EFFECT_COMPUTE:
		s->n_jobs++;
		if (compute_submit(s->compute, e->u.compute.job, &err) != KR_OK)
			give_up(&err);
		break;
	case EFFECT_CUT: compute_cut(s->compute, e->u.cut.job); break;
	case EFFECT_RAISE: compute_raise(s->compute, e->u.raise.job); break;
	case EFFECT_LOAD:
		s->n_loads++;
		if (writer_load(s->writer, e->u.load.ticket, e->u.load.study, &err) != KR_OK)
			give_up(&err);
		break;
	}
}

static void step(struct shell *s, const struct event *ev)
{
	const struct effect *effects;
	size_t n;

	engine_step(s->engine, ev, now(), &effects, &n);
	for (size_t i = 0; i < n; i++)
		carry_out(s, &effects[i]);
	if (s->draining)
		compute_cut_all(s->compute);
}

/* ---- events ---- */

static void take_committed(struct shell *s, struct report *r)
{
	struct event ev = {.kind = EVENT_COMMITTED,
		.u.committed = {.group = r->u.committed.group,
			.status = r->u.committed.status,
			.text = r->u.committed.text}};

	s->n_commits--;
	step(s, &ev);
}

static void take_loaded(struct shell *s, struct report *r)
{
	struct event ev = {.kind = EVENT_LOADED,
		.u.loaded = {.ticket = r->u.loaded.ticket,
			.rows = r->u.loaded.rows,
			.n = r->u.loaded.n,
			.done = r->u.loaded.done,
			.status = r->u.loaded.status,
			.text = r->u.loaded.text}};

	s->n_loads -= ev.u.loaded.done;
	if (!s->ready && ev.u.loaded.status != KR_OK)
		kr_fail(&s->start_error, ev.u.loaded.status, "reading the studies: %s", ev.u.loaded.text);
	else
		step(s, &ev);
	writer_part_done(s->writer, r);
}

static void take_computed(struct shell *s, struct report *r)
{
	struct event ev = {.kind = EVENT_COMPUTED, .u.computed = {.job = r->u.computed.job}};

	compute_done(r);
	s->n_jobs--;
	step(s, &ev);
}

static void take_reports(struct shell *s)
{
	struct mail *next;

	for (struct mail *m = mailbox_take(&s->inbox); m; m = next) {
		struct report *r = (struct report *)m;

		next = m->next;
		switch (r->kind) {
		case REPORT_COMMITTED: take_committed(s, r); break;
		case REPORT_LOADED: take_loaded(s, r); break;
		case REPORT_COMPUTED: take_computed(s, r); break;
		case REPORT_BACKED_UP: backup_ended(&s->backup, s->front, s->writer, r); break;
		}
	}
}

static void take_requests(struct shell *s)
{
	struct route route;
	struct msg_request request;
	struct event ev = {.kind = EVENT_REQUEST, .u.request = {&route, &request}};

	int64_t end_ns = now().now_ns + TURN_MS * NS_PER_MS;
	enum front_taken taken;

	do {
		taken = front_take(s->front, &route, &request);
		if (taken == FRONT_NOTHING)
			break;
		s->last_request_ns = now().now_ns;
		if (taken == FRONT_REQUEST && request.method == METHOD_SERVER_BACKUP)
			backup_request(&s->backup, s->front, s->writer, &route, &request);
		else if (taken == FRONT_REQUEST)
			step(s, &ev);
	} while (s->last_request_ns < end_ns);
}

static void tick(struct shell *s)
{
	struct event ev = {.kind = EVENT_TICK};
	struct store_info info;

	writer_info(s->writer, &info);
	ev.u.tick.rss_bytes = process_resident_bytes();
	ev.u.tick.db_bytes = info.db_bytes;
	ev.u.tick.wal_bytes = info.wal_bytes;
	ev.u.tick.sqlite_version = info.engine_version;
	step(s, &ev);
	s->next_tick_ns = now().now_ns + NS_PER_S;
}

/* ---- the loop ---- */

static void drain(struct shell *s, const char *why)
{
	if (s->draining) {
		log_at(LOG_LEVEL_WARN, "stopping at once", "reason=\"%s, while draining\"", why);
		_exit(EXIT_SECOND_SIGNAL);
	}
	log_at(LOG_LEVEL_INFO, "draining", "reason=\"%s\" jobs=%d", why, s->n_jobs);
	s->draining = true;
	s->drain_end_ns = now().now_ns + DRAIN_S * NS_PER_S;
	compute_cut_all(s->compute);
	writer_cut_backup(s->writer);
}

/* A list that cannot be read opens the door to nobody and shuts it to nobody. */
static void reload(struct shell *s)
{
	struct kr_error err = {0};

	if (access_reload(s->access, &err) == KR_OK)
		log_at(LOG_LEVEL_INFO, "allow-list read again", "file=\"%s\" keys=%zu", s->config->allow,
			access_count(s->access));
	else
		log_at(LOG_LEVEL_ERROR, "allow-list not read again: the old one stays", "err=\"%s\"",
			err.text);
}

static void take_signals(struct shell *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP && s->access)
			reload(s);
		else
			drain(s, strsignal((int)info.ssi_signo));
	}
}

static bool under_way(const struct shell *s)
{
	return s->n_jobs || s->n_commits || s->n_loads || s->backup.under_way;
}

/* The next lease, deadline or tick, as a time to wait. */
static long wait_ms(const struct shell *s)
{
	int64_t due = engine_next_wakeup(s->engine), left;

	if (due > s->next_tick_ns)
		due = s->next_tick_ns;
	left = due - now().now_ns;
	return left > 0 ? (long)((left + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

static void turn(struct shell *s)
{
	enum { SIGNALS, REPORTS, DOOR, REQUESTS, N_ITEMS };
	void *door = front_door(s->front);
	/* Before it is ready, and while it drains, requests stay where they are. */
	bool serving = s->ready && !s->draining;
	zmq_pollitem_t items[N_ITEMS] = {
		[SIGNALS] = {.fd = s->signals, .events = ZMQ_POLLIN},
		[REPORTS] = {.fd = s->inbox.fd, .events = ZMQ_POLLIN},
		[DOOR] = {.socket = door, .fd = door ? 0 : s->signals, .events = door ? ZMQ_POLLIN : 0},
		[REQUESTS] = {.socket = front_socket(s->front), .events = ZMQ_POLLIN},
	};

	if (zmq_poll(items, serving ? N_ITEMS : REQUESTS, wait_ms(s)) < 0)
		return;
	if (items[SIGNALS].revents)
		take_signals(s);
	if (items[REPORTS].revents)
		take_reports(s);
	if (items[DOOR].revents)
		front_admit(s->front);
	if (serving && items[REQUESTS].revents && !s->draining)
		take_requests(s);
	if (now().now_ns >= s->next_tick_ns || now().now_ns >= engine_next_wakeup(s->engine))
		tick(s);
}

static enum kr_status become_ready(struct shell *s, struct kr_error *err)
{
	struct event start = {.kind = EVENT_START};
	int64_t began = now().now_ns;

	tick(s);
	step(s, &start);
	while (!engine_ready(s->engine) && !s->draining && s->start_error.code == KR_OK) {
		if (!under_way(s))
			return kr_fail(err, KR_INTERNAL, "the studies could not be rebuilt");
		turn(s);
	}
	if (s->start_error.code != KR_OK) {
		*err = s->start_error;
		return err->code;
	}
	s->ready = true;
	s->last_request_ns = now().now_ns;
	if (s->draining)
		return KR_OK;
	log_at(LOG_LEVEL_INFO, "ready", "version=%s endpoint=\"%s\" db=\"%s\" threads=%d took_ms=%lld",
		KRIGED_VERSION, front_endpoint(s->front), s->config->db, s->config->threads,
		(long long)((now().now_ns - began) / NS_PER_MS));
	fprintf(stderr, "kriged: ready %s\n", front_endpoint(s->front));
	return KR_OK;
}

/* Nothing asked for long enough, and nothing that somebody may come back for. */
static bool idle(const struct shell *s)
{
	return s->config->idle_exit_s > 0 && !under_way(s) &&
		now().now_ns - s->last_request_ns >= s->config->idle_exit_s * NS_PER_S &&
		engine_next_wakeup(s->engine) == INT64_MAX;
}

static void serve(struct shell *s)
{
	while (!s->draining || under_way(s)) {
		turn(s);
		if (!s->draining && idle(s))
			drain(s, "idle");
		if (s->draining && now().now_ns >= s->drain_end_ns)
			break;
	}
}

/* ---- start and stop ---- */

static void random_bytes(void *ctx, uint8_t out[16])
{
	(void)ctx;
	/* Up to 256 bytes come whole, once the pool is up, which it is. */
	if (getrandom(out, 16, 0) != 16)
		abort();
}

static void new_session(void *ctx, const struct route *route, uint8_t out[16])
{
	const struct shell *s = ctx;

	if (s->access)
		access_new_session(s->access, route->key, out);
	else
		random_bytes(NULL, out);
}

static enum kr_status start_engine(struct shell *s, bool durable, struct kr_error *err)
{
	struct engine_options o = {
		.random = random_bytes,
		.session = new_session,
		.session_ctx = s,
		.build = s->build,
		.version = KRIGED_VERSION,
		.blas_core = blas_core_name(),
		.prepare = s->config->prepare,
		.durable = durable,
		.threads = (uint32_t)s->config->threads,
	};

	build_describe(s->build, sizeof(s->build), blas_core_name());
	return engine_new(&s->engine, &o, err);
}

/* The keys, if there are any; with them, no image of this process is written to a disk. */
static enum kr_status open_access(struct shell *s, struct kr_error *err)
{
	enum kr_status status;

	if (!s->config->secret_key)
		return KR_OK;
	process_never_dump();
	status = access_open(&s->access, s->config->secret_key, s->config->allow, err);
	if (status == KR_OK)
		log_at(LOG_LEVEL_INFO, "keys", "public_key=\"%s\" allow=\"%s\" clients=%zu",
			access_public(s->access), s->config->allow, access_count(s->access));
	return status;
}

/* The endpoint and the database first: another daemon is found before work is done. */
static enum kr_status start(struct shell *s, struct kr_error *err)
{
	bool memory = strcmp(s->config->db, ":memory:") == 0;
	const struct store_backend *backend = store_find(memory ? "memory" : "sqlite");
	enum kr_status status = process_catch_signals(&s->signals, err);

	process_raise_descriptors();
	process_return_memory();
	blas_init();
	if (status == KR_OK)
		status = blas_check(err);
	if (status == KR_OK)
		status = config_make_folders(s->config, err);
	if (status == KR_OK)
		status = mailbox_init(&s->inbox, true, err);
	if (status == KR_OK)
		status = open_access(s, err);
	if (status == KR_OK)
		status = front_open(&s->front, s->config->endpoint, s->access, err);
	if (status == KR_OK)
		status = writer_open(&s->writer, backend, memory ? NULL : s->config->db, &s->inbox, err);
	if (status == KR_OK)
		status = compute_new(&s->compute, s->config->threads, &s->inbox, err);
	if (status == KR_OK)
		status = start_engine(s, backend->durable, err);
	return status;
}

/* Reports that nobody took: no thread sends any more. */
static void empty_inbox(struct shell *s)
{
	struct mail *next;

	for (struct mail *m = mailbox_take(&s->inbox); m; m = next) {
		struct report *r = (struct report *)m;

		next = m->next;
		if (r->kind == REPORT_LOADED)
			writer_part_done(s->writer, r);
		if (r->kind == REPORT_BACKED_UP)
			writer_backup_done(s->writer, r);
		if (r->kind == REPORT_COMPUTED) {
			job_free(r->u.computed.job);
			compute_done(r);
		}
	}
}

static void stop(struct shell *s)
{
	bool late = s->draining && under_way(s);

	if (late)
		log_at(LOG_LEVEL_WARN, "drain took too long: unfinished work is left",
			"jobs=%d; clients that ask again get an answer after the next start", s->n_jobs);
	else
		compute_free(s->compute);
	writer_stop(s->writer);
	front_close(s->front);
	if (late)
		_exit(EXIT_SUCCESS);
	if (s->inbox.fd >= 0) {
		empty_inbox(s);
		mailbox_fini(&s->inbox);
	}
	writer_free(s->writer);
	engine_free(s->engine);
	access_close(s->access);
	if (s->signals >= 0)
		close(s->signals);
}

enum kr_status shell_run(const struct config *c, struct kr_error *err)
{
	struct shell s = {.config = c, .signals = -1, .inbox.fd = -1};
	enum kr_status status = start(&s, err);

	if (status == KR_OK)
		status = become_ready(&s, err);
	if (status == KR_OK)
		serve(&s);
	stop(&s);
	if (status == KR_OK)
		log_at(LOG_LEVEL_INFO, "stopped", "db=\"%s\"", c->db);
	return status;
}
