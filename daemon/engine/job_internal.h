/* What the engine's files see of a job: made from a snapshot of a study, read
 * when it comes back. job.h is what the shell sees.
 *
 * The contiguous arrays that the policy wants are gathered from the snapshot by the
 * first unit, on the compute side. */
#ifndef KR_DAEMON_ENGINE_JOB_INTERNAL_H
#define KR_DAEMON_ENGINE_JOB_INTERNAL_H

#include "acquisition/policy/policy.h"
#include "daemon/engine/event.h"
#include "daemon/engine/job.h"
#include "daemon/engine/models.h"
#include "daemon/engine/snapshot.h"
#include "daemon/engine/study.h"

enum job_kind { JOB_SUGGEST, JOB_PREDICT, JOB_REPLAY };

struct job {
	/* Who asked. */
	enum job_kind kind;
	uint64_t id, study, incarnation;
	void *asker, *tag;   /* JOB_REPLAY: of replay.c */
	struct route *route; /* JOB_PREDICT: where the answer goes; owned */

	/* What to compute. */
	struct definition *def;
	struct snapshot *of;
	bool unasked; /* it began before anybody asked for it */
	bool hasty; /* its deadline has come before it began: it does not wait for the study's others */
	int n_slots, n_queries, n_state;
	struct policy_slot *slots;
	bool calibrate; /* score the models that are fitted */
	bool keyed;     /* some slots have other keys than the next number of the snapshot and on */
	double *fixed;  /* n_slots x d, NaN where free; NULL: all free */
	double *queries, *state;

	/* Replay: exactly so much work. */
	bool bounded;
	uint32_t most_units;

	/* At work. */
	double *X, *Y, *S; /* as history_gather fills them */
	struct policy_constraint *constraints;
	struct policy *policy;
	bool asked_to_stop;

	/* The result, once settled. */
	bool settled;
	enum kr_status status; /* KR_OK, KR_ENOMEM */
	uint32_t units;
	bool cut;                              /* work was left */
	struct policy_suggestion *suggestions; /* n_slots; values point into `values` */
	double *values;
	bool has_outlook;
	struct msg_outlook outlook; /* without number */
	double *means, *sds;        /* n_queries x metrics of the study */
	bool predicted;             /* there was a model */
	double *state_out;
	int n_state_out;
	struct models *models; /* that were fitted; NULL: none */
};

/* What a job is to compute, beside the study's observations. */
struct job_wish {
	int n_slots;
	bool any_fixed; /* else job->fixed stays NULL */
	int n_queries;
	const double *queries; /* n_queries x d, copied */
};

/* For s, of that snapshot (NULL: of s as it is). The caller fills fixed (rows of NaN) when
 * any_fixed. Errors: KR_ENOMEM. */
enum kr_status job_new(struct job **out, enum job_kind kind, uint64_t id, const struct study *s,
	struct snapshot *of, const struct job_wish *wish, struct kr_error *err);

/* Replay: where the fit started, as recorded. Errors: KR_ENOMEM. */
enum kr_status job_set_state(struct job *j, int n, const double *state, struct kr_error *err);

/* Come to an end now, if the shell gave it back before: results may be read. */
void job_finish(struct job *j);

#endif
