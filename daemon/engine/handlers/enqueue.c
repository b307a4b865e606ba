/* Enqueue: points to be given out before others. */
#include "daemon/engine/call.h"

enum kr_status handle_enqueue(struct call *c, struct kr_error *err)
{
	(void)c;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, "header.method", "method enqueue is not built yet");
}
