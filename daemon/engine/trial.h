/* Trials of one study, by number, in chunks that never move. */
#ifndef KR_DAEMON_ENGINE_TRIAL_H
#define KR_DAEMON_ENGINE_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "daemon/engine/row.h"
#include "proto/record.h"

struct progress;

/* A trial as its events left it. Its end leaves what it was given out with (given_seq,
 * token, lease_ms, why, ...) as it is; every other event that overwrites something keeps
 * the trial as it was (version.h). So the first answer to a request that showed it can be
 * told again. */
struct trial {
	uint64_t number;
	const double *values;       /* d: the number, or the index of the choice */
	const double *metrics;      /* by metric of the study, when has_value */
	const double *sems;         /* by metric, NaN: none; NULL: none at all */
	const struct trial *before; /* its earlier version; NULL: none was kept */
	uint64_t made_seq;          /* event that made it */
	uint64_t given_seq;         /* event that gave it out last; 0: none yet */
	uint64_t seq;               /* event that changed it last */
	uint64_t created_ms;
	uint64_t finished_ms;              /* 0: not yet */
	uint64_t lease_ms;                 /* term */
	double mean, sd, acq;              /* acq: its log, unless has_acq */
	double p_feasible;                 /* NaN: not known */
	const struct msg_grounds *grounds; /* NULL: none */
	const char *worker;                /* NULL: none was named */
	const char *reason;                /* NULL: none */
	const char *note;                  /* NULL: none */
	struct msg_labels labels;
	struct progress *progress; /* NULL: no report; owned by the trial that is now */
	uint8_t token[MSG_ID_BYTES];
	uint8_t session[MSG_ID_BYTES]; /* of the holder, when has_session */
	uint32_t attempt;              /* how often it was given out */
	uint32_t ended_by;             /* attempt that ended it */
	uint32_t lease_at;             /* place in the heap of leases, from 1; 0: none */
	uint8_t state;                 /* enum trial_state */
	uint8_t rule, freshness;       /* enum why_rule, why_freshness */
	uint8_t acquisition;           /* enum choice; CHOICE_AUTO: none, or not known */
	bool has_prediction, has_acq;
	bool has_value;
	bool late;
	bool told;
	bool spends;   /* takes a place of the budget */
	bool excluded; /* the model does not see it; its point counts as taken */
	bool deleted;  /* gone: only repeats of requests know it */
	bool shown;    /* the answer to event seq showed all of it */
	bool has_session;
	bool partial; /* free values are NaN: they are suggested when it is given out */
	bool picked;  /* of this run: a suggest that waits is to get it */
};

/* What an event makes of a trial; pure, so that an answer can be built before
 * the event is applied. Texts and values are borrowed from the record. */

/* A new one is given out; one that was QUEUED or RUNNING is given out again. */
void trial_give(struct trial *t, const struct record_given *given,
	const struct record_suggested *to, const struct row *row);
void trial_give_again(struct trial *t, const struct record_given *given,
	const struct record_suggested *to, const struct row *row);

/* partial: not every parameter that it needs has a value. */
void trial_queue(struct trial *t, uint64_t number, const struct record_added_trial *added,
	bool partial, const struct row *row);
void trial_tell(struct trial *t, uint64_t number, const struct record_added_trial *added,
	const struct row *row);
void trial_end(struct trial *t, const struct record_outcome *outcome, const struct row *row);
void trial_edit(struct trial *t, const struct record_edited *edited, const struct row *row);

/* Why it was given out, in words of the wire. */
struct msg_why trial_why(const struct trial *t);

struct trials {
	int d, n_metrics;
	size_t n; /* the next number */
	struct trial_chunk **chunks;
	size_t n_chunks, cap;
};

/* Empty, for points of d values and results of n_metrics. */
void trials_init(struct trials *s, int d, int n_metrics);
void trials_fini(struct trials *s);

/* Room for `extra` more. Errors: KR_ENOMEM. */
enum kr_status trials_reserve(struct trials *s, size_t extra, struct kr_error *err);

/* Keep t (its values and result are copied; its texts must live as long as s). The room has
 * been reserved; t->number is s->n. Returns the kept one. */
struct trial *trials_add(struct trials *s, const struct trial *t);

/* Copy the result of t, a trial of s, which trial_end has borrowed from a record. */
void trials_keep_result(const struct trials *s, struct trial *t);

/* NULL when there is no such number, or the trial was deleted. */
struct trial *trials_at(const struct trials *s, uint64_t number);

/* The same, deleted ones too. */
struct trial *trials_kept(const struct trials *s, uint64_t number);

/* The first number made by event seq or a later one; s->n when there is none. */
uint64_t trials_made_from(const struct trials *s, uint64_t seq);

#endif
