/* Release: gives a running trial back. */
#include "daemon/engine/call.h"

enum kr_status handle_release(struct call *c, struct kr_error *err)
{
	(void)c;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, "header.method", "method release is not built yet");
}
