/* What the daemon is told: built-in values < the file of --config < flags.
 *
 * A setting has one name everywhere: `--idle-exit 60`, and `idle-exit = 60` in the
 * file. Unknown names and bad values are errors, with file and line. */
#ifndef KR_DAEMON_CONFIG_H
#define KR_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "base/status.h"

enum config_action {
	CONFIG_RUN,
	CONFIG_LOCAL,   /* --local */
	CONFIG_CHECK,   /* --check FILE */
	CONFIG_RESTORE, /* --restore BACKUP */
	CONFIG_CHECK_CONFIG,
	CONFIG_PRINT_CONFIG,
	CONFIG_VERSION,
	CONFIG_HELP
};

enum config_setting {
	CONFIG_DB,
	CONFIG_ENDPOINT,
	CONFIG_THREADS,
	CONFIG_PREPARE,
	CONFIG_INSECURE,
	CONFIG_SECRET_KEY,
	CONFIG_ALLOW,
	CONFIG_IDLE_EXIT,
	CONFIG_LOG_LEVEL,
	CONFIG_N_SETTINGS
};

enum config_origin { CONFIG_BUILT_IN, CONFIG_FROM_FILE, CONFIG_FROM_FLAG };

struct config {
	enum config_action action;
	char *subject; /* file of --check or --restore */
	char *file;    /* of --config, or NULL */
	char *db;      /* a path, or ":memory:" */
	char *endpoint;
	int threads;
	bool prepare; /* suggestions before they are asked for */
	bool insecure;
	char *secret_key, *allow; /* files; both, or NULL both */
	int idle_exit_s;          /* 0: never */
	enum log_level log_level;
	enum config_origin origin[CONFIG_N_SETTINGS];
};

/* Fill c from the arguments and the file they name. On an error c is empty.
 * Errors: KR_INVALID_ARGUMENT (one line that names flag or FILE:LINE), KR_ENOMEM. */
enum kr_status config_read(struct config *c, int argc, char *const *argv, struct kr_error *err);
void config_fini(struct config *c);

/* Valid as a file, each line with where its value comes from. */
void config_print(const struct config *c, FILE *to);
void config_help(FILE *to);

/* Make the folders of built-in paths, mode 0700; those that were named must exist.
 * Errors: KR_EIO; KR_FORBIDDEN when the folder of the socket is somebody else's. */
enum kr_status config_make_folders(const struct config *c, struct kr_error *err);

#endif
