/* The engine: every study, as a deterministic state machine.
 *
 *   engine_step(engine, event, now) -> effects
 *
 * Events: a decoded request, a finished commit, a finished computation, loaded
 * rows, a tick. Effects: rows to commit, jobs to compute, replies to send, rows
 * to load. The engine never touches a socket, a disk, a clock or a thread: the
 * shell (daemon/main.c) connects it to the real ones, the simulator (tests/sim)
 * to fake ones.
 *
 * The happy path of a change:
 *   request -> handler checks -> plans (a record, memory reserved; may fail and
 *   changes nothing) -> applies (memory; cannot fail) -> row and encoded reply
 *   join the open group -> EFFECT_COMMIT when no commit is under way ->
 *   EVENT_COMMITTED -> EFFECT_REPLY.
 * Every reply, reads included, waits for the newest commit it reflects.
 *
 * When a commit fails, the studies it touched are reloaded from the store
 * (EFFECT_LOAD), their part of the open group is dropped, and every reply that
 * reflected lost changes becomes UNAVAILABLE. For half a second after it changes
 * are refused without a try, so that a full disk does not keep studies reloading
 * and reads go on.
 *
 * One thread owns an engine; no locks inside. */
#ifndef KR_DAEMON_ENGINE_ENGINE_H
#define KR_DAEMON_ENGINE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/job.h"
#include "daemon/engine/row.h"
#include "proto/frame.h"
#include "proto/msg.h"

struct engine;

/* Where a reply goes: opaque to the engine. */
struct route {
	uint8_t identity[255]; /* of the ROUTER socket */
	uint8_t identity_len;
	bool delimiter;             /* an empty frame came before the header */
	struct frame_header header; /* in a reply its flags are set: REPLY, ERROR */
};

struct engine_options {
	/* 16 unpredictable bytes: session and lease tokens, seeds. */
	void (*random)(void *ctx, uint8_t out[16]);
	void *random_ctx;
	const char *build;   /* recorded with each job: version, BLAS core, libm */
	const char *version; /* shown by Hello and Status */
	const char *blas_core;
	bool durable; /* false: --db :memory: */
	uint32_t threads;
	size_t max_waiting; /* suggests in a queue before OVERLOADED; 0: 10,000 */
};

enum event_kind {
	EVENT_START, /* once, first: asks for all rows */
	EVENT_REQUEST,
	EVENT_COMMITTED,
	EVENT_COMPUTED,
	EVENT_LOADED,
	EVENT_TICK
};

struct event {
	enum event_kind kind;
	union {
		struct {
			const struct route *route;         /* copied */
			const struct msg_request *request; /* borrowed for the step */
		} request;
		struct {
			uint64_t group;
			enum kr_status status; /* KR_OK: durable */
			const char *text;      /* why not */
		} committed;
		struct {
			struct job *job;
		} computed; /* ownership moves to the engine */
		struct {
			uint64_t ticket;
			const struct row *rows; /* by study, then seq; borrowed */
			size_t n;
			bool done;             /* the last part of this ticket */
			enum kr_status status; /* not OK: reading failed */
			const char *text;
		} loaded;
		struct {
			uint64_t rss_bytes, db_bytes, wal_bytes; /* for Status */
			const char *sqlite_version;
		} tick;
	} u;
};

enum effect_kind {
	EFFECT_COMMIT, /* make rows durable, all or none; one group at a time */
	EFFECT_REPLY,
	EFFECT_COMPUTE, /* ownership of job moves to the shell until EVENT_COMPUTED */
	EFFECT_CUT,     /* a deadline has come: job_cut the job of this id when it next gives way */
	EFFECT_LOAD     /* read rows: study 0 = all studies */
};

struct effect {
	enum effect_kind kind;
	union {
		struct {
			uint64_t group;
			const struct row *rows;
			size_t n;
		} commit;
		struct {
			struct route route;
			const uint8_t *body;
			size_t len;
		} reply;
		struct {
			struct job *job;
		} compute;
		struct {
			uint64_t job;
		} cut;
		struct {
			uint64_t ticket;
			uint64_t study;
		} load;
	} u;
};

/* now_ns: monotonic; leases and deadlines. wall_ms: shown only. */
struct now {
	int64_t now_ns;
	int64_t wall_ms;
};

/* Errors: KR_ENOMEM. */
enum kr_status engine_new(
	struct engine **out, const struct engine_options *o, struct kr_error *err);
void engine_free(struct engine *e);

/* One event. Effects are valid until the next step, except that rows and reply
 * bodies of a group stay valid until the step after its EVENT_COMMITTED... the
 * shell copies or uses them before. Never fails: what cannot be done is answered
 * to the client. *effects points to *n effects. */
void engine_step(struct engine *e, const struct event *ev, struct now now,
	const struct effect **effects, size_t *n);

/* When the next lease or deadline comes due: monotonic ns, INT64_MAX if none. */
int64_t engine_next_wakeup(const struct engine *e);

/* Ready: the rows asked for at EVENT_START have been applied. */
bool engine_ready(const struct engine *e);

/* Invariants, for tests: counters equal recounts, budgets hold, indexes agree.
 * Errors: KR_INTERNAL naming the first that does not hold. */
enum kr_status engine_check(const struct engine *e, struct kr_error *err);

#endif
