#include "client/cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/c/call.h"
#include "client/cli/help.h"
#include "proto/limits.h"

enum { TIMEOUT_MS = 60000, ATTEMPT_MS = 5000 };

/* ---- words and exit codes ---------------------------------------------------------- */

void cli_say(const char *fmt, ...)
{
	va_list ap;

	fputs("krige: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
}

int cli_usage(struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	fputs("krige: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	if (cli->command)
		help_usage(stderr, cli->command);
	else
		fputs("`krige help` lists the commands\n", stderr);
	return CLI_USAGE;
}

enum cli_exit cli_exit_of(enum krige_status s)
{
	switch (s) {
	case KRIGE_OK: return CLI_OK;
	case KRIGE_INVALID_ARGUMENT: return CLI_USAGE;
	case KRIGE_NOT_FOUND: return CLI_NOT_FOUND;
	case KRIGE_UNAUTHENTICATED:
	case KRIGE_FORBIDDEN: return CLI_NOT_ALLOWED;
	case KRIGE_ALREADY_EXISTS:
	case KRIGE_CONFLICT:
	case KRIGE_STALE_LEASE: return CLI_CONFLICT;
	case KRIGE_CANNOT_CONNECT: return CLI_CANNOT_CONNECT;
	case KRIGE_DEADLINE:
	case KRIGE_TIMEOUT: return CLI_TIMEOUT;
	case KRIGE_NOT_NOW:
	case KRIGE_OVERLOADED: return CLI_NOT_NOW;
	case KRIGE_STUDY_FINISHED:
	case KRIGE_BUDGET_SPENT:
	case KRIGE_SPACE_EXHAUSTED: return CLI_FINISHED;
	case KRIGE_INTERRUPTED: return CLI_INTERRUPTED;
	default: return CLI_FAILED;
	}
}

/* What the user can do, where the sentence of the daemon cannot know it. */
static void advise(const struct cli *cli, const struct krige_error *err)
{
	const char *endpoint = cli->client ? krige_endpoint(cli->client) : "ENDPOINT";

	switch (err->code) {
	case KRIGE_CANNOT_CONNECT:
		cli_say("start a daemon with `kriged --db FILE --endpoint %s`, or name a running "
				"one with --endpoint or KRIGE_ENDPOINT",
			endpoint);
		break;
	case KRIGE_TIMEOUT: cli_say("it may be busy: try again with a longer --timeout"); break;
	case KRIGE_UNAVAILABLE:
		cli_say("nothing was changed; see the daemon's log, then try again");
		break;
	default: break;
	}
}

int cli_error(struct cli *cli, const struct krige_error *err)
{
	bool named = !err->field[0] || strstr(err->message, err->field);

	cli_say("%s%s%s", named ? "" : err->field, named ? "" : ": ", err->message);
	if (err->retry_after_ms > 0)
		cli_say("try again in %.3g s", err->retry_after_ms / 1000.0);
	advise(cli, err);
	return cli_exit_of(err->code);
}

int cli_kr_error(const struct kr_error *err)
{
	cli_say("%s", err->text);
	return err->code == KR_INVALID_ARGUMENT ? CLI_USAGE : CLI_FAILED;
}

int cli_no_memory(void)
{
	cli_say("out of memory");
	return CLI_FAILED;
}

/* ---- the connection ------------------------------------------------------------------ */

struct krige_client *cli_client(struct cli *cli, int *code)
{
	struct krige_options o = {.size = sizeof(o),
		.name = "krige " KRIGED_VERSION,
		.timeout_ms = cli->timeout_ms,
		.retry_ms = cli->retry_ms,
		.server_key = cli->server_key,
		.key_file = cli->key_file,
		.no_start = cli->no_start};
	struct krige_error err;

	if (!cli->client && krige_open(&cli->client, cli->endpoint, &o, &err) != KRIGE_OK)
		*code = cli_error(cli, &err);
	return cli->client;
}

int cli_call_waiting(
	struct cli *cli, uint64_t wait_ms, struct msg_request *request, struct msg_reply *reply)
{
	uint32_t wait = wait_ms > LIMIT_WAIT_MS ? LIMIT_WAIT_MS : (uint32_t)wait_ms;
	struct call_times times = {
		.timeout_ms = (cli->timeout_ms ? cli->timeout_ms : TIMEOUT_MS) + wait,
		.attempt_ms = ATTEMPT_MS + wait,
		.retry_ms = cli->retry_ms};
	struct krige_error err;
	int code = CLI_FAILED;

	if (!cli_client(cli, &code))
		return code;
	if (call_run_within(cli->client, &times, request, reply, cli->arena, &err) == KRIGE_OK)
		return CLI_OK;
	return cli_error(cli, &err);
}

int cli_call(struct cli *cli, struct msg_request *request, struct msg_reply *reply)
{
	return cli_call_waiting(cli, 0, request, reply);
}

int cli_study_after(struct cli *cli, const char *name, uint64_t since_seq, uint64_t wait_ms,
	const struct msg_study **study)
{
	struct msg_request request = {.method = METHOD_GET_STUDY,
		.u.get_study = {.study = name, .since_seq = since_seq, .wait_ms = wait_ms}};
	struct msg_reply *reply = ARENA_NEW(cli->arena, struct msg_reply);
	int code;

	if (!reply)
		return cli_no_memory();
	code = cli_call_waiting(cli, wait_ms, &request, reply);
	*study = &reply->u.study.study;
	return code;
}

int cli_study(struct cli *cli, const char *name, const struct msg_study **study)
{
	return cli_study_after(cli, name, 0, 0, study);
}

/* ---- output --------------------------------------------------------------------------- */

enum format cli_format(const struct cli *cli)
{
	if (cli->format != FORMAT_AUTO)
		return cli->format;
	return cli->terminal ? FORMAT_TABLE : FORMAT_TSV;
}

bool cli_wants_json(const struct cli *cli)
{
	return cli->format == FORMAT_JSON || cli->format == FORMAT_JSONL || cli->format == FORMAT_YAML;
}

struct writer cli_writer(const struct cli *cli)
{
	struct writer w = writer_make(stdout);

	w.yaml = cli->format == FORMAT_YAML;
	return w;
}

int cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CLI_OK;
	if (errno == EPIPE)
		return CLI_OK; /* the reader has seen enough */
	cli_say("cannot write the output: %s", strerror(errno));
	return CLI_FAILED;
}
