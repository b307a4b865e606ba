/* What a study's parameters say about where the optimum is. */
#ifndef KR_DAEMON_ENGINE_BELIEFS_H
#define KR_DAEMON_ENGINE_BELIEFS_H

#include "acquisition/space/belief.h"
#include "proto/msg.h"

/* *out <- the priors of the parameters of spec, NULL when none has one; the space, which is the
 * spec's, is borrowed. Decoding has checked what a parameter says by itself.
 * Errors: KR_INVALID_ARGUMENT (field "spec.parameters[i].prior"), KR_ENOMEM. */
enum kr_status beliefs_make(const struct msg_spec *spec, const struct space *space,
	struct belief **out, struct kr_error *err);

#endif
