/* Which trials that are there already a suggest is to get, before new ones are made for it:
 *   running  those of its worker that are leased to another session of that name, so that a
 *            worker that was started anew goes on; a session gets back a trial once
 *   queued   whole ones and partial ones, lowest number first
 * What one has picked, others leave alone until it is let go. */
#ifndef KR_DAEMON_ENGINE_PICK_H
#define KR_DAEMON_ENGINE_PICK_H

#include "base/status.h"
#include "daemon/engine/study.h"
#include "daemon/engine/waiter.h"

/* At most `count` trials for w, `left` of them queued ones; *n_queued of them are. w has none
 * yet, and none after an error. Errors: KR_ENOMEM. */
enum kr_status pick_trials(const struct study *s, struct waiter *w, uint64_t count, uint64_t left,
	uint64_t *n_queued, struct kr_error *err);

/* Others may pick them again. */
void pick_let_go(const struct study *s, struct waiter *w);

/* Those that are partial or have no number below `number` are let go; returns how many of them
 * were queued. */
int pick_narrow(const struct study *s, struct waiter *w, uint64_t number);

/* The trial, if it is still as it was picked; NULL: somebody has ended or deleted it. */
const struct trial *pick_trial(const struct study *s, const struct pick *p);

#endif
