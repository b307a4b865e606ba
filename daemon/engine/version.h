/* Earlier versions of trials: what a repeat of a request needs to tell its first
 * answer again after events have overwritten what that answer showed.
 *
 * Before an event overwrites a trial, version_keep copies it to the study's pool;
 * trial.before leads back from each version to the one before it. The ordinary way
 * of a trial needs no copy: the answer that gave it out shows only what its end
 * leaves as it is (see struct trial), so version_needed says no.
 *
 * A trial that is given out again has a number that is older than its event:
 * struct grants remembers which those were. */
#ifndef KR_DAEMON_ENGINE_VERSION_H
#define KR_DAEMON_ENGINE_VERSION_H

#include "daemon/engine/pool.h"
#include "daemon/engine/trial.h"

/* Must the trial be kept before an event of this kind changes it? */
bool version_needed(const struct trial *t, enum record_kind kind);

/* Bytes of the pool for one version. */
size_t version_size(void);

/* Keep t as it is. The room has been reserved. */
void version_keep(struct pool *pool, struct trial *t);

/* The trial as event seq left it: its newest version that is no newer. NULL when the trial
 * was made later, or t is NULL. Cost linear in the versions. */
const struct trial *version_at(const struct trial *t, uint64_t seq);

/* The trial as event seq gave it out, as far as reply_given shows it; NULL when it did not. */
const struct trial *version_given(const struct trial *t, uint64_t seq);

/* The trial in the hands of its newest holder up to event seq, as far as reply_given shows it;
 * NULL when it had none. */
const struct trial *version_held(const struct trial *t, uint64_t seq);

/* The version whose attempt the lease names, by token or (without one) by attempt number; t
 * itself when it names neither; NULL when the trial never had such an attempt. */
const struct trial *version_claimed(const struct trial *t, const struct msg_lease *lease);

/* ---- trials given out again ---- */

struct grant {
	uint64_t seq, number;
};

/* By seq; those of one event in its order. All zero is empty. */
struct grants {
	struct grant *p;
	size_t n, cap;
};

/* Room for `extra` more. Errors: KR_ENOMEM. */
enum kr_status grants_reserve(struct grants *g, size_t extra, struct kr_error *err);

/* The room has been reserved; seq is not less than that of the last. */
void grants_add(struct grants *g, uint64_t seq, uint64_t number);

/* Those of event seq: the first, and how many in *n. */
const struct grant *grants_of(const struct grants *g, uint64_t seq, size_t *n);

void grants_fini(struct grants *g);

#endif
