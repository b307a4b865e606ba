/* Checksum of a stored row, so that damage below SQLite's notice is named and
 * never read as truth. */
#ifndef KR_DAEMON_STORE_SUM_H
#define KR_DAEMON_STORE_SUM_H

#include <stdint.h>

#include "daemon/engine/row.h"

/* FNV-1a, 64 bits (Fowler, Noll & Vo; RFC draft-eastlake-fnv), over every field.
 * Each step is a bijection of the state, so one changed byte always shows. */
uint64_t sum_row(const struct row *r);

#endif
