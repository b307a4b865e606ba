/* `kriged --check FILE`: verify a database that no daemon uses. */
#ifndef KR_DAEMON_CHECK_H
#define KR_DAEMON_CHECK_H

#include <stdint.h>

#include "base/status.h"

struct check_counts {
	uint64_t studies, trials, rows, bytes;
};

/* Pages, tables, checksums, gaps, and every record decoded and applied to its study as at a
 * start. The file must exist;
 * its WAL, left by a kill, is taken in as at a start.
 * Errors: KR_NOT_FOUND (no file), those of the store, KR_ECORRUPT. Cost: linear. */
enum kr_status check_file(const char *path, struct check_counts *out, struct kr_error *err);

#endif
