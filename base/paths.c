#include "base/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET_NAME "/kriged.sock"
#define IPC "ipc://"

enum kr_status paths_folder(char *out, size_t size, const char *runtime_dir, bool has_run_user,
	uid_t uid, struct kr_error *err)
{
	int len;

	if (runtime_dir && runtime_dir[0] == '/')
		len = snprintf(out, size, "%s/kriged", runtime_dir);
	else if (has_run_user)
		len = snprintf(out, size, "/run/user/%lu/kriged", (unsigned long)uid);
	else
		len = snprintf(out, size, "/tmp/kriged-%lu", (unsigned long)uid);
	if (len < 0 || (size_t)len >= size || (size_t)len + strlen(SOCKET_NAME) > PATHS_SOCKET_MAX)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
			"the default socket below XDG_RUNTIME_DIR has a path over %d bytes; give "
			"an endpoint or a shorter XDG_RUNTIME_DIR",
			PATHS_SOCKET_MAX);
	return KR_OK;
}

enum kr_status paths_default_endpoint(char *out, size_t size, struct kr_error *err)
{
	char run_user[64], folder[PATHS_SOCKET_MAX + 1];
	struct stat st;
	enum kr_status s;
	int len;

	snprintf(run_user, sizeof(run_user), "/run/user/%lu", (unsigned long)getuid());
	s = paths_folder(folder, sizeof(folder), getenv("XDG_RUNTIME_DIR"),
		stat(run_user, &st) == 0 && S_ISDIR(st.st_mode), getuid(), err);
	if (s != KR_OK)
		return s;
	len = snprintf(out, size, IPC "%s" SOCKET_NAME, folder);
	if (len < 0 || (size_t)len >= size)
		return kr_fail(err, KR_INVALID_ARGUMENT, "no room for the endpoint");
	return KR_OK;
}

enum kr_status paths_check_private(const char *folder, struct kr_error *err)
{
	struct stat st;

	if (lstat(folder, &st) != 0)
		return kr_fail(err, KR_NOT_FOUND, "folder '%.200s': %s", folder, strerror(errno));
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077) != 0)
		return kr_fail(err, KR_FORBIDDEN,
			"folder '%.200s' must be yours alone (mode 0700), and it is of user %lu with mode "
			"%04o; remove it, or give an endpoint elsewhere",
			folder, (unsigned long)st.st_uid, (unsigned)st.st_mode & 07777);
	return KR_OK;
}

const char *paths_ipc(const char *endpoint)
{
	return strncmp(endpoint, IPC, strlen(IPC)) == 0 ? endpoint + strlen(IPC) : NULL;
}
