/* Messages to bytes. The buffer comes from the arena. */
#ifndef KR_PROTO_ENCODE_H
#define KR_PROTO_ENCODE_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/bytes.h"
#include "proto/msg.h"

/* Errors: KR_ENOMEM (arena), KR_TOO_LARGE (over the message limit). */
enum kr_status encode_request(
	struct bytes *out, const struct msg_request *m, struct arena *a, struct kr_error *err);
enum kr_status encode_reply(
	struct bytes *out, const struct msg_reply *m, struct arena *a, struct kr_error *err);

#endif
