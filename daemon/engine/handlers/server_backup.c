/* ServerBackup: a copy of the database while it is served. The daemon takes it before the
 * engine sees it (daemon/backup.c): the engine has no disk. */
#include "daemon/engine/call.h"

enum kr_status handle_server_backup(struct call *c, struct kr_error *err)
{
	(void)c;
	return kr_fail(err, KR_INVALID_ARGUMENT, "there is no disk here that could be backed up");
}
