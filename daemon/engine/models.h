/* The models of a study as they were last fitted, for people: what GetModel shows. A list that
 * owns itself; the fits that computations start from are the study's state, not this. */
#ifndef KR_DAEMON_ENGINE_MODELS_H
#define KR_DAEMON_ENGINE_MODELS_H

#include "base/status.h"
#include "proto/msg.h"

struct models;

/* A copy of `is`, with what it leaves out of `was` (NULL: nothing): the models of other metrics,
 * and scores of an earlier fit where a deadline left no time for new ones. Errors: KR_ENOMEM. */
enum kr_status models_new(struct models **out, const struct msg_models *is,
	const struct models *was, struct kr_error *err);
void models_free(struct models *m);

/* Borrowed; NULL: none. */
struct msg_models models_list(const struct models *m);

#endif
