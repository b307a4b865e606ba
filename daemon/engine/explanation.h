/* Why a trial was suggested and what came of it, in sentences for people, from what was recorded
 * with the suggestion. */
#ifndef KR_DAEMON_ENGINE_EXPLANATION_H
#define KR_DAEMON_ENGINE_EXPLANATION_H

#include "base/arena.h"
#include "daemon/engine/study.h"

enum { EXPLANATION_MOST = 12 };

/* How many sentences about t, a trial of s; NULL among them where a had no memory. */
int explanation_say(const struct study *s, const struct trial *t,
	const char *sentences[EXPLANATION_MOST], struct arena *a);

/* *surprise <- how far the result lies from the prediction, in deviations of a measurement there:
 * positive above it. False when there is no result, no prediction, or neither has a deviation. */
bool explanation_surprise(const struct study *s, const struct trial *t, double *surprise);

#endif
