/* What a trial has reported: steps that grow, and a value at each. A new attempt
 * goes on where the earlier one was: its first report drops those that it repeats. */
#ifndef KR_DAEMON_ENGINE_PROGRESS_H
#define KR_DAEMON_ENGINE_PROGRESS_H

#include <stdint.h>

#include "base/status.h"
#include "proto/msg.h"

struct progress {
	uint32_t attempt; /* of the newest report */
	int n, cap;
	struct msg_progress p[];
};

/* Room for one more; *p is NULL before the first. Errors: KR_ENOMEM. */
enum kr_status progress_reserve(struct progress **p, struct kr_error *err);

/* The room has been reserved; when attempt is that of the newest report, its step is lower. */
void progress_add(struct progress *p, uint32_t attempt, const struct msg_progress *report);

/* The newest report of this attempt; NULL: it has none. p may be NULL. */
const struct msg_progress *progress_last(const struct progress *p, uint32_t attempt);

/* How many reports a report of this attempt at this step leaves as they are. */
int progress_kept(const struct progress *p, uint32_t attempt, int64_t step);

void progress_free(struct progress *p);

#endif
