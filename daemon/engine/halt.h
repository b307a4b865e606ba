/* Stop rules: when a study ends by itself. What they are judged by is counted as rows are applied;
 * that one holds is noticed at the end of a step, and recorded as a row like any other change of
 * the study's state, so that restarts and replay meet the same end.
 *
 *   no progress    so many suggested trials became COMPLETE since the last progress: a feasible
 *                  objective that is better than the one before by more than the least
 *   target         a feasible objective as good as it
 *   gain           the newest HALT_RUNS suggestions by the model, each with results that the one
 *                  before had not, found an improvement of more than `gain` less likely than
 *                  p_gain. One may be off: models are sure of themselves for a moment, and turns
 *                  that exploit look elsewhere than those that explore.
 *
 * Counting begins anew when the rules change, and when the study is resumed. Told results are
 * progress, but no trials. A correction moves what progress is compared with, not the count. */
#ifndef KR_DAEMON_ENGINE_HALT_H
#define KR_DAEMON_ENGINE_HALT_H

#include "base/arena.h"
#include "daemon/engine/study.h"

enum { HALT_RUNS = 3 };

/* Count anew from here on. */
void halt_reset(struct study *s);

/* t has become an observation, and s->now.best is right again. */
void halt_result(struct study *s, const struct trial *t);

/* The result of t was corrected, excluded, included or deleted. */
void halt_edited(struct study *s, const struct trial *t);

/* A suggestion was given out. */
void halt_suggested(struct study *s, const struct record_suggested *r);

/* Does a rule hold of a study that goes on? */
bool halt_due(const struct study *s);

/* Which, with its numbers; halt_due. NULL when memory runs out. */
const char *halt_reason(const struct study *s, struct arena *a);

#endif
