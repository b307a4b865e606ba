/* Who may do what, where there are keys: the daemon's own key, the list of its
 * clients, and the session tokens that it gives them.
 *
 *   access_open .. access_client, access_check .. access_reload .. access_close
 *
 * A session token is bound to the key of the connection that got it: 8 random bytes,
 * and 8 of a keyed hash (BLAKE2b) of them and the client's key. Nothing is kept of a
 * session, so there is nothing to bound or to forget, and tokens hold across a restart,
 * as the hash's key comes from the daemon's secret. One thread. */
#ifndef KR_DAEMON_ACCESS_H
#define KR_DAEMON_ACCESS_H

#include <stdbool.h>

#include "base/keyfile.h"
#include "base/status.h"
#include "daemon/allow.h"
#include "proto/msg.h"

struct access;

/* Reads both files; the paths are borrowed.
 * Errors: those of keyfile_read and allow_read, KR_INVALID_ARGUMENT (libzmq does not take the
 * key), KR_ENOMEM. */
enum kr_status access_open(
	struct access **out, const char *secret_file, const char *allow_file, struct kr_error *err);
void access_close(struct access *a);

/* The allow-list again. On an error the old one stays. Errors: as allow_read. */
enum kr_status access_reload(struct access *a, struct kr_error *err);

/* How many keys may connect. */
size_t access_count(const struct access *a);

/* For ZMQ_CURVE_SECRETKEY; and what clients need to know. */
const char *access_secret(const struct access *a);
const char *access_public(const struct access *a);

/* Who has this key; NULL: nobody that may connect. */
const struct allow_client *access_client(const struct access *a, const char *key);

/* May who has this key call the method, now?
 * Errors: KR_UNAUTHENTICATED (not in the list any more), KR_FORBIDDEN naming role and method. */
enum kr_status access_check(
	const struct access *a, const char *key, enum method m, struct kr_error *err);

/* A token for a client, and whether a token is one of this client's. */
void access_new_session(const struct access *a, const char *key, uint8_t token[MSG_ID_BYTES]);
bool access_owns_session(
	const struct access *a, const char *key, const uint8_t token[MSG_ID_BYTES]);

#endif
