/* Parts of answers, built from state. Everything lives in the arena or is
 * borrowed from the study. Errors: KR_ENOMEM (arena). */
#ifndef KR_DAEMON_ENGINE_REPLY_H
#define KR_DAEMON_ENGINE_REPLY_H

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/study.h"
#include "proto/msg.h"

struct reply_columns {
	bool params, values, why, labels; /* labels: the note too */
};

/* A trial as it is. */
enum kr_status reply_trial(struct msg_trial *out, const struct study *s, const struct trial *t,
	struct reply_columns columns, struct arena *a, struct kr_error *err);

/* A trial as it was given out: RUNNING, with its lease. */
enum kr_status reply_given(struct msg_trial *out, const struct study *s, const struct trial *t,
	struct arena *a, struct kr_error *err);

/* A study as a view shows it. */
enum kr_status reply_study(struct msg_study *out, const struct study *s, const struct study_view *v,
	struct arena *a, struct kr_error *err);

extern const struct reply_columns reply_all_columns;

#endif
