#include "base/arena.h"
#include "client/c/call.h"
#include "client/c/error.h"
#include "client/c/krige.h"
#include "proto/limits.h"

enum krige_status krige_ping(struct krige_client *c, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_PING};
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct msg_reply reply;
	enum krige_status s;

	if (!a)
		return error_set(err, KRIGE_NO_MEMORY, "no memory for a call");
	s = call_run(c, &request, &reply, a, err);
	arena_free(a);
	return s;
}
