/* Parts of answers, built from state. Everything lives in the arena or is
 * borrowed from the study. Errors: KR_ENOMEM (arena). */
#ifndef KR_DAEMON_ENGINE_REPLY_H
#define KR_DAEMON_ENGINE_REPLY_H

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/study.h"
#include "proto/msg.h"

struct reply_columns {
	bool params, values, why;
	bool labels; /* and the note */
	bool progress;
	bool grounds; /* with why: what it rests on */
};

/* A trial as it is. */
enum kr_status reply_trial(struct msg_trial *out, const struct study *s, const struct trial *t,
	struct reply_columns columns, struct arena *a, struct kr_error *err);

/* A trial as it was given out: RUNNING, with its lease. */
enum kr_status reply_given(struct msg_trial *out, const struct study *s, const struct trial *t,
	struct arena *a, struct kr_error *err);

/* What a report was answered. t: as it was given out or, when it was not RUNNING, as it was. */
enum kr_status reply_report(struct msg_report_reply *out, const struct study *s,
	const struct trial *t, enum stop_reason stop, struct arena *a, struct kr_error *err);

/* A study as a view shows it. */
enum kr_status reply_study(struct msg_study *out, const struct study *s, const struct study_view *v,
	struct arena *a, struct kr_error *err);

/* What answers to changes show of a trial; reads may show its progress, and what it rests on. The
 * best trial of a study shows all but its progress. */
extern const struct reply_columns reply_all_columns, reply_every_column, reply_grounded_columns;

#endif
