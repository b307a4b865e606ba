/* Files of CURVE keys: one for the public key, which may be shown to anybody, and one
 * for the secret key, which belongs to one user.
 *
 *   # comments
 *   public rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7
 *
 * Keys are the 40 characters of Z85 everywhere (rfc.zeromq.org/spec/32): what people
 * copy, and what libzmq takes. Whether it is a point of the curve is libzmq's to say. */
#ifndef KR_BASE_KEYFILE_H
#define KR_BASE_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { KEYFILE_CHARS = 40, KEYFILE_SIZE = KEYFILE_CHARS + 1 };

enum keyfile_kind { KEYFILE_PUBLIC, KEYFILE_SECRET };

/* Whether len bytes are 40 characters of Z85. */
bool keyfile_is_key(const char *text, size_t len);

/* The key of the file at path. A secret one must be a file of this user (or of root) that
 * nobody else can read.
 * Errors: KR_NOT_FOUND (cannot be opened), KR_FORBIDDEN (owner or mode), KR_INVALID_ARGUMENT
 * (it holds no key, or one of the other kind). The texts begin with the path. */
enum kr_status keyfile_read(
	const char *path, enum keyfile_kind kind, char key[KEYFILE_SIZE], struct kr_error *err);

/* Make PATH with the public key and PATH.secret (mode 0600) with the secret one, both
 * durable; comment: lines for people, each beginning with '#', may be "".
 * Errors: KR_ALREADY_EXISTS (one of the two is there), KR_EIO, KR_ENOMEM. After an error
 * neither is left. */
enum kr_status keyfile_write(const char *path, const char *public_key, const char *secret_key,
	const char *comment, struct kr_error *err);

#endif
