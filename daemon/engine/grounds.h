/* What a suggestion by the model rests on (struct msg_grounds): from a computation, as long as its
 * study, compared by replay. Owns nothing. */
#ifndef KR_DAEMON_ENGINE_GROUNDS_H
#define KR_DAEMON_ENGINE_GROUNDS_H

#include "acquisition/policy/policy.h"
#include "daemon/engine/definition.h"
#include "daemon/engine/history.h"
#include "daemon/engine/pool.h"
#include "proto/msg.h"

/* One with the lists that it points to; not to be copied. */
struct grounds {
	struct msg_grounds g;
	struct msg_pull pulls[POLICY_MOST_PULLS];
	struct msg_lever levers[POLICY_MOST_LEVERS];
};

/* Of p, computed from these observations; NULL when p is not by the model. Borrows names from def
 * and the lists from out. */
const struct msg_grounds *grounds_make(struct grounds *out, const struct definition *def,
	const struct history_view *of, const struct policy_suggestion *p);

/* A copy in the pool, with the names of def; NULL for NULL. grounds_size: bytes that it needs
 * there, which have been reserved. */
size_t grounds_size(const struct msg_grounds *g);
const struct msg_grounds *grounds_keep(
	struct pool *pool, const struct definition *def, const struct msg_grounds *g);

/* Is each name a parameter of the study, each trial one of the first n_trials? NULL is fine. */
bool grounds_good(const struct msg_grounds *g, const struct definition *def, uint64_t n_trials);

/* The same bits? Both may be NULL. */
bool grounds_equal(const struct msg_grounds *a, const struct msg_grounds *b);

#endif
