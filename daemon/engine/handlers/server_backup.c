/* ServerBackup: a copy of the database while it is served. */
#include "daemon/engine/call.h"

enum kr_status handle_server_backup(struct call *c, struct kr_error *err)
{
	(void)c;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, "header.method", "method server_backup is not built yet");
}
