/* Simulator: the engine under a fake network, disk, compute pool and clock.
 *
 * One struct world is one schedule, made from one seed: clients send random
 * requests over a network that loses, doubles and reorders messages; commits are
 * slow and fail; the daemon is killed and restarted from the disk; clocks jump.
 * When the schedule is over everything is repaired, each client gets its last
 * answer, and check.c compares what was acknowledged with what is on the disk,
 * folded by a reference model that shares no code with the engine. */
#ifndef KR_TESTS_SIM_SIM_H
#define KR_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "daemon/engine/engine.h"
#include "proto/encode.h"

enum { SIM_CLIENTS = 5, SIM_STUDIES = 2, SIM_MAX_HELD = 8 };

/* How hostile the world is; probabilities in [0, 1]. */
struct profile {
	const char *name;
	double lose, twice;       /* a message, either way */
	double commit_fails;
	double load_fails;
	double kills;             /* of the daemon, per event */
	double clock_jumps;       /* per event: the wall clock, and long stops */
	double client_dies;       /* per request: it forgets the trials it holds */
	double hurry;             /* a suggest has a deadline */
	int requests;             /* per client */
};

enum happening_kind {
	HAPPEN_REQUEST, /* bytes reach the daemon */
	HAPPEN_ANSWER,  /* bytes reach a client */
	HAPPEN_COMMITTED,
	HAPPEN_SLICE,   /* a compute worker runs one unit of a job */
	HAPPEN_LOADED,
	HAPPEN_TIMEOUT, /* a client lost its patience, or begins its next request */
	HAPPEN_TICK
};

struct happening {
	int64_t at;
	uint64_t order;     /* ties: first made, first served */
	enum happening_kind kind;
	unsigned epoch;     /* life of the daemon it belongs to */
	int client;
	struct frame_header header;
	uint8_t *body;      /* owned */
	size_t len;
	uint64_t id;        /* group, ticket, or patience count */
	uint64_t study;
	struct job *job;
};

/* What a client asked for and was told: one line of the reference ledger. */
struct ledger_line {
	uint8_t request[16];
	enum method method;
	int study;                   /* name index */
	int copies;                  /* how often it was sent */
	bool answered, ok;
	unsigned code;
	uint8_t *answer;             /* first OK body, owned */
	size_t answer_len;
	uint64_t number;             /* observe, fail: the trial */
	double value;                /* observe */
	int n_points;                /* add_trials */
	uint64_t study_id;           /* from the answer */
	uint64_t numbers[8];         /* suggest: given; add: first */
	int n_numbers;
};

struct held {
	int study;
	uint64_t number;
	uint8_t token[16];
	uint32_t attempt;
};

struct client {
	int left;                    /* requests still to begin */
	bool waiting;
	uint64_t patience;           /* counts sends: old timeouts are ignored */
	struct frame_header header;
	uint8_t *body;               /* of the request in flight, owned */
	size_t len;
	size_t line;                 /* its ledger line; SIZE_MAX for reads */
	struct held held[SIM_MAX_HELD];
	int n_held;
};

struct stored_row {
	struct row row;              /* pointers owned */
};

struct world {
	const struct profile *profile;
	uint64_t seed;
	struct rng rng;
	int64_t now_ns, wall_ms;
	bool healed;                 /* the quiet end: no more faults */

	struct engine *engine;
	unsigned epoch;
	struct happening *heap;
	size_t n_heap, cap_heap;
	uint64_t order;

	struct stored_row *disk;     /* durable rows in commit order */
	size_t n_disk, cap_disk;
	struct stored_row *flight;   /* rows of the commit under way */
	size_t n_flight;
	uint64_t flight_group;

	struct client clients[SIM_CLIENTS];
	struct ledger_line *ledger;
	size_t n_ledger, cap_ledger;

	uint64_t cut[64];            /* jobs to be cut at their next slice */
	int n_cut;
	int jobs_running;
	uint8_t *caught;             /* the last answer to check_ask, owned */
	size_t caught_len;
	struct frame_header caught_header;
	char complaint[512];         /* the first thing that was wrong, "" if none */
};

/* world.c */
bool world_chance(struct world *w, double p);
uint64_t world_below(struct world *w, uint32_t n);
void world_complain(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void world_push(struct world *w, struct happening h);
void world_event(struct world *w, const struct event *ev);
void world_send(struct world *w, int client, const struct frame_header *h, const uint8_t *body,
	size_t len);

/* Let the next thing happen. */
void world_turn(struct world *w);

/* kill -9 and restart: memory is gone, the commit under way is on the disk or
 * not. */
void world_kill(struct world *w);

/* Run one schedule. NULL when everything held, else the complaint (static). */
const char *world_run(const struct profile *p, uint64_t seed);

/* disk.c */
void disk_commit(struct world *w, uint64_t group, const struct row *rows, size_t n);
void disk_finish_commit(struct world *w, uint64_t group);
void disk_crash(struct world *w);
void disk_load(struct world *w, uint64_t ticket, uint64_t study);
uint64_t disk_seq(const struct world *w, uint64_t study);
void disk_free(struct world *w);

/* clients.c */
void clients_start(struct world *w);
void clients_timeout(struct world *w, int client, uint64_t patience);
void clients_answer(struct world *w, int client, const struct frame_header *h,
	const uint8_t *body, size_t len);
bool clients_done(const struct world *w);
void clients_free(struct world *w);
const char *clients_study_name(int i);

/* check.c: a reply that leaves the engine reflects only what is on the disk. */
void check_reply_is_durable(struct world *w, const struct frame_header *h, const uint8_t *body,
	size_t len);

/* check.c: the end of a schedule. */
void check_world(struct world *w);

/* Ask the engine directly, past the network; repeats while it is UNAVAILABLE.
 * False when there is no answer (and the world complains). */
bool check_ask(struct world *w, struct msg_request *m, struct msg_reply *out, struct arena *a);

#endif
