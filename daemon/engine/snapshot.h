/* A study as computations see it, at one event: immutable, shared by the jobs that start from
 * it. Taking one costs little: observations are shared (history.h), other points copied.
 * References change on the engine's thread only; any thread may read. */
#ifndef KR_DAEMON_ENGINE_SNAPSHOT_H
#define KR_DAEMON_ENGINE_SNAPSHOT_H

#include "daemon/engine/study.h"

/* Points of some trials, one after another. */
struct snapshot_points {
	int n;
	double *values;
};

struct snapshot {
	size_t refs;
	uint64_t seq;
	uint64_t first_number; /* of the next trial */
	bool shared;           /* by computations that don't know of each other's points */
	struct history_view history;
	struct snapshot_points pending, failed, infeasible, taken;
	double *state; /* of the model */
	int n_state;
	double gain, gain_relative; /* of the stop rules: an improvement that counts */
	enum choice acquisition;
	double level, beta; /* of the acquisition */
};

/* s as it is, with one reference. Errors: KR_ENOMEM. */
enum kr_status snapshot_new(struct snapshot **out, const struct study *s, struct kr_error *err);
/* Would one of s have points that failed or were infeasible? Looks at all without a result. */
bool snapshot_has_failed(const struct study *s);

struct snapshot *snapshot_retain(struct snapshot *snap);

/* Computations of it are done: if it has one reference, it keeps the observations (which it shares
 * with the study) and no copies. */
void snapshot_thin(struct snapshot *snap);

/* NULL is fine. */
void snapshot_release(struct snapshot *snap);

#endif
