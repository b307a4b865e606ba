/* Results of other studies for one that is created: copied into its first row, so that it stays
 * what it is when they change or go. */
#ifndef KR_DAEMON_ENGINE_WARM_START_H
#define KR_DAEMON_ENGINE_WARM_START_H

#include "daemon/engine/call.h"

/* def (new) and *sources (in c->a, as they are stored) <- the results of the studies that its spec
 * names. A study fits when each parameter of def is one of its own, of the same name and kind, or
 * is FIXED; a parameter that def has not must be FIXED there. Of its COMPLETE trials that are not
 * excluded and meet their outcome constraints (of more than 2,000 the newest, and the best), those
 * that are points of def's space count; of those at most LIMIT_WARM_START_POINTS are taken
 * (subset.h). A request with clone_of gets instead what that study has taken, whose parameters and
 * sources must be the same.
 * Errors: KR_CONFLICT (clone_of), KR_NOT_FOUND, KR_INVALID_ARGUMENT (field "spec.warm_start[i]"), KR_UNAVAILABLE,
 * KR_ECORRUPT, KR_ENOMEM. */
enum kr_status warm_start_take(struct call *c, struct definition *def,
	const struct record_source **sources, struct kr_error *err);

#endif
