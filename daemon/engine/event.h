/* What goes into the engine and what comes out: options, events, effects. Plain
 * values; who owns what is said at each member. */
#ifndef KR_DAEMON_ENGINE_EVENT_H
#define KR_DAEMON_ENGINE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keyfile.h"
#include "base/status.h"
#include "daemon/engine/row.h"
#include "proto/frame.h"
#include "proto/msg.h"

struct job;

/* Where a reply goes: opaque to the engine. */
struct route {
	uint8_t identity[255]; /* of the ROUTER socket */
	uint8_t identity_len;
	bool delimiter;             /* an empty frame came before the header */
	char key[KEYFILE_SIZE];     /* of the client; "": the daemon has no keys */
	struct frame_header header; /* in a reply its flags are set: REPLY, ERROR */
};

struct engine_options {
	/* 16 unpredictable bytes: lease tokens, seeds. */
	void (*random)(void *ctx, uint8_t out[16]);
	void *random_ctx;
	/* A session token for who asks by this route; NULL: 16 bytes of random. */
	void (*session)(void *ctx, const struct route *route, uint8_t out[16]);
	void *session_ctx;
	const char *build;   /* recorded with each job: version, BLAS core, libm */
	const char *version; /* shown by Hello and Status */
	const char *blas_core;
	bool prepare; /* suggestions before they are asked for */
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
	EFFECT_CUT,     /* a deadline has come, or nobody wants it any more: job_cut the job of this id
	                 * when it next gives way */
	EFFECT_RAISE,   /* somebody waits for the job of this id, which was unasked (job.h) */
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
			uint64_t job;
		} raise;
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

#endif
