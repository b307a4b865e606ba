/* Inside the engine: its one struct, and what its files ask of each other. Not
 * for other folders.
 *
 *   engine.c   events and ticks               call.c    requests
 *   commit.c   changes, groups of rows        answer.c  effects
 *   suggest.c  suggests that wait             load.c    rows from the store
 *   replay.c   recomputed suggestions         handlers/ one file a method */
#ifndef KR_DAEMON_ENGINE_CORE_H
#define KR_DAEMON_ENGINE_CORE_H

#include "daemon/engine/event.h"
#include "daemon/engine/group.h"
#include "daemon/engine/lease.h"
#include "daemon/engine/requests.h"
#include "daemon/engine/studies.h"
#include "daemon/engine/timer.h"
#include "proto/encode.h"
#include "proto/limits.h"

/* What clients are told to wait before they ask again. */
enum { ENGINE_RETRY_MS = 1000 };

/* After a commit failed, changes are refused for so long: each try that fails costs the
 * studies it touches a reload, and reads must go on. */
enum { ENGINE_REFUSE_NS = 500 * 1000 * 1000 };

struct prepared;
struct replay;

struct deadline {
	int64_t due_ns;
	uint64_t job;
};

struct engine {
	struct engine_options o;
	struct now now;        /* of this step */
	struct arena *scratch; /* of this step: replies that go at once, planning */

	struct studies studies;
	struct leases leases;
	struct requests requests;
	struct timers timers;  /* of requests that wait */
	struct study *stirred; /* studies that have changed in this step */

	/* Commits. Groups get ascending ids; every group up to `settled` is durable or lost. */
	struct group *open, *flying, *retired; /* retired: its replies are this step's effects */
	bool in_flight;
	uint64_t settled;
	uint64_t names_group; /* newest group that changed which names there are */
	int64_t refuse_until;
	int64_t expire_at; /* leases that ran out could not be served: when to try again */
	char refuse_text[200];

	/* Computations. */
	size_t n_jobs;
	uint64_t next_job;
	struct deadline *deadlines; /* of running jobs, in no order */
	size_t n_deadlines, cap_deadlines;
	struct prepared *prepared; /* suggestions, oldest first */
	struct watch *watches;     /* requests that wait for a study to change: the newest */
	size_t n_watches;          /* of n_waiting */
	size_t n_waiting;          /* routes that wait for a computation or for a change */
	struct replay *replays;

	/* Rows from the store. */
	uint64_t next_ticket;
	uint64_t start_ticket; /* not 0: all rows are being read */
	int64_t start_at;      /* reading failed: when to try again */
	bool start_failed;
	struct study *start_study; /* being read */
	uint64_t start_skip;       /* a damaged one: its later rows say nothing */
	bool started, ready;
	uint64_t next_incarnation;
	size_t n_reloading; /* studies */
	size_t n_retry;     /* of these, those whose reading failed */

	struct effect *effects;
	size_t n_effects, cap_effects;

	/* Answers for when there is no memory for an answer. */
	struct bytes no_memory, unavailable;
	struct arena *fixed; /* theirs, and the options' texts */

	/* For Status. */
	int64_t start_ns;
	uint64_t n_requests, n_commits, n_events, n_failed;
	uint64_t rss_bytes, db_bytes, wal_bytes;
	char sqlite_version[32];
};

/* ---- answers (answer.c) ---- */

/* Make sure that `extra` more effects than are owed now will find room, so that sending
 * never fails. Errors: KR_ENOMEM. */
enum kr_status engine__owe(struct engine *e, size_t extra, struct kr_error *err);

/* A reply, now. body lives until the next step. */
void engine__send(struct engine *e, const struct route *route, const void *body, size_t len);
/* The room has been made by engine__owe. */
void engine__effect(struct engine *e, const struct effect *effect);

/* Is a group durable (or lost: then its studies are read anew)? */
bool engine__durable(const struct engine *e, uint64_t group);

/* The group that a reply about s (NULL: about all studies) must wait for; 0: none. */
uint64_t engine__hold(const struct engine *e, const struct study *s);

/* The same for an answer that hangs on which names there are. */
uint64_t engine__hold_names(const struct engine *e);

/* Answer now, or when group `hold` (0: none) is durable. study: see struct held.
 * For want of memory the answer becomes the error. */
void engine__answer(struct engine *e, const struct route *route, uint64_t study, uint64_t hold,
	const struct msg_reply *reply);
struct msg_reply engine__error_reply(enum method method, const struct kr_error *why);
void engine__answer_error(struct engine *e, const struct route *route, uint64_t study,
	uint64_t hold, const struct kr_error *why);

/* UNAVAILABLE with the reason, now. */
void engine__answer_lost(struct engine *e, const struct route *route, const char *why);

/* ---- changes (commit.c) ---- */

/* One row, what it does to memory, and the answer that waits for it:
 *   change_plan (may fail, changes nothing) .. change_apply (cannot fail) */
struct change {
	struct study *study;
	struct record record;
	enum method method;            /* 0: the daemon's own */
	const uint8_t *request;        /* id, NULL: none */
	const char *actor;             /* NULL: none */
	const struct msg_reply *reply; /* NULL: none */
	const struct route *routes;
	size_t n_routes;
	/* planned: */
	struct row row;
	struct bytes answer;
};

/* Seq and time that the row will have: to build the answer before it is applied. */
void change_begin(struct engine *e, struct change *c);

/* Errors: KR_ENOMEM, KR_OVERLOADED, KR_TOO_LARGE (the answer), KR_UNAVAILABLE (the disk). */
enum kr_status change_plan(struct engine *e, struct change *c, struct kr_error *err);
void change_apply(struct engine *e, struct change *c);

/* Are changes possible? Errors: KR_UNAVAILABLE with the reason. */
enum kr_status engine__writable(const struct engine *e, struct kr_error *err);

/* Can every stored row of the study be understood? One that is damaged is neither shown nor
 * changed. Errors: KR_ECORRUPT. */
enum kr_status engine__sound(const struct study *s, struct kr_error *err);

/* At the end of a step: the open group goes to the store when none is under way. */
void engine__flush(struct engine *e);

/* EVENT_COMMITTED: answers go out, or what was lost is undone. */
void engine__committed(struct engine *e, const struct event *ev);

/* Requests that wait for a change of s are tried again at the end of this step. */
void engine__stir(struct engine *e, struct study *s);

/* ---- rows from the store (load.c) ---- */

/* EVENT_START: ask for every row. */
void engine__start(struct engine *e);

/* EVENT_LOADED, for whoever asked. */
void engine__loaded(struct engine *e, const struct event *ev);

/* The study's memory reflects a lost commit: read it anew. */
void engine__reload(struct engine *e, struct study *s);

/* Loads that failed are tried again. */
void engine__retry_loads(struct engine *e);

/* When the next is due; INT64_MAX: none failed. */
int64_t engine__retry_at(const struct engine *e);

/* Decode the rows of one study one by one. *study: NULL before the first. When
 * `requests` is not NULL the ids go there. Errors: KR_ECORRUPT, KR_ENOMEM. */
enum kr_status load_row(struct study **study, const struct row *row, struct requests *requests,
	struct arena *scratch, struct kr_error *err);

/* ---- computations (engine.c) ---- */

/* Give the job to the shell. Errors: KR_ENOMEM (the job is freed). */
enum kr_status engine__start_job(
	struct engine *e, struct job *j, int64_t deadline_ns, struct kr_error *err);

/* Somebody waits from now on for a job that runs unasked. Errors: KR_ENOMEM. */
enum kr_status engine__join_job(
	struct engine *e, uint64_t job, int64_t deadline_ns, struct kr_error *err);

/* KR_ENOMEM, while an answer is built. */
enum kr_status call_no_memory(struct kr_error *err);

#endif
