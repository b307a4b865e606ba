/* One request and its reply, as plain structs: what every verb of the library
 * and every command of the CLI is made of.
 *
 *   - the first call of a client says Hello: session, version, limits;
 *   - the request id is chosen once, and each attempt repeats it on a new
 *     connection: the daemon answers a repeat with its first answer;
 *   - a reply with another correlation id is a late one, and dropped. */
#ifndef KR_CLIENT_C_CALL_H
#define KR_CLIENT_C_CALL_H

#include "base/arena.h"
#include "client/c/krige.h"
#include "client/c/memory.h"
#include "proto/msg.h"

/* Send request and wait for the reply. Fills request->meta (an id that is set is kept;
 * worker_id, when NULL, is the client's). The reply points into a.
 * Errors: those of the daemon; CANNOT_CONNECT, TIMEOUT, INTERRUPTED, NO_MEMORY; TOO_LARGE when
 * request is over the message limit; INTERNAL when the answer cannot be read. After TIMEOUT,
 * INTERRUPTED and CANNOT_CONNECT the request may have taken effect: calling again with the
 * same request->meta is safe. */
enum krige_status call_run(struct krige_client *c, struct msg_request *request,
	struct msg_reply *reply, struct arena *a, struct krige_error *err);

/* The same with memory of its own for the reply: *memory <- one reference, NULL after an error. */
enum krige_status call_keep(struct krige_client *c, struct msg_request *request,
	struct msg_reply *reply, struct memory **memory, struct krige_error *err);

/* The same, when nothing of the answer is needed but that it is one. */
enum krige_status call_send(
	struct krige_client *c, struct msg_request *request, struct krige_error *err);

/* The same with other times than the client's options. */
struct call_times {
	uint32_t timeout_ms, attempt_ms, retry_ms;
};
enum krige_status call_run_within(struct krige_client *c, const struct call_times *times,
	struct msg_request *request, struct msg_reply *reply, struct arena *a, struct krige_error *err);

#endif
