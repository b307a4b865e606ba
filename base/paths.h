/* Where a local daemon listens when nobody says otherwise: one rule for the
 * daemon, which binds there, and for clients, which look there. */
#ifndef KR_BASE_PATHS_H
#define KR_BASE_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"

/* sun_path of a unix socket, without its NUL. */
enum { PATHS_SOCKET_MAX = 107 };

/* Folder of the default socket. In this order: runtime_dir ($XDG_RUNTIME_DIR, when
 * it is an absolute path; NULL: not set), /run/user/UID when has_run_user, each
 * with /kriged below it; else /tmp/kriged-UID.
 * Errors: KR_INVALID_ARGUMENT when the path with "/kriged.sock" is over
 * PATHS_SOCKET_MAX or size is too small. */
enum kr_status paths_folder(char *out, size_t size, const char *runtime_dir, bool has_run_user,
	uid_t uid, struct kr_error *err);

/* "ipc://FOLDER/kriged.sock" for this process: its environment and user. Creates nothing.
 * Errors: as paths_folder. */
enum kr_status paths_default_endpoint(char *out, size_t size, struct kr_error *err);

/* Whether the folder of a socket is this user's alone: in /tmp somebody may have been there
 * before. Errors: KR_NOT_FOUND (there is none), KR_FORBIDDEN. */
enum kr_status paths_check_private(const char *folder, struct kr_error *err);

/* The path of an "ipc://" endpoint, NULL for any other. */
const char *paths_ipc(const char *endpoint);

#endif
