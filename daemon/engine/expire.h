/* Leases that ran out: their trials become EXPIRED, or QUEUED again, one row a study. */
#ifndef KR_DAEMON_ENGINE_EXPIRE_H
#define KR_DAEMON_ENGINE_EXPIRE_H

#include "daemon/engine/event.h"

struct engine;

/* For want of memory or of the disk the rest waits for a later tick. */
void engine__expire(struct engine *e);

#endif
