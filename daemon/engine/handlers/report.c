/* Report: an intermediate value of a running trial. */
#include "daemon/engine/call.h"

enum kr_status handle_report(struct call *c, struct kr_error *err)
{
	(void)c;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, "header.method", "method report is not built yet");
}
