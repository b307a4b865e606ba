/* The store thread: the only one that touches the database once it runs.
 *
 *   writer_open .. writer_commit / writer_load .. writer_stop, writer_free
 *
 * Orders are done in the order they were given; answers arrive as struct report
 * in the inbox. A failed sync or a damaged file ends the process: nothing may be
 * acknowledged after it (exit code 3, one line with the name of the fault). */
#ifndef KR_DAEMON_WRITER_H
#define KR_DAEMON_WRITER_H

#include <stdint.h>

#include "base/status.h"
#include "daemon/mail.h"
#include "daemon/report.h"
#include "daemon/store/store.h"

struct writer;

/* Exit code after a fault that leaves the state of the disk unknown. */
enum { WRITER_EXIT_FATAL = 3 };

/* Opens the store and starts the thread. path and inbox are borrowed.
 * Errors: those of the backend's open, KR_ENOMEM. */
enum kr_status writer_open(struct writer **out, const struct store_backend *backend,
	const char *path, struct mailbox *inbox, struct kr_error *err);

/* Make rows durable; one group at a time, rows stay with the caller until the
 * report. Never fails: the report says how it went. */
void writer_commit(struct writer *w, uint64_t group, const struct row *rows, size_t n);

/* Read the rows of a study (0: all). They arrive in parts, each to be given
 * back by writer_part_done; only a few are under way at a time.
 * Errors: KR_ENOMEM. */
enum kr_status writer_load(struct writer *w, uint64_t ticket, uint64_t study, struct kr_error *err);
void writer_part_done(struct writer *w, struct report *part);

/* Copy the database to path, in steps between the commits; one backup at a time. The report,
 * to be given back by writer_backup_done, says how it went.
 * Errors: KR_INVALID_ARGUMENT (this store keeps nothing), KR_ENOMEM. */
enum kr_status writer_backup(struct writer *w, const char *path, struct kr_error *err);
void writer_backup_done(struct writer *w, struct report *backed_up);

/* End the one under way, if any, and those to come: the daemon drains. */
void writer_cut_backup(struct writer *w);

/* Sizes as of the last commit; any thread. */
void writer_info(struct writer *w, struct store_info *out);

/* Finishes the orders given (a load and a backup are cut short), checkpoints, closes the store.
 * Reports may still be in the inbox. */
void writer_stop(struct writer *w);

/* After writer_stop. */
void writer_free(struct writer *w);

#endif
