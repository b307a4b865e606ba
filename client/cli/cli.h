/* What every command has: its place in the table, the options that are allowed
 * everywhere, the connection, and how failures become words and exit codes. */
#ifndef KR_CLIENT_CLI_CLI_H
#define KR_CLIENT_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "client/c/krige.h"
#include "client/cli/commands.h"
#include "client/cli/writer.h"
#include "proto/msg.h"

/* Scripts branch on these; they never change. */
enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, /* on the server, or writing the output */
	CLI_USAGE = 2,  /* what was typed or handed in is not valid */
	CLI_NOT_FOUND = 3,
	CLI_NOT_ALLOWED = 4,
	CLI_CONFLICT = 5, /* exists already, or a stale lease */
	CLI_CANNOT_CONNECT = 6,
	CLI_TIMEOUT = 7,
	CLI_NOT_NOW = 8,         /* nothing now, try later */
	CLI_FINISHED = 9,        /* study finished, budget spent or space exhausted */
	CLI_STOP = 10,           /* stop this trial (report) */
	CLI_COMMAND_FAILED = 11, /* of `run` */
	CLI_INTERRUPTED = 130
};

/* -o, in the order of its words in options.c. */
enum format {
	FORMAT_AUTO,
	FORMAT_TABLE,
	FORMAT_WIDE,
	FORMAT_TSV,
	FORMAT_CSV,
	FORMAT_MD,
	FORMAT_JSON,
	FORMAT_JSONL,
	FORMAT_YAML,
	FORMAT_NAME
};

struct cli {
	const struct command *command;
	const char *endpoint;              /* NULL: environment or default */
	const char *server_key, *key_file; /* NULL: environment */
	bool no_start;                     /* the question is whether a daemon runs */
	enum format format;
	bool no_header, quiet, verbose;
	uint32_t timeout_ms; /* 0: the default */
	uint32_t retry_ms;
	bool has_retry;
	int code; /* after options_next returned '?' and options_words false */
	const char *filter, *sort, *columns;
	bool has_limit;
	uint64_t limit;
	int precision; /* 0: as the format has it */
	bool utc, color;
	bool utf8, terminal; /* what stdout can show */
	int width;           /* of it in columns */
	struct krige_client *client;
	struct arena *arena; /* of the process; loops mark and release it */
};

/* "krige: ..." on stderr. */
void cli_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same and how the command is called; returns CLI_USAGE. */
int cli_usage(struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The error and what to do about it; returns its exit code. */
int cli_error(struct cli *cli, const struct krige_error *err);
int cli_kr_error(const struct kr_error *err);
int cli_no_memory(void);

/* The exit code that a failed call stands for. */
enum cli_exit cli_exit_of(enum krige_status s);

/* The client, opened at first use. NULL after saying why not; *exit is the code. */
struct krige_client *cli_client(struct cli *cli, int *exit);

/* One request; the reply lies in cli->arena. Returns CLI_OK, or the exit code after saying what
 * went wrong. */
int cli_call(struct cli *cli, struct msg_request *request, struct msg_reply *reply);

/* The same for a request that may be answered only after wait_ms. */
int cli_call_waiting(
	struct cli *cli, uint64_t wait_ms, struct msg_request *request, struct msg_reply *reply);

/* The study as it is after event since_seq, waiting for one up to wait_ms. As cli_study. */
int cli_study_after(struct cli *cli, const char *name, uint64_t since_seq, uint64_t wait_ms,
	const struct msg_study **study);

/* The study of that name, in cli->arena. As cli_call. */
int cli_study(struct cli *cli, const char *name, const struct msg_study **study);

/* The format for this output: what was asked for, else a table on a terminal and TSV in a
 * pipe. */
enum format cli_format(const struct cli *cli);

/* Whether output is an object and not rows: -o json, jsonl or yaml. */
bool cli_wants_json(const struct cli *cli);

/* A writer to stdout for that. */
struct writer cli_writer(const struct cli *cli);

/* CLI_OK when all of stdout was written, or its reader has seen enough of it. */
int cli_flush(void);

#endif
