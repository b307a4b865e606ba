/* `kriged --restore BACKUP --db FILE`: a backup takes the place of a database that no
 * daemon uses.
 *
 *   lock FILE -> copy BACKUP beside it -> check the copy, as --check does -> keep the old
 *   FILE as FILE.before-restore-<time> -> the copy becomes FILE
 *
 * BACKUP is only read. What goes wrong before the last step leaves FILE as it was; a kill
 * at any moment leaves the old or the new one, whole. */
#ifndef KR_DAEMON_RESTORE_H
#define KR_DAEMON_RESTORE_H

#include <limits.h>

#include "base/status.h"
#include "daemon/check.h"

struct restored {
	struct check_counts counts;
	char kept[PATH_MAX]; /* where the old database is, "" when there was none */
};

/* Errors: KR_ELOCKED (a daemon uses FILE or BACKUP), KR_NOT_FOUND (no BACKUP), those of
 * check_file for what is in BACKUP, KR_EFULL, KR_EIO, KR_ENOMEM. Cost: linear. */
enum kr_status restore_file(
	const char *backup, const char *db, struct restored *out, struct kr_error *err);

#endif
