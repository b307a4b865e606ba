/* The list of keys that may connect, and what each may do: one client a line,
 *
 *   KEY ROLE NAME      # the 40 characters of its public key; admin, worker or viewer;
 *                      # a word to know it by
 *
 * Lines that begin with '#' are comments. A list does not change once it is read. */
#ifndef KR_DAEMON_ALLOW_H
#define KR_DAEMON_ALLOW_H

#include <stddef.h>

#include "base/keyfile.h"
#include "base/status.h"
#include "proto/msg.h"

struct allow;

enum { ALLOW_MAX_KEYS = 100000, ALLOW_NAME_CHARS = 64 };

struct allow_client {
	char key[KEYFILE_SIZE];
	enum msg_role role;
	char name[ALLOW_NAME_CHARS + 1];
};

/* Errors: KR_NOT_FOUND (cannot be opened), KR_FORBIDDEN (others may write it),
 * KR_INVALID_ARGUMENT (names the line), KR_TOO_LARGE, KR_ENOMEM. */
enum kr_status allow_read(struct allow **out, const char *path, struct kr_error *err);
void allow_free(struct allow *a);

/* NULL: not in the list. */
const struct allow_client *allow_find(const struct allow *a, const char *key);
size_t allow_count(const struct allow *a);

#endif
