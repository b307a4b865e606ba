#include "client/cli/cli.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/c/call.h"
#include "client/cli/help.h"
#include "client/cli/number.h"
#include "client/cli/text.h"

enum { ARENA_BYTES = 256 << 20, WIDTH = 80, WIDTH_MIN = 20, WIDTH_MAX = 1000 };

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
		.retry_ms = cli->retry_ms};
	struct krige_error err;

	if (!cli->client && krige_open(&cli->client, cli->endpoint, &o, &err) != KRIGE_OK)
		*code = cli_error(cli, &err);
	return cli->client;
}

int cli_call(struct cli *cli, struct msg_request *request, struct msg_reply *reply)
{
	struct krige_error err;
	int code = CLI_FAILED;

	if (!cli_client(cli, &code))
		return code;
	if (call_run(cli->client, request, reply, cli->arena, &err) == KRIGE_OK)
		return CLI_OK;
	return cli_error(cli, &err);
}

int cli_study(struct cli *cli, const char *name, const struct msg_study **study)
{
	struct msg_request request = {.method = METHOD_GET_STUDY, .u.get_study.study = name};
	struct msg_reply *reply = ARENA_NEW(cli->arena, struct msg_reply);
	int code;

	if (!reply)
		return cli_no_memory();
	code = cli_call(cli, &request, reply);
	*study = &reply->u.study.study;
	return code;
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
	cli_say("cannot write the output: %s", strerror(errno));
	return CLI_FAILED;
}

/* ---- main ------------------------------------------------------------------------------ */

static int unknown_command(struct cli *cli, const char *noun, const char *verb, bool noun_known)
{
	const char *words[128], *near;
	int n = 0;

	for (int i = 0; i < n_commands && n < 128; i++)
		if (!noun_known || strcmp(commands[i].noun, noun) == 0)
			words[n++] = noun_known ? commands[i].verb : commands[i].noun;
	if (noun_known && !verb) {
		cli_say("%s: which command?", noun);
		help_noun(stderr, noun);
		return CLI_USAGE;
	}
	near = text_nearest(noun_known ? verb : noun, words, n);
	return cli_usage(cli, "unknown command '%s%s%s'%s%s%s", noun, noun_known ? " " : "",
		noun_known ? verb : "", near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int run_command(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : NULL;
	int skip;

	cli->command = commands_find(argv[0], verb);
	if (!cli->command && verb && commands_has_noun(argv[0]) &&
		(strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)) {
		help_noun(stdout, argv[0]);
		return cli_flush();
	}
	if (!cli->command)
		return unknown_command(cli, argv[0], verb, commands_has_noun(argv[0]));
	skip = cli->command->verb ? 1 : 0;
	optind = 0; /* begin anew (glibc) */
	return cli->command->run(cli, argc - skip, argv + skip);
}

/* Text is measured in a locale with UTF-8, whatever the terminal shows; numbers stay as in C. */
static void set_locale(struct cli *cli)
{
	cli->utf8 = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!cli->utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
}

/* Width: COLUMNS, else the terminal's, else 80. */
static void look_at_stdout(struct cli *cli)
{
	const char *columns = getenv("COLUMNS"), *no_color = getenv("NO_COLOR");
	struct winsize size;
	uint64_t n;

	cli->terminal = isatty(STDOUT_FILENO);
	cli->color = cli->terminal && !(no_color && no_color[0]);
	cli->width = WIDTH;
	if (columns && number_parse_u64(columns, &n) && n > 0)
		cli->width = n > WIDTH_MAX ? WIDTH_MAX : (int)n;
	else if (cli->terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		cli->width = size.ws_col;
	if (cli->width < WIDTH_MIN)
		cli->width = WIDTH_MIN;
}

static bool read_environment(struct cli *cli)
{
	const char *ms = getenv("KRIGE_TIMEOUT_MS");
	uint64_t value;

	if (!ms || !ms[0])
		return true;
	if (!number_parse_u64(ms, &value) || value > UINT32_MAX) {
		cli_say("KRIGE_TIMEOUT_MS: '%s' is not a number of milliseconds", ms);
		return false;
	}
	cli->timeout_ms = (uint32_t)value;
	return true;
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {.arena = arena_new(ARENA_BYTES)};
	int code = CLI_USAGE;

	if (!cli.arena)
		return cli_no_memory();
	set_locale(&cli);
	look_at_stdout(&cli);
	if (!read_environment(&cli))
		code = CLI_USAGE;
	else if (options_next(&cli, argc, argv) == '?')
		code = cli.code;
	else if (optind == argc)
		help_all(stderr);
	else
		code = run_command(&cli, argc - optind, argv + optind);
	krige_close(cli.client);
	arena_free(cli.arena);
	return code;
}
