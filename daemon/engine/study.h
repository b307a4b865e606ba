/* One study: what its rows applied in order make of memory.
 *
 * Start-up, reload, replay's scratch study and live handling all go through
 * study_new (the first row) and study_apply (every later one):
 *   study_check   may this record be applied? (rows that come from the store)
 *   study_reserve memory for it; may fail, changes nothing that can be seen
 *   study_apply   cannot fail
 *
 * What a computation sees (and so what replay rebuilds):
 *   observations  COMPLETE trials that are not excluded, in the order in which they became so
 *   pending       RUNNING trials, and QUEUED ones whose point is whole, by number
 *   taken         FAILED, EXPIRED, PRUNED, INFEASIBLE, CANCELLED and excluded trials by number
 *   state         where the fit of the newest suggestion ended */
#ifndef KR_DAEMON_ENGINE_STUDY_H
#define KR_DAEMON_ENGINE_STUDY_H

#include "daemon/engine/definition.h"
#include "daemon/engine/history.h"
#include "daemon/engine/labels.h"
#include "daemon/engine/lease.h"
#include "daemon/engine/models.h"
#include "daemon/engine/numbers.h"
#include "daemon/engine/reports.h"
#include "daemon/engine/row.h"
#include "daemon/engine/text.h"
#include "daemon/engine/trial.h"
#include "daemon/engine/version.h"
#include "proto/record.h"

/* What a study looks like from outside at one event, beside its definition and
 * trials: kept for the events whose answer shows it. */
struct study_view {
	uint64_t seq;
	enum study_state state;
	enum study_state before_delete; /* what undelete brings back */
	bool has_budget;
	uint64_t budget;
	double lease_s; /* of trials given out from now on */
	enum on_expiry on_expiry;
	uint32_t retry_limit;
	struct msg_labels labels;
	uint64_t spec_version; /* 1 at first, one more with each change of the settings */
	uint64_t counts[TRIAL_N_STATES];
	uint64_t spent; /* trials that take a place of the budget */
	struct msg_stop_rules stop;
	struct msg_acquisition acquisition;
	const char *end; /* FINISHED by a stop rule: which; NULL: not */
	bool has_outlook;
	struct msg_outlook outlook; /* of the newest suggestion by the model */
	bool has_best;
	uint64_t best; /* number: best objective of the trials that meet all outcome constraints */
};

/* What stop rules are judged by (halt.h). All zero at first. */
struct study_halt {
	uint64_t without;   /* trials since the last progress */
	bool has_reference; /* the objective that the next progress is compared with */
	double reference;
	bool reached; /* the target, by trial `number` */
	uint64_t number;
	uint32_t low;   /* suggestions in a row that found a gain unlikely */
	uint64_t low_n; /* results when the last of them was given out */
};

struct prepared;
struct snapshot;
struct waiter;
struct watch;
struct prediction;

/* Suggests in the order of their arrival. */
struct waiters {
	struct waiter *head, *tail;
};

struct study {
	/* ---- from the rows ---- */
	uint64_t id;
	uint64_t created_ms;
	struct definition *def;
	struct study_view now;
	struct study_view *past; /* at the requests that answered with the study, by seq */
	size_t n_past, cap_past;
	struct trials trials;
	struct history history;
	struct numbers running, queued, taken;
	struct grants grants;   /* trials given out again */
	struct grants stale;    /* results that came too late to count */
	struct reports reports; /* and what they were answered */
	struct study_halt halt;
	struct pool pool; /* versions of trials, points, labels */
	struct text text;
	double *state; /* of the model */
	size_t n_state, cap_state;
	struct models *models;   /* as they were last fitted; NULL: never */
	struct models *reserved; /* what they become; of study_reserve, for study_apply */
	uint64_t input_seq;      /* newest event that changed what a computation may see */
	bool input_given;        /* it gave out trials */

	/* ---- of this run of the daemon; a scratch study has none ---- */
	struct leases *leases; /* NULL: leases are not kept (yet) */
	uint64_t incarnation;  /* differs after each load */
	uint64_t last_group;   /* newest group of commits with a row of it */
	uint64_t input_group;  /* the same with one that changed what a computation may see */
	uint64_t ticket;       /* not 0: its rows are being read */
	int64_t reload_at;     /* reading failed: when to try again */
	bool reloading;        /* memory is not to be trusted until the rows are read */
	struct study *loaded;  /* what has been read so far */
	bool load_failed;
	bool damaged;                   /* a stored row cannot be understood */
	struct waiters queue;           /* suggests for the next computation */
	struct waiters in_job;          /* suggests of those that run */
	struct waiters parked;          /* suggests to which nothing can be given now */
	uint64_t job;                   /* its id; 0: none */
	size_t n_jobs;                  /* computations for suggests: it, and hasty ones */
	struct snapshot *snapshot;      /* that they share */
	uint64_t next_key;              /* of the random numbers of a hasty one */
	uint64_t waiting;               /* places of the budget reserved for queue and in_job */
	struct prediction *predictions; /* those that wait for the one that is being computed */
	uint64_t predicting;            /* its job; 0: none */
	struct prepared *prepared;      /* the next suggestion; NULL: none, nor under way */
	uint64_t prepared_seq;          /* newest input_seq for which one was begun */
	bool prepared_in_vain;          /* the last one was thrown away */
	bool asked;                     /* a Suggest has come in this run, */
	int64_t asked_ns;               /* the last then */
	struct watch *watches;          /* clients that wait for a change */
	bool stirred;                   /* it has changed in this step */
	struct study *next_stirred;
	struct study *next_same_bucket;
};

/* The study that its first row makes. Takes a reference to def.
 * Errors: KR_ENOMEM. */
enum kr_status study_new(
	struct study **out, const struct row *row, struct definition *def, struct kr_error *err);
void study_free(struct study *s);

/* A record that came from the store: is it what may follow? seq, numbers, lengths, states.
 * Errors: KR_ECORRUPT. */
enum kr_status study_check(
	const struct study *s, const struct row *row, const struct record *r, struct kr_error *err);

/* The first outcome whose trial an earlier one has too, -1 when there is none. Cost
 * quadratic when the numbers are not in order. */
int study_repeated(const struct record_ended *r);

/* Errors: KR_ENOMEM. */
enum kr_status study_reserve(struct study *s, const struct record *r, struct kr_error *err);

/* row gives seq, time and method; now_ns starts leases. */
void study_apply(struct study *s, const struct row *row, const struct record *r, int64_t now_ns);

/* Numbers of the trials that event seq gave out, in the order of its answer: how many, and the
 * i-th. Deleted ones too. */
uint64_t study_n_given(const struct study *s, uint64_t seq);
uint64_t study_given(const struct study *s, uint64_t seq, uint64_t i);

/* Numbers of the trials that event seq made: how many, the first in *first. */
uint64_t study_made(const struct study *s, uint64_t seq, uint64_t *first);

/* The view as a RECORD_STUDY_UPDATED leaves it; pure: labels are borrowed. */
void study_view_update(struct study_view *v, const struct record_updated *u, uint64_t seq);

/* The spec with the settings as the view has them; borrows both. */
struct msg_spec study_view_spec(const struct definition *def, const struct study_view *v);

/* The view at event seq: now, at a request kept in past, or at creation.
 * False when it is not kept. */
bool study_view_at(const struct study *s, uint64_t seq, struct study_view *out);

/* Places of the budget that are left beside `reserved`; UINT64_MAX without a budget. */
uint64_t study_left(const struct study *s, uint64_t reserved);

/* Trials that were deleted: only that frees points of the space. */
uint64_t study_n_deleted(const struct study *s);

/* Is a better objective than b, in the study's direction? */
bool study_better(const struct study *s, double a, double b);

/* The objective of a trial that has its result. */
double study_objective(const struct study *s, const struct trial *t);

/* Does a trial that has its result meet all outcome constraints? */
bool study_feasible(const struct study *s, const struct trial *t);

#endif
