/* Studies from their stored rows, as a start makes them, for who only wants to know whether
 * that goes well (kriged --check).
 *
 *   rebuild_new .. rebuild_row* .. rebuild_free
 *
 * One study is in memory at a time. One thread. */
#ifndef KR_DAEMON_ENGINE_REBUILD_H
#define KR_DAEMON_ENGINE_REBUILD_H

#include <stdint.h>

#include "base/status.h"
#include "daemon/engine/row.h"

struct rebuild;

/* Errors: KR_ENOMEM. */
enum kr_status rebuild_new(struct rebuild **out, struct kr_error *err);
void rebuild_free(struct rebuild *r);

/* The next row: by study, then seq.
 * Errors: KR_ECORRUPT naming study and event, KR_ENOMEM. */
enum kr_status rebuild_row(struct rebuild *r, const struct row *row, struct kr_error *err);

/* So far. */
uint64_t rebuild_studies(const struct rebuild *r);
uint64_t rebuild_trials(const struct rebuild *r);

#endif
