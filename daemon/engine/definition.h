/* The part of a study that never changes: its name, its spec as created, and
 * what follows from them. Reference-counted, because computations outlive the
 * study's other memory. Counts change on the engine's thread only; everything
 * else is read-only, so other threads may read it. */
#ifndef KR_DAEMON_ENGINE_DEFINITION_H
#define KR_DAEMON_ENGINE_DEFINITION_H

#include "acquisition/policy/policy.h"
#include "acquisition/space/belief.h"
#include "acquisition/space/space.h"
#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/params.h"
#include "proto/record.h"

struct definition {
	size_t refs;
	struct arena *arena;
	const char *name;
	struct msg_spec spec; /* completed: lease and seed are set; the settings as first given */
	struct space *space;
	struct belief *belief; /* where the optimum is thought to be; NULL: no idea */
	int n_sources;
	const struct msg_warm_start *warm_start; /* n_sources */
	const struct policy_source *sources;     /* n_sources: their points */
	int d;                                   /* parameters */
	int objective;                           /* of the metrics */
	bool minimize;
	bool constrained;     /* some metrics are outcome constraints */
	struct params params; /* by name */
};

/* Copies name and spec, with one reference.
 * Errors: KR_INVALID_ARGUMENT (field "spec...."), KR_ENOMEM. */
enum kr_status definition_new(
	struct definition **out, const char *name, const struct msg_spec *spec, struct kr_error *err);
struct definition *definition_retain(struct definition *def);
void definition_release(struct definition *def);

/* Give a new definition what was taken of other studies: copied.
 * Errors: KR_ECORRUPT (not points of the space, or not an outcome for each), KR_ENOMEM. */
enum kr_status definition_take(
	struct definition *def, int n, const struct record_source *sources, struct kr_error *err);

/* The term of a lease that nobody chose. */
#define DEFINITION_LEASE_S 600.0

/* How often a trial is given out again after its lease ran out, when REQUEUE says no limit. */
enum { DEFINITION_RETRY_LIMIT = 2 };

/* Parameter of that name, -1 when there is none; hint: where it may be. */
int definition_find(const struct definition *def, const char *name, int hint);

/* For a study that is to be created: see rules_check. */
enum kr_status definition_check(const struct definition *def, struct kr_error *err);

/* Would a study of that spec have the same parameters and rules for points, and begin with the same
 * other studies? Errors: KR_CONFLICT naming the first field that differs and both values. */
enum kr_status definition_agrees_start(
	const struct definition *def, const struct msg_spec *spec, struct kr_error *err);

/* Does what a request says agree with the study? Settings that are absent (budget, lease, what
 * becomes of lost trials, stop rules, labels) and an absent seed agree with anything; others with the first
 * ones or those of `now`, so that a script attaches again after somebody changed them.
 * Errors: KR_CONFLICT naming the first field that differs and both values. */
enum kr_status definition_agrees(const struct definition *def, const struct msg_spec *spec,
	const struct msg_spec *now, struct kr_error *err);

#endif
