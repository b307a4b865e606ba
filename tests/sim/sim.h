/* Simulator: the engine under a fake network, disk, compute pool and clock.
 *
 * One struct world is one schedule, made from one seed: clients send random
 * requests over a network that loses, doubles and reorders messages; commits are
 * slow and fail; the daemon is killed and restarted from the disk; clocks jump;
 * allocations fail. Rows are folded into a reference model as they become durable
 * (model.h), each reply is held against it as it leaves the engine (watch*.c), each
 * error against what was so meanwhile (refusals.c); when nothing is under way it is
 * known who may still wait (watch_wait.c). Computations that nobody asked for begin when they may,
 * and go on only when they are let (watch_unasked.c). When the schedule is over everything is
 * repaired, each client gets its last answer, and check.c compares what was
 * acknowledged with what is there. A verb is added to clients_*.c (what is asked, and
 * struct asked), model_*.c (what its row may do) and watch_trial.c (its answer). */
#ifndef KR_TESTS_SIM_SIM_H
#define KR_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "daemon/engine/engine.h"
#include "proto/encode.h"
#include "tests/sim/model.h"

enum {
	SIM_CLIENTS = 5,
	SIM_STUDIES = 3,
	SIM_MAX_HELD = 8,
	SIM_MAX_TOLD = 3,
	SIM_MAX_PARAMS = 5,
	SIM_MAX_METRICS = 2,
	SIM_ARRIVALS = 16,
	SIM_MOMENTS = 512
};

/* How hostile the world is; probabilities in [0, 1]. */
struct profile {
	const char *name;
	double lose, twice; /* a message, either way */
	double commit_fails;
	double load_fails;
	double kills;       /* of the daemon, per event */
	double clock_jumps; /* per event: the wall clock, and long stops */
	double client_dies; /* per request: it forgets the trials it holds */
	double hurry;       /* a suggest has a deadline */
	double starves;     /* per event: an allocation fails */
	int requests;       /* per client */
};

enum happening_kind {
	HAPPEN_REQUEST, /* bytes reach the daemon */
	HAPPEN_ANSWER,  /* bytes reach a client */
	HAPPEN_COMMITTED,
	HAPPEN_SLICE, /* a compute worker runs one unit of a job */
	HAPPEN_LOADED,
	HAPPEN_LOADED_REST,
	HAPPEN_TIMEOUT, /* a client lost its patience, or begins its next request */
	HAPPEN_TICK
};

struct happening {
	int64_t at;
	uint64_t order; /* ties: first made, first served */
	enum happening_kind kind;
	unsigned epoch; /* life of the daemon it belongs to */
	int client;
	struct frame_header header;
	uint8_t *body; /* owned */
	size_t len;
	uint64_t id; /* group, ticket, or patience count */
	uint64_t study;
	size_t from, n_disk; /* the rest of a load: rows told, rows on the disk when it began */
	struct job *job;
};

/* One trial of a request, and what is said about it. */
struct told {
	uint64_t number;
	struct msg_lease lease;
	double values[SIM_MAX_METRICS], sem; /* observe; the first is the objective; sem NaN: none */
	enum trial_state state;              /* fail */
	const char *reason;                  /* fail, release, cancel */
	int64_t step;                        /* report, with values[0] */
};

/* A point of enqueue or add. */
struct pointed {
	double point[SIM_MAX_PARAMS]; /* NaN: free, or inactive */
	double values[SIM_MAX_METRICS];
	const char *note;
	struct msg_labels labels;
};

/* What a request said, as far as its answer is judged by it. */
struct asked {
	enum method method;
	const char *name; /* of the study; NULL: none */
	const char *worker;
	bool has_session;
	uint8_t session[MSG_ID_BYTES];
	struct told told[SIM_MAX_TOLD];
	int n_told;
	uint64_t count, lease_ms; /* suggest; a lease of 0: the study's */
	bool fixed;
	int fixed_at;
	double fixed_value;
	uint64_t wait_ms, since_seq;
	struct pointed points[SIM_MAX_TOLD];
	int n_points; /* add, predict, enqueue */
	bool undelete;
	enum if_exists if_exists;
	uint64_t budget; /* create */
	struct msg_update_study update;
	struct msg_edit_trial edit; /* values: told[0].values */
	struct msg_list_trials list;
};

/* A change that a client asked for, and what it was told: one line of the ledger. */
struct ledger_line {
	uint8_t request[16];
	struct asked asked;
	struct frame_header header; /* the request, to send it again at the end */
	uint8_t *body;              /* owned */
	size_t len;
	int copies;         /* how often it was sent */
	int64_t reached_ns; /* when the first copy reached the engine; 0: none has */
	bool answered, ok;
	unsigned code;
	uint8_t *answer; /* first body that is remembered, owned; NULL: none */
	size_t answer_len;
};

struct held {
	int study;
	struct told told; /* its result, once one was sent */
	bool was_told;
	uint8_t token[16];
	uint32_t attempt;
	int64_t step; /* of its newest report */
};

/* When a request reached the engine first, by its correlation id. */
struct arrival {
	uint64_t id;
	size_t n_disk;
	int64_t at;
	uint64_t study, seq; /* predict: the snapshot of its newest computation, */
	int64_t job_ns;      /* and when it was made */
};

struct client {
	int left; /* requests still to begin */
	bool waiting;
	uint64_t patience;       /* counts sends: old timeouts are ignored */
	uint64_t first_patience; /* of the request in flight */
	struct frame_header header;
	uint8_t *body; /* of the request in flight, owned */
	size_t len;
	size_t line; /* its ledger line; SIZE_MAX for reads */
	struct asked asked;
	struct arrival arrivals[SIM_ARRIVALS];
	int n_arrivals;
	struct held held[SIM_MAX_HELD];
	int n_held;
	uint64_t life; /* counts its sessions */
};

/* A message that the engine has not answered yet. */
struct waiting {
	int client;
	uint64_t id; /* of the message */
	enum method method;
	const char *name;
	uint8_t request[MSG_ID_BYTES];
	int64_t at;
	uint64_t wait_ms, since_seq;
	bool has_deadline;
	uint64_t deadline_ms;
	int late_ticks; /* since its deadline */
};

/* How many suggests were in the engine, from then on. */
struct crowd {
	int64_t at;
	int n[SIM_STUDIES];
};

/* A computation that began unasked. */
struct unasked {
	uint64_t job, study, incarnation;
	uint64_t seq; /* that it saw */
	bool raised;  /* somebody waits for it */
	bool ready;   /* it was done, all of it */
};

struct stored_row {
	struct row row;  /* pointers owned */
	int64_t made_ns; /* when the engine made it, to a millisecond */
};

/* The clocks at one step: tells when a row was made from the wall time in it. */
struct moment {
	int64_t wall_ms, now_ns;
};

struct world {
	const struct profile *profile;
	uint64_t seed;
	struct rng rng;
	int64_t now_ns, wall_off_ms;
	struct moment moments[SIM_MOMENTS]; /* a ring */
	uint64_t n_moments;
	bool healed; /* the quiet end: no more faults */

	struct engine *engine;
	unsigned epoch;
	struct happening *heap;
	size_t n_heap, cap_heap;
	uint64_t order;
	int64_t trouble_ns;      /* the last fault that may make it refuse or be late */
	struct waiting *waiting; /* of this life of the daemon, owned */
	int n_waiting;
	size_t cap_waiting;
	struct crowd *crowds; /* owned */
	size_t n_crowds, cap_crowds;
	int64_t quiet_tick_ns; /* a tick when nothing stood against it; 0: none */

	struct stored_row *disk; /* durable rows in commit order */
	size_t n_disk, cap_disk;
	struct stored_row *flight; /* rows of the commit under way */
	size_t n_flight;
	uint64_t flight_group;
	bool loading; /* the store's thread is at a load */
	int n_loads;  /* asked for and not done */
	struct model *model;

	struct client clients[SIM_CLIENTS + 1]; /* the last: check_ask */
	struct ledger_line *ledger;
	size_t n_ledger, cap_ledger;

	uint64_t cut[64]; /* jobs to be cut at their next slice */
	int n_cut;
	int jobs_running;        /* for which somebody waits */
	struct unasked *unasked; /* of this life of the daemon, oldest first, owned */
	size_t n_unasked, cap_unasked;
	int64_t asked_ns[SIM_STUDIES]; /* the last Suggest in this life; 0: none */
	bool gave_prepared;
	uint8_t *caught; /* the last answer to check_ask, owned */
	size_t caught_len;
	struct frame_header caught_header;
	char complaint[512]; /* the first thing that was wrong, "" if none */
};

/* What schedules have met, over a whole run: a workload that misses something
 * proves nothing about it. */
struct met {
	long expired, late, stale, cut, reloads, unavailable, exhausted, fits, renewed, lost_leases,
		predicted, models, starved, undeleted;
	long queued_given, completed, alone, returned, requeued, given_up, overtaken, kept, released,
		tried_again, cancelled, reports, stops[STOP_BUDGET + 1], edited, excluded, removed,
		settings, halted, outdated, waited, waited_in_vain, watched, unasked, prepared, joined,
		dropped;
};

extern struct met sim_met;

/* world.c */
bool world_chance(struct world *w, double p);
uint64_t world_below(struct world *w, uint32_t n);
void world_complain(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void world_push(struct world *w, struct happening h);
void world_event(struct world *w, const struct event *ev);
void world_send(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len);

/* A message reaches the engine. */
void world_request(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len);

/* Now is a bad time: what the engine refuses or delays for a while is no fault of it. */
void world_trouble(struct world *w);
bool world_in_trouble(const struct world *w);

/* When the step was whose wall clock said so: the newest such one. */
int64_t world_moment(const struct world *w, int64_t wall_ms);

/* Let the next thing happen. */
void world_turn(struct world *w);

/* Turn until no message, commit, load or job is under way. */
void world_settle(struct world *w);

/* kill -9 and restart: memory is gone, the commit under way is on the disk or
 * not. */
void world_kill(struct world *w);

/* Run one schedule. NULL when everything held, else the complaint (static). */
const char *world_run(const struct profile *p, uint64_t seed);

/* disk.c */
void disk_commit(struct world *w, uint64_t group, const struct row *rows, size_t n);
void disk_finish_commit(struct world *w, uint64_t group);
void disk_crash(struct world *w);
void disk_load(struct world *w, const struct happening *h);
void disk_load_rest(struct world *w, const struct happening *h);
void disk_free(struct world *w);

/* The newest row that a request made, and how many (n may be NULL); NULL: none. */
const struct row *disk_row_of(const struct world *w, const uint8_t request[16], int *n);

/* clients.c */
void clients_start(struct world *w);
void clients_timeout(struct world *w, int client, uint64_t patience);
void clients_answer(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len);
bool clients_done(const struct world *w);
void clients_free(struct world *w);
const char *clients_study_name(int i);
int clients_study_index(const char *name);
bool clients_try_again(const struct msg_reply *r);

/* The line of a request id; NULL when it is nobody's. */
const struct ledger_line *clients_line(const struct world *w, const uint8_t request[16]);

/* A message is in the engine: its line knows since when. */
void clients_reached(struct world *w, const struct msg_request *m);

/* clients_study.c, clients_trial.c: what to ask. */
const struct msg_spec *clients_spec(int study); /* without budget, lease and seed */
void clients_ask_create(struct world *w, struct msg_request *m, struct asked *q, int study);
void clients_ask_update(struct world *w, struct msg_request *m, struct asked *q);
void clients_ask_delete(struct world *w, struct msg_request *m, struct asked *q);
void clients_ask_get(struct world *w, struct msg_request *m, struct asked *q);
void clients_ask_list(struct world *w, struct msg_request *m, struct asked *q);
void clients_ask_suggest(struct world *w, struct msg_request *m, struct asked *q, int study);
void clients_ask_observe(struct world *w, struct msg_request *m, struct asked *q, struct client *c,
	int study, struct arena *a);
void clients_ask_fail(
	struct world *w, struct msg_request *m, struct asked *q, struct client *c, int h);
void clients_ask_release(
	struct world *w, struct msg_request *m, struct asked *q, struct client *c, int h);
void clients_ask_cancel(struct world *w, struct msg_request *m, struct asked *q);
void clients_ask_report(
	struct world *w, struct msg_request *m, struct asked *q, struct client *c, int h);
void clients_ask_edit(
	struct world *w, struct msg_request *m, struct asked *q, int study, struct arena *a);
void clients_ask_number(struct world *w, struct msg_request *m, struct asked *q);
void clients_ask_points(
	struct world *w, struct msg_request *m, struct asked *q, int study, struct arena *a);
void clients_ask_heartbeat(struct world *w, struct msg_request *m, struct asked *q,
	const struct client *c, int study, struct arena *a);

/* The first trial of the study that c holds, from place `from` on; -1: none. */
int clients_find_held(const struct client *c, int study, int from);

/* Labels to set, and names to take away; they live for ever. */
struct msg_labels clients_labels(struct world *w);
struct msg_texts clients_removals(struct world *w, const struct msg_labels *set);

/* watch.c: requests as they reach the engine, replies as they leave it. A reply must be
 * true of what was durable at some moment between the arrival of its request and now;
 * it may not be older than that, nor show what is not on the disk. */
void watch_request(
	struct world *w, int client, const struct frame_header *h, const struct msg_request *m);

/* A computation begins: what it saw must be durable when its answer leaves. */
void watch_job(struct world *w, const struct job *j);

void watch_reply(
	struct world *w, int client, const struct frame_header *h, const uint8_t *body, size_t len);

/* Was the study there, not deleted, at some moment since `from` rows were on the disk? */
bool watch_lived(const struct model_study *f, size_t from);

/* A reply, and what it is held against. */
struct seen {
	struct world *w;
	const struct asked *asked;
	const struct arrival *arrival;
	const struct ledger_line *line; /* NULL: of a read */
	size_t from;                    /* rows on the disk when the request came */
	const struct msg_reply *r;
};

/* Does the claim hold of a study of that name? live: one that was not deleted then. */
bool watch_of_any(const struct seen *s, bool live,
	bool (*claim)(const struct seen *s, const struct model_study *f));

/* The first event that may be the newest that the reply knows. */
uint64_t watch_first_seq(const struct seen *s, const struct model_study *f);

/* watch_unasked.c: computations that nobody asked for. One begins, perhaps; somebody waits for it now;
 * it ends; may it go on now? A row of suggestions is durable. */
void watch_unasked(struct world *w, const struct job *j);
void watch_raised(struct world *w, uint64_t job);
void watch_done(struct world *w, const struct job *j);
bool watch_has_turn(struct world *w, const struct job *j);
void watch_given(struct world *w, uint64_t study, const struct record_job *job);

/* watch_trial.c: is the trial shown as that version of it? columns: what was asked for; NULL: all
 * that answers to changes show. */
bool watch_shows(const struct model_study *f, const struct msg_trial *t,
	const struct msg_list_trials *columns, const struct model_version *v);
void watch_change(const struct seen *s);
bool watch_fresh_trial(const struct seen *s, const struct model_study *f);
bool watch_page(const struct seen *s, const struct model_study *f);
bool watch_best(const struct seen *s, const struct model_study *f);
void watch_heartbeat(const struct seen *s);

/* watch_wait.c: who waits in the engine, and may it. */
void watch_enter(
	struct world *w, int client, const struct frame_header *h, const struct msg_request *m);
void watch_leave(struct world *w, int client, const struct frame_header *h);
void watch_nobody(struct world *w); /* the engine is a new one */

/* Nothing is under way in the engine: does anybody wait who should not? */
void watch_waits(struct world *w);

/* The same, after a tick: has anybody waited longer than it said? */
void watch_clock(struct world *w);

/* After an undisturbed tick: has a computation gone on after its deadline? */
void watch_deadlines(struct world *w);

/* Did the engine know of no other suggest for the study than that of the line, from when it came
 * until then? */
bool watch_alone(const struct world *w, const struct ledger_line *l, int64_t until);

/* A suggest was refused: had it waited? */
void watch_patience(const struct seen *s, const struct msg_error *e);

/* refusals.c: was this error right, at some moment between arrival and now? */
void refusals_judge(const struct seen *s, const struct msg_error *e);

/* check.c: the end of a schedule. */
void check_world(struct world *w);

#endif
