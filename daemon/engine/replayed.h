/* One recorded suggestion event under replay: what was recorded, and how the
 * recomputation compares, bit for bit. */
#ifndef KR_DAEMON_ENGINE_REPLAYED_H
#define KR_DAEMON_ENGINE_REPLAYED_H

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/job_internal.h"
#include "daemon/engine/row.h"
#include "proto/record.h"

struct verdict {
	bool equal;
	bool has_computed; /* the other point is known */
};

struct replayed {
	uint64_t seq;
	struct arena *arena; /* of the record */
	struct record_suggested record;
	struct replayed *same;    /* next event of the same job */
	struct replayed *next;    /* next event */
	int *slots;               /* by trial: of the job; -1: it was queued as it is */
	int n_computed;           /* trials that have a slot */
	bool begins_right;        /* the job began where the events before it leave the model */
	struct verdict *verdicts; /* by trial */
	double *computed;         /* by trial: d values, where a verdict says so */
};

/* Errors: KR_ENOMEM, KR_ECORRUPT. */
enum kr_status replayed_new(struct replayed **out, const struct row *row, struct kr_error *err);
void replayed_free(struct replayed *ev);

/* Can the recorded job be one of that study? */
bool replayed_possible(const struct replayed *ev, const struct definition *def);

/* Do the two record the same job, whose suggests each got a row? */
bool replayed_same_job(const struct replayed *a, const struct replayed *b);

/* Where the events before the job leave the state of the model: did it begin there? */
void replayed_begin(struct replayed *ev, size_t n, const double *state);

/* Compare with the recomputation. Without memory for the computed values only the
 * verdict is told. */
void replayed_compare(struct replayed *ev, const struct job *j);

/* Most bytes that it takes in an answer. */
size_t replayed_bytes(const struct replayed *ev, const struct definition *def);

/* out: n_computed entries; points: with the values. Errors: KR_ENOMEM. */
enum kr_status replayed_put(struct msg_replayed *out, const struct replayed *ev,
	const struct definition *def, bool points, struct arena *a);

#endif
