/* Pages of long answers: how much fits a message. Sizes are estimates from
 * above, so a page that is not over PAGE_BYTES is under the message limit. */
#ifndef KR_DAEMON_ENGINE_PAGE_H
#define KR_DAEMON_ENGINE_PAGE_H

#include "daemon/engine/reply.h"
#include "daemon/engine/study.h"

enum { PAGE_BYTES = 900000 };

/* Entries of a page: what the request says (0: nothing), what there is, what a page holds. */
size_t page_most(uint32_t limit, uint64_t there_is);

/* Most bytes that one takes in an answer. */
size_t page_trial_bytes(const struct study *s, const struct trial *t, struct reply_columns columns);
size_t page_point_bytes(const struct definition *def, const double *values);
size_t page_study_bytes(const struct study *s);

#endif
