/* The keys of a connection (CURVE): the daemon's public key, and this client's pair. */
#ifndef KR_CLIENT_C_CURVE_H
#define KR_CLIENT_C_CURVE_H

#include <stdbool.h>

#include "base/keyfile.h"
#include "client/c/krige.h"

struct curve {
	bool on;
	char server[KEYFILE_SIZE], public_key[KEYFILE_SIZE], secret_key[KEYFILE_SIZE];
};

/* server_key: 40 characters, or the name of a file that has them; key_file: the file of the
 * secret key. Both, or neither (NULL or ""): then c is off.
 * Errors: INVALID_ARGUMENT naming what is missing or wrong. */
enum krige_status curve_load(
	struct curve *c, const char *server_key, const char *key_file, struct krige_error *err);

/* Before the socket connects. 0, or -1 with errno. */
int curve_apply(const struct curve *c, void *socket);

void curve_wipe(struct curve *c);

/* A new pair. Errors: INTERNAL (this libzmq has no CURVE). */
enum krige_status curve_make_pair(
	char public_key[KEYFILE_SIZE], char secret_key[KEYFILE_SIZE], struct krige_error *err);

#endif
