/* Bytes to messages: the one place where the wire is checked.
 *
 * Decoding allocates only from the arena, whose cap bounds what a message can
 * cost (1 MiB of empty sub-messages would take 60 MiB). Thread-safe between
 * different arenas. */
#ifndef KR_PROTO_DECODE_H
#define KR_PROTO_DECODE_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/msg.h"

/* Errors: KR_VERSION (unknown method), KR_TOO_LARGE (message or arena limit, counts),
 * KR_INVALID_ARGUMENT (everything else; field is the path, text names value and remedy),
 * KR_ENOMEM (the heap, not the arena's cap). On an error out is partly filled. */
enum kr_status decode_request(struct msg_request *out, unsigned method, const void *data,
	size_t len, struct arena *a, struct kr_error *err);

/* For clients: refuses only what is no message, is too large or has an unknown method.
 * is_error: the frame's ERROR flag. */
enum kr_status decode_reply(struct msg_reply *out, unsigned method, bool is_error, const void *data,
	size_t len, struct arena *a, struct kr_error *err);

#endif
