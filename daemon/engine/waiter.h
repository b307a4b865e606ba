/* A suggest between its request and its answer: what it asked for, who gets the answer, and
 * which trials it has picked. It stands in one of its study's three lists:
 *   queue    waits for the next computation
 *   in_job   a running computation is its
 *   parked   nothing can be given now; tried again after every change of the study */
#ifndef KR_DAEMON_ENGINE_WAITER_H
#define KR_DAEMON_ENGINE_WAITER_H

#include "daemon/engine/event.h"
#include "daemon/engine/study.h"
#include "daemon/engine/timer.h"

/* What a suggest asks for; the caller has checked it. */
struct suggest {
	const struct msg_request *m;
	const struct route *route;
	uint64_t count;      /* 1 to LIMIT_BATCH */
	const double *fixed; /* d values, NaN where free; NULL: all free */
	uint64_t lease_ms;
	int64_t until_ns; /* how long it waits when nothing can be given; 0: not at all */
};

/* A trial that is there and that a waiter is to get (pick.h). */
struct pick {
	uint64_t number;
	uint32_t attempt; /* of the trial when it was picked */
	bool running;     /* it takes no further place of the budget */
	bool partial;     /* its free values are to be computed */
};

struct waiter {
	struct waiter *next;
	uint64_t study;
	struct timer timer; /* in queue: the deadline; parked: the end of the wait */
	uint8_t request[MSG_ID_BYTES];
	struct route *routes; /* of the request and its repeats */
	size_t n_routes, cap_routes;
	char *worker; /* NULL: none */
	bool has_session;
	uint8_t session[MSG_ID_BYTES];
	double *fixed;   /* d values; NULL: all free */
	bool only_whole; /* partial picks can't be completed with its fixed values */
	uint64_t count;
	uint64_t lease_ms;
	int64_t until_ns;
	bool has_deadline;
	uint64_t deadline_ms; /* for the computation, from the time at which it could begin */
	int64_t deadline_ns;  /* INT64_MAX: none */
	bool hasty;           /* it has had a computation of its own at its deadline */
	uint64_t places;      /* of the budget that are reserved for it */
	uint64_t n_deleted;   /* trials deleted when it was planned last */
	bool exhausted;       /* no unseen point was left then */
	struct pick *picks;   /* trials that it is to get, beside new ones */
	size_t n_picks, cap_picks;
	uint64_t job;   /* the running computation that is its */
	int first_slot; /* in it */
	int n_slots;    /* points to be computed: of its partial picks, then new ones */
};

/* NULL without memory. */
struct waiter *waiter_new(const struct study *s, const struct suggest *q);
void waiter_free(struct waiter *w);

/* One more who gets the answer. False without memory. */
bool waiter_add_route(struct waiter *w, const struct route *route);

/* Of its slots, those that complete partial picks. */
int waiter_n_partial(const struct waiter *w);

/* ---- lists ---- */

void waiters_push(struct waiters *q, struct waiter *w);

/* The first; NULL when there is none. */
struct waiter *waiters_pop(struct waiters *q);

/* w is in q. */
void waiters_remove(struct waiters *q, struct waiter *w);

/* The one of that request; NULL when it is not there. */
struct waiter *waiters_find(const struct waiters *q, const uint8_t request[MSG_ID_BYTES]);

#endif
