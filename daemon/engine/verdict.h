/* What the scores of a model say, in sentences for people. */
#ifndef KR_DAEMON_ENGINE_VERDICT_H
#define KR_DAEMON_ENGINE_VERDICT_H

#include "base/arena.h"
#include "proto/msg.h"

enum { VERDICT_MOST = 4 };

/* How many sentences about m; NULL among them where a had no memory. */
int verdict_say(const struct msg_model *m, const char *sentences[VERDICT_MOST], struct arena *a);

#endif
