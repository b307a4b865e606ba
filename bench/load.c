/* Load generator of `./dev bench service` and `./dev bench large`. Each mode prints one line of JSON.
 *
 *   service_load observe ENDPOINT CLIENTS TRIALS   durable observes, closed loop
 *   service_load fit ENDPOINT POINTS TRIALS        observes alone, and beside a fit
 *   service_load fill FILE STUDIES TRIALS          a database as single asks and tells leave it
 *   service_load large ENDPOINT POINTS STEPS       many results handed in, then tells and asks
 *   service_load ask ENDPOINT POINTS STEPS         asks right after a tell, and when one is prepared
 *   service_load bare FROM TO GROUP                the results in FROM, committed by a bare loop
 *
 * One thread drives all clients: a client is a DEALER with one request under way. */
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/rng.h"
#include "daemon/store/store.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/record.h"

enum { D = 6, WAIT_MS = 120000 };

static struct arena *arena;
static uint64_t n_requests; /* makes request ids */

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The q-quantile of n latencies in microseconds; sorts them. */
static double quantile_us(double *seconds, size_t n, double q)
{
	qsort(seconds, n, sizeof(*seconds), by_size);
	return n ? 1e6 * seconds[(size_t)(q * (double)(n - 1) + 0.5)] : 0;
}

/* ---- one client ---- */

struct client {
	void *socket;
	char study[32];
	uint64_t next, n; /* trials told, and given */
	double sent;
};

static void *connect_to(void *context, const char *endpoint)
{
	void *s = zmq_socket(context, ZMQ_DEALER);
	int linger = 0;

	if (!s || zmq_setsockopt(s, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
		zmq_connect(s, endpoint) != 0)
		die("%s: %s", endpoint, zmq_strerror(errno));
	return s;
}

static void send_request(void *socket, struct msg_request *m)
{
	struct frame_header h = {.version = PROTO_VERSION, .method = (uint16_t)m->method};
	uint8_t packed[FRAME_HEADER_BYTES];
	struct kr_error err;
	struct bytes body;

	n_requests++;
	memcpy(m->meta.request_id, &n_requests, sizeof(n_requests));
	memcpy(m->meta.request_id + 8, &(pid_t){getpid()}, sizeof(pid_t));
	m->meta.has_request_id = true;
	memcpy(h.id, m->meta.request_id, sizeof(h.id));
	frame_pack(&h, packed);
	arena_reset(arena);
	if (encode_request(&body, m, arena, &err) != KR_OK)
		die("encode: %s", err.text);
	if (zmq_send(socket, packed, sizeof(packed), ZMQ_SNDMORE) < 0 ||
		zmq_send(socket, body.p, body.len, 0) < 0)
		die("send: %s", zmq_strerror(errno));
}

/* The reply, decoded into the arena; false when none is there. */
static bool receive_reply(void *socket, struct msg_reply *r)
{
	static uint8_t body[2 * LIMIT_MESSAGE_BYTES];
	uint8_t packed[FRAME_HEADER_BYTES];
	struct frame_header h;
	struct kr_error err;
	int n;

	if (zmq_recv(socket, packed, sizeof(packed), ZMQ_DONTWAIT) < 0)
		return false;
	n = zmq_recv(socket, body, sizeof(body), 0);
	arena_reset(arena);
	if (frame_unpack(&h, packed, sizeof(packed), &err) != KR_OK ||
		decode_reply(r, h.method, h.flags & FRAME_ERROR, body, (size_t)n, arena, &err) != KR_OK)
		die("reply: %s", err.text);
	if (r->is_error)
		die("refused: %s", r->error.message);
	return true;
}

static void wait_reply(void *socket, struct msg_reply *r)
{
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

	if (zmq_poll(&item, 1, WAIT_MS) != 1 || !receive_reply(socket, r))
		die("no answer in %d s", WAIT_MS / 1000);
}

/* ---- requests ---- */

static void create(struct client *c, uint64_t seed)
{
	static char names[D][8];
	struct msg_param params[D];
	struct msg_metric metric = {.name = "y", .role = METRIC_MINIMIZE};
	struct msg_request m = {.method = METHOD_CREATE_STUDY};
	struct msg_reply r;

	for (int i = 0; i < D; i++) {
		snprintf(names[i], sizeof(names[i]), "x%d", i);
		params[i] = (struct msg_param){.name = names[i],
			.kind = PARAM_FLOAT,
			.has_low = true,
			.has_high = true,
			.low = 0,
			.high = 1};
	}
	m.u.create_study.name = c->study;
	m.u.create_study.if_exists = IF_EXISTS_FAIL;
	m.u.create_study.spec = (struct msg_spec){.n_params = D,
		.params = params,
		.n_metrics = 1,
		.metrics = &metric,
		.has_seed = true,
		.seed = seed,
		.has_lease = true,
		.lease_s = 3600};
	send_request(c->socket, &m);
	wait_reply(c->socket, &r);
}

/* n running trials: numbers c->n .. c->n + n - 1. */
static void suggest(struct client *c, uint64_t n)
{
	struct msg_request m = {.method = METHOD_SUGGEST};
	struct msg_reply r;

	while (n > 0) {
		uint32_t part = n < LIMIT_BATCH ? (uint32_t)n : LIMIT_BATCH;

		m.u.suggest = (struct msg_suggest){.study = c->study, .count = part};
		send_request(c->socket, &m);
		wait_reply(c->socket, &r);
		if (r.u.trials.n != (int)part)
			die("%d of %u trials given", r.u.trials.n, part);
		n -= part;
		c->n += part;
	}
}

static void send_observe(struct client *c)
{
	struct msg_value value = {.value = (double)(c->next % 97) / 97};
	struct msg_observation o = {.number = c->next, .n_values = 1, .values = &value};
	struct msg_request m = {.method = METHOD_OBSERVE};

	m.u.observe = (struct msg_observe){.study = c->study, .n = 1, .observations = &o};
	c->sent = now_s();
	send_request(c->socket, &m);
	c->next++;
}

/* n results without suggestions, of a function with one valley. */
static void add(struct client *c, int n)
{
	static char names[D][8];
	struct rng rng = rng_make(1, 1, RNG_TEST, 0);
	struct msg_point *points = calloc((size_t)n, sizeof(*points));
	struct msg_named *params = calloc((size_t)n * D, sizeof(*params));
	struct msg_value *values = calloc((size_t)n, sizeof(*values));
	struct msg_request m = {.method = METHOD_ADD_TRIALS};
	struct msg_reply r;

	if (!points || !params || !values)
		die("memory");
	for (int i = 0; i < n; i++) {
		double y = 0.1 * rng_normal(&rng);

		for (int k = 0; k < D; k++) {
			double x = rng_uniform(&rng);

			snprintf(names[k], sizeof(names[k]), "x%d", k);
			params[i * D + k] = (struct msg_named){names[k], {.kind = SCALAR_REAL, .r = x}};
			y += (x - 0.3) * (x - 0.3) + 0.1 * sin(9 * x);
		}
		values[i].value = y;
		points[i] = (struct msg_point){
			.n_params = D, .params = &params[i * D], .n_values = 1, .values = &values[i]};
	}
	for (int at = 0; at < n; at += 500) {
		int part = n - at < 500 ? n - at : 500;

		m.u.add_trials = (struct msg_add_trials){c->study, part, &points[at]};
		send_request(c->socket, &m);
		wait_reply(c->socket, &r);
	}
	free(points);
	free(params);
	free(values);
}

/* ---- observe: many clients ---- */

static void run_observe(const char *endpoint, int n_clients, uint64_t n_trials)
{
	void *context = zmq_ctx_new();
	struct client *clients = calloc((size_t)n_clients, sizeof(*clients));
	zmq_pollitem_t *items = calloc((size_t)n_clients, sizeof(*items));
	double *latency = calloc((size_t)n_clients * n_trials, sizeof(*latency)), began, took;
	size_t n_done = 0, n_all = (size_t)n_clients * n_trials;
	struct msg_reply r;

	if (!clients || !items || !latency)
		die("memory");
	for (int i = 0; i < n_clients; i++) {
		struct client *c = &clients[i];

		snprintf(c->study, sizeof(c->study), "observe-%d", i);
		c->socket = connect_to(context, endpoint);
		items[i] = (zmq_pollitem_t){.socket = c->socket, .events = ZMQ_POLLIN};
		create(c, (uint64_t)i);
		suggest(c, n_trials);
	}
	began = now_s();
	for (int i = 0; i < n_clients; i++)
		send_observe(&clients[i]);
	while (n_done < n_all) {
		if (zmq_poll(items, n_clients, WAIT_MS) <= 0)
			die("no answer in %d s", WAIT_MS / 1000);
		for (int i = 0; i < n_clients; i++) {
			if (!items[i].revents || !receive_reply(clients[i].socket, &r))
				continue;
			latency[n_done++] = now_s() - clients[i].sent;
			if (clients[i].next < clients[i].n)
				send_observe(&clients[i]);
		}
	}
	took = now_s() - began;
	printf("{\"n\": %zu, \"seconds\": %.4f, \"rate\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
		n_all, took, (double)n_all / took, quantile_us(latency, n_all, 0.5),
		quantile_us(latency, n_all, 0.99));
	for (int i = 0; i < n_clients; i++)
		zmq_close(clients[i].socket);
	zmq_ctx_term(context);
	free(clients);
	free(items);
	free(latency);
}

/* ---- fit: one client, alone and beside a fit ---- */

/* n observes, one each 4 ms; or, with other, as long as no reply comes there. */
static size_t observe_paced(struct client *c, size_t n, void *other, double *latency)
{
	zmq_pollitem_t item = {.socket = other, .events = ZMQ_POLLIN};
	struct msg_reply r;
	size_t done = 0;

	while (done < n && c->next < c->n) {
		send_observe(c);
		wait_reply(c->socket, &r);
		latency[done++] = now_s() - c->sent;
		if (other && zmq_poll(&item, 1, 4) > 0)
			break;
		if (!other)
			usleep(4000);
	}
	return done;
}

static void run_fit(const char *endpoint, int points, uint64_t n_trials)
{
	void *context = zmq_ctx_new();
	struct client c = {.socket = connect_to(context, endpoint)};
	struct client fitting = {.socket = connect_to(context, endpoint)};
	struct msg_request m = {.method = METHOD_SUGGEST};
	double *alone = calloc(n_trials, sizeof(double)), *beside = calloc(n_trials, sizeof(double));
	double began;
	size_t n_alone, n_beside;
	struct msg_reply r;

	if (!alone || !beside)
		die("memory");
	snprintf(c.study, sizeof(c.study), "fit-%ld", (long)getpid());
	create(&c, 3);
	suggest(&c, n_trials);
	add(&c, points);
	n_alone = observe_paced(&c, n_trials / 2, NULL, alone);
	m.u.suggest = (struct msg_suggest){.study = c.study, .count = 1};
	began = now_s();
	send_request(fitting.socket, &m);
	n_beside = observe_paced(&c, n_trials / 2, fitting.socket, beside);
	wait_reply(fitting.socket, &r);
	printf("{\"points\": %d, \"fit_ms\": %.1f, \"n_alone\": %zu, \"n_beside\": %zu, "
		   "\"alone_us\": [",
		points, 1e3 * (now_s() - began), n_alone, n_beside);
	for (size_t i = 0; i < n_alone; i++)
		printf("%s%.1f", i ? "," : "", 1e6 * alone[i]);
	printf("], \"beside_us\": [");
	for (size_t i = 0; i < n_beside; i++)
		printf("%s%.1f", i ? "," : "", 1e6 * beside[i]);
	puts("]}");
	zmq_close(c.socket);
	zmq_close(fitting.socket);
	zmq_ctx_term(context);
	free(alone);
	free(beside);
}

/* ---- large: one client on a study with many results ---- */

/* One suggestion, told when it comes; seconds from the request to the trial. */
static double ask(struct client *c)
{
	struct msg_request m = {.method = METHOD_SUGGEST, .u.suggest = {.study = c->study, .count = 1}};
	struct msg_reply r;
	double began = now_s();

	send_request(c->socket, &m);
	wait_reply(c->socket, &r);
	if (r.u.trials.n != 1)
		die("no trial was given");
	c->next = r.u.trials.trials[0].number;
	return now_s() - began;
}

static void run_large(const char *endpoint, int points, size_t steps)
{
	void *context = zmq_ctx_new();
	struct client c = {.socket = connect_to(context, endpoint)};
	double *tell = calloc(steps, sizeof(*tell)), began = now_s(), load_s, first_s, all = 0;
	struct msg_reply r;

	if (!tell)
		die("memory");
	snprintf(c.study, sizeof(c.study), "large-%d", points);
	create(&c, 3);
	add(&c, points);
	load_s = now_s() - began;
	first_s = ask(&c);
	for (size_t i = 0; i < steps; i++) {
		send_observe(&c);
		wait_reply(c.socket, &r);
		tell[i] = now_s() - c.sent;
		all += tell[i] + ask(&c);
	}
	printf("{\"points\": %d, \"load_s\": %.3f, \"first_s\": %.3f, \"tell_us\": %.0f, "
		   "\"step_s\": %.4f}\n",
		points, load_s, first_s, quantile_us(tell, steps, 0.5), all / (double)steps);
	zmq_close(c.socket);
	zmq_ctx_term(context);
	free(tell);
}

/* ---- ask: cold, and prepared ---- */

/* Until the daemon computes nothing any more. */
static void wait_idle(struct client *c)
{
	struct msg_request m = {.method = METHOD_STATUS};
	struct msg_reply r;

	do {
		usleep(60 * 1000);
		send_request(c->socket, &m);
		wait_reply(c->socket, &r);
	} while (r.u.status.running_jobs > 0);
}

static double tell(struct client *c)
{
	struct msg_reply r;

	send_observe(c);
	wait_reply(c->socket, &r);
	return now_s() - c->sent;
}

/* A tell is a round trip and a commit. */
static void run_ask(const char *endpoint, int points, size_t steps)
{
	void *context = zmq_ctx_new();
	struct client c = {.socket = connect_to(context, endpoint)};
	double *told = calloc(steps, sizeof(*told)), *cold = calloc(steps, sizeof(*cold));
	double *prepared = calloc(steps, sizeof(*prepared));

	if (!told || !cold || !prepared)
		die("memory");
	snprintf(c.study, sizeof(c.study), "ask-%d", points);
	create(&c, 3);
	add(&c, points);
	ask(&c);
	for (size_t i = 0; i < steps; i++) {
		tell(&c);
		cold[i] = ask(&c);
		told[i] = tell(&c);
		wait_idle(&c);
		prepared[i] = ask(&c);
	}
	printf("{\"points\": %d, \"tell_us\": %.1f, \"cold_us\": %.1f, \"prepared_us\": %.1f}\n",
		points, quantile_us(told, steps, 0.5), quantile_us(cold, steps, 0.5),
		quantile_us(prepared, steps, 0.5));
	zmq_close(c.socket);
	zmq_ctx_term(context);
	free(told);
	free(cold);
	free(prepared);
}

/* ---- fill: a database without a daemon ---- */

struct filling {
	struct store *store;
	struct row rows[64];
	size_t n;
	struct arena *bodies; /* of the rows not yet appended */
	uint64_t n_rows;
};

static void flush(struct filling *f)
{
	struct kr_error err;

	if (f->store->backend->append(f->store, f->rows, f->n, &err) != KR_OK ||
		f->store->backend->maintain(f->store, &err) != KR_OK)
		die("%s", err.text);
	f->n_rows += f->n;
	f->n = 0;
	arena_reset(f->bodies);
}

static void put(
	struct filling *f, uint64_t study, uint64_t seq, uint32_t method, const struct record *record)
{
	struct row *r = &f->rows[f->n++];
	uint64_t id = f->n_rows + f->n;
	struct kr_error err;
	struct bytes body;

	if (record_encode(&body, record, f->bodies, &err) != KR_OK)
		die("%s", err.text);
	*r = (struct row){.study = study,
		.seq = seq,
		.time_ms = 1700000000000,
		.kind = record->kind,
		.actor = "worker-1",
		.has_request = true,
		.method = method,
		.body = body.p,
		.len = body.len};
	memcpy(r->request, &id, sizeof(id));
	if (f->n == 64)
		flush(f);
}

static void put_study(struct filling *f, uint64_t study)
{
	static char names[D][8], name[32];
	struct msg_param params[D];
	struct msg_metric metric = {.name = "y", .role = METRIC_MINIMIZE};
	struct record r = {.kind = RECORD_STUDY_CREATED};

	for (int i = 0; i < D; i++) {
		snprintf(names[i], sizeof(names[i]), "x%d", i);
		params[i] = (struct msg_param){.name = names[i],
			.kind = PARAM_FLOAT,
			.has_low = true,
			.has_high = true,
			.low = 0,
			.high = 1};
	}
	snprintf(name, sizeof(name), "filled-%llu", (unsigned long long)study);
	r.u.created.name = name;
	r.u.created.spec = (struct msg_spec){.n_params = D,
		.params = params,
		.n_metrics = 1,
		.metrics = &metric,
		.has_seed = true,
		.seed = study,
		.has_lease = true,
		.lease_s = 600};
	put(f, study, 1, METHOD_CREATE_STUDY, &r);
}

/* One ask and one tell, as the engine records them. */
static void put_trial(struct filling *f, uint64_t study, uint64_t number, struct rng *rng)
{
	double x[D], y = rng_normal(rng), state[D + 2] = {0};
	struct record_given given = {.number = number,
		.n_values = D,
		.values = x,
		.attempt = 1,
		.lease_ms = 600000,
		.why = {.rule = WHY_MODEL,
			.freshness = WHY_FRESH,
			.has_prediction = true,
			.mean = 0.1,
			.sd = 0.2,
			.log_acq = -3}};
	struct record_outcome outcome = {
		.number = number, .state = TRIAL_COMPLETE, .n_values = 1, .values = &y};
	struct record r = {.kind = RECORD_SUGGESTED};

	for (int i = 0; i < D; i++)
		x[i] = rng_uniform(rng);
	r.u.suggested.n_trials = 1;
	r.u.suggested.trials = &given;
	r.u.suggested.worker = "worker-1";
	r.u.suggested.job = (struct record_job){.snapshot_seq = 2 * number + 1,
		.first_number = number,
		.n_slots = 1,
		.n_state_in = D + 2,
		.state_in = state,
		.n_state_out = D + 2,
		.state_out = state,
		.units = 8,
		.build = "0.1.0 0123456789abcdef OpenBLAS/Haswell glibc-2.36"};
	put(f, study, 2 * number + 2, METHOD_SUGGEST, &r);
	r = (struct record){.kind = RECORD_ENDED, .u.ended = {1, &outcome}};
	put(f, study, 2 * number + 3, METHOD_OBSERVE, &r);
}

static void run_fill(const char *file, uint64_t n_studies, uint64_t n_trials)
{
	struct filling f = {.bodies = arena_new(64 << 20)};
	struct rng rng = rng_make(2, 2, RNG_TEST, 0);
	struct kr_error err;

	if (!f.bodies || store_find("sqlite")->open(&f.store, file, &err) != KR_OK)
		die("%s", err.text);
	for (uint64_t s = 1; s <= n_studies; s++) {
		put_study(&f, s);
		for (uint64_t i = 0; i < n_trials; i++)
			put_trial(&f, s, i, &rng);
	}
	flush(&f);
	f.store->backend->close(f.store);
	arena_free(f.bodies);
	printf("{\"studies\": %llu, \"trials\": %llu, \"rows\": %llu}\n", (unsigned long long)n_studies,
		(unsigned long long)(n_studies * n_trials), (unsigned long long)f.n_rows);
}

/* ---- bare: what SQLite alone takes ---- */

static void sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		die("%s: %s", text, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
	sqlite3_stmt *q;

	if (sqlite3_prepare_v2(db, text, -1, &q, NULL) != SQLITE_OK)
		die("%s: %s", text, sqlite3_errmsg(db));
	return q;
}

/* Results are read into memory first; then only BEGIN, INSERT .., COMMIT is timed. */
static void run_bare(const char *from, const char *to, int group)
{
	sqlite3 *a, *b;
	sqlite3_stmt *in, *out;
	sqlite3_value **rows = NULL;
	size_t n = 0, cap = 0;
	double began, took;

	if (sqlite3_open(from, &a) != SQLITE_OK || sqlite3_open(to, &b) != SQLITE_OK)
		die("cannot open %s or %s", from, to);
	in = prepare(a,
		"SELECT study, seq, time_ms, kind, actor, request, method, body, sum FROM "
		"event WHERE kind = 4 AND study <= 64");
	while (sqlite3_step(in) == SQLITE_ROW) {
		if (n == cap) {
			cap = cap ? 2 * cap : 1024;
			rows = realloc(rows, cap * 9 * sizeof(*rows));
			if (!rows)
				die("memory");
		}
		for (int i = 0; i < 9; i++)
			rows[n * 9 + (size_t)i] = sqlite3_value_dup(sqlite3_column_value(in, i));
		n++;
	}
	sqlite3_finalize(in);
	sql(b,
		"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
		"CREATE TABLE event(study INTEGER NOT NULL, seq INTEGER NOT NULL, time_ms INTEGER NOT "
		"NULL, kind INTEGER NOT NULL, actor TEXT NOT NULL, request BLOB, method INTEGER NOT "
		"NULL, body BLOB NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY(study, seq)) STRICT, "
		"WITHOUT ROWID");
	out = prepare(b, "INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?)");
	began = now_s();
	for (size_t at = 0; at < n; at += (size_t)group) {
		sql(b, "BEGIN IMMEDIATE");
		for (size_t i = at; i < n && i < at + (size_t)group; i++) {
			/* by column of 64 studies in turn, as 64 clients bring them */
			size_t k = i % 64 * (n / 64) + i / 64;

			for (int v = 0; v < 9; v++)
				sqlite3_bind_value(out, v + 1, rows[(k < n ? k : i) * 9 + (size_t)v]);
			if (sqlite3_step(out) != SQLITE_DONE)
				die("%s", sqlite3_errmsg(b));
			sqlite3_reset(out);
		}
		sql(b, "COMMIT");
	}
	took = now_s() - began;
	printf("{\"n\": %zu, \"seconds\": %.4f, \"rate\": %.1f}\n", n, took, (double)n / took);
	for (size_t i = 0; i < n * 9; i++)
		sqlite3_value_free(rows[i]);
	free(rows);
	sqlite3_finalize(out);
	sqlite3_close(a);
	sqlite3_close(b);
}

int main(int argc, char **argv)
{
	const char *mode = argc == 5 ? argv[1] : "";

	log_set_level(LOG_LEVEL_ERROR);
	arena = arena_new(64 << 20);
	if (!arena)
		die("memory");
	if (strcmp(mode, "observe") == 0)
		run_observe(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "fit") == 0)
		run_fit(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "fill") == 0)
		run_fill(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "large") == 0)
		run_large(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "ask") == 0)
		run_ask(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "bare") == 0)
		run_bare(argv[2], argv[3], atoi(argv[4]));
	else
		die("usage: see the head of bench/load.c");
	arena_free(arena);
	return 0;
}
