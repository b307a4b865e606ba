/* Why: what a study waits for. */
#include "daemon/engine/call.h"

enum kr_status handle_why(struct call *c, struct kr_error *err)
{
	(void)c;
	return kr_fail_field(err, KR_INVALID_ARGUMENT, "header.method", "method why is not built yet");
}
