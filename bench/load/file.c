/* Databases without a daemon: one filled as single asks and tells leave it, and what SQLite alone
 * takes for its rows. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "bench/load/load.h"
#include "daemon/store/store.h"
#include "proto/record.h"

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
		load_die("%s", err.text);
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
		load_die("%s", err.text);
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
	static char name[32];
	struct record r = {.kind = RECORD_STUDY_CREATED};

	snprintf(name, sizeof(name), "filled-%llu", (unsigned long long)study);
	r.u.created.name = name;
	r.u.created.spec = load_spec(study, 600);
	put(f, study, 1, METHOD_CREATE_STUDY, &r);
}

/* One ask and one tell, as the engine records them. */
static void put_trial(struct filling *f, uint64_t study, uint64_t number, struct rng *rng)
{
	double x[LOAD_DIMS], y = rng_normal(rng), state[LOAD_DIMS + 2] = {0};
	struct record_given given = {.number = number,
		.n_values = LOAD_DIMS,
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

	for (int i = 0; i < LOAD_DIMS; i++)
		x[i] = rng_uniform(rng);
	r.u.suggested.n_trials = 1;
	r.u.suggested.trials = &given;
	r.u.suggested.worker = "worker-1";
	r.u.suggested.job = (struct record_job){.snapshot_seq = 2 * number + 1,
		.first_number = number,
		.n_slots = 1,
		.n_state_in = LOAD_DIMS + 2,
		.state_in = state,
		.n_state_out = LOAD_DIMS + 2,
		.state_out = state,
		.units = 8,
		.build = "0.1.0 0123456789abcdef OpenBLAS/Haswell glibc-2.36"};
	put(f, study, 2 * number + 2, METHOD_SUGGEST, &r);
	r = (struct record){.kind = RECORD_ENDED, .u.ended = {1, &outcome}};
	put(f, study, 2 * number + 3, METHOD_OBSERVE, &r);
}

void load_fill(const char *file, uint64_t n_studies, uint64_t n_trials)
{
	struct filling f = {.bodies = arena_new(64 << 20)};
	struct rng rng = rng_make(2, 2, RNG_TEST, 0);
	struct kr_error err;

	if (!f.bodies || store_find("sqlite")->open(&f.store, file, &err) != KR_OK)
		load_die("%s", err.text);
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
		load_die("%s: %s", text, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
	sqlite3_stmt *q;

	if (sqlite3_prepare_v2(db, text, -1, &q, NULL) != SQLITE_OK)
		load_die("%s: %s", text, sqlite3_errmsg(db));
	return q;
}

/* Results are read into memory first; then only BEGIN, INSERT .., COMMIT is timed. */
void load_bare(const char *from, const char *to, int group)
{
	sqlite3 *a, *b;
	sqlite3_stmt *in, *out;
	sqlite3_value **rows = NULL;
	size_t n = 0, cap = 0;
	double began, took;

	if (sqlite3_open(from, &a) != SQLITE_OK || sqlite3_open(to, &b) != SQLITE_OK)
		load_die("cannot open %s or %s", from, to);
	in = prepare(a,
		"SELECT study, seq, time_ms, kind, actor, request, method, body, sum FROM "
		"event WHERE kind = 4 AND study <= 64");
	while (sqlite3_step(in) == SQLITE_ROW) {
		if (n == cap) {
			cap = cap ? 2 * cap : 1024;
			rows = realloc(rows, cap * 9 * sizeof(*rows));
			if (!rows)
				load_die("memory");
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
	began = load_now_s();
	for (size_t at = 0; at < n; at += (size_t)group) {
		sql(b, "BEGIN IMMEDIATE");
		for (size_t i = at; i < n && i < at + (size_t)group; i++) {
			/* by column of 64 studies in turn, as 64 clients bring them */
			size_t k = i % 64 * (n / 64) + i / 64;

			for (int v = 0; v < 9; v++)
				sqlite3_bind_value(out, v + 1, rows[(k < n ? k : i) * 9 + (size_t)v]);
			if (sqlite3_step(out) != SQLITE_DONE)
				load_die("%s", sqlite3_errmsg(b));
			sqlite3_reset(out);
		}
		sql(b, "COMMIT");
	}
	took = load_now_s() - began;
	printf("{\"n\": %zu, \"seconds\": %.4f, \"rate\": %.1f}\n", n, took, (double)n / took);
	for (size_t i = 0; i < n * 9; i++)
		sqlite3_value_free(rows[i]);
	free(rows);
	sqlite3_finalize(out);
	sqlite3_close(a);
	sqlite3_close(b);
}
