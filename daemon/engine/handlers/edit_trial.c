/* EditTrial: corrects a trial. */
#include "daemon/engine/call.h"

enum kr_status handle_edit_trial(struct call *c, struct kr_error *err)
{
	(void)c;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, "header.method", "method edit_trial is not built yet");
}
