/* The space of a study from its spec: parameters, conditions, forbidden combinations,
 * linear constraints. */
#ifndef KR_DAEMON_ENGINE_RULES_H
#define KR_DAEMON_ENGINE_RULES_H

#include "acquisition/space/space.h"
#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/params.h"

/* *out <- the space. The spec and params are borrowed for its life; what is made besides lives
 * in the arena. All that the texts say by themselves is checked: syntax, names, types,
 * conditions in a circle.
 * Errors: KR_INVALID_ARGUMENT (field "spec...."), KR_ENOMEM. */
enum kr_status rules_make(const struct params *params, const struct msg_spec *spec, struct arena *a,
	struct space **out, struct kr_error *err);

/* An error of space/, which speaks of "params[i]", as one of the request; returns st. */
enum kr_status rules_in_words_of_request(struct kr_error *err, enum kr_status st);

/* For a study that is to be created: can every condition hold, is some point allowed, with
 * room for the search around it, and can every parameter be active? Bounded work: what cannot
 * be shown to have a point is refused too, because nothing could be suggested.
 * Errors: KR_INVALID_ARGUMENT naming the field and what would help, KR_ENOMEM. */
enum kr_status rules_check(const struct params *params, const struct msg_spec *spec,
	const struct space *space, struct kr_error *err);

/* The text of a rule and what the request called it ("spec.forbidden[1]"), numbered as by
 * space_broken. */
const char *rules_text(const struct msg_spec *spec, int rule);
const char *rules_field(const struct msg_spec *spec, int rule, char out[64]);

#endif
