/* Where the database lies: its folder, its file system, and the lock that makes
 * it one process's. */
#ifndef KR_DAEMON_STORE_PLACE_H
#define KR_DAEMON_STORE_PLACE_H

#include <stdbool.h>

#include "base/status.h"

struct place {
	int lock; /* descriptor with the flock; -1: none */
};

/* *out: the file itself, whatever links lead to it, so that all its names share one lock
 * and its own folder is looked at. A link to nothing makes the file. kr_free it.
 * Errors: KR_EIO (no folder, a folder), KR_ENOMEM. */
enum kr_status place_resolve(char **out, const char *path, struct kr_error *err);

/* Take PATH.lock, and see that PATH can be read and written; makes an empty PATH
 * (mode 0600) when there is none. A network file system is refused unless
 * KRIGED_FORCE_NETWORK_FS is set to 1: there neither the lock nor WAL is safe.
 * Errors: KR_ELOCKED naming the process that has it, KR_EIO. */
enum kr_status place_claim(struct place *p, const char *path, struct kr_error *err);

/* The same without a look at PATH, which is not made. */
enum kr_status place_lock(struct place *p, const char *path, struct kr_error *err);

/* Gives the lock back; the lock file stays. */
void place_release(struct place *p);

/* Make the entry of path in its folder durable. Errors: KR_INTERNAL. */
enum kr_status place_sync_folder(const char *path, struct kr_error *err);

/* The network file system of this statfs magic number ("NFS"), NULL for others. */
const char *place_network_name(unsigned long magic);

#endif
