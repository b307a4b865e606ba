#include "client/cli/cli.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/c/call.h"
#include "client/cli/help.h"
#include "client/cli/number.h"
#include "client/cli/text.h"

enum { ARENA_BYTES = 256 << 20, OPTIONS_MAX = 32 };

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

/* ---- options ------------------------------------------------------------------------ */

enum { OPT_ENDPOINT = 1000, OPT_TIMEOUT, OPT_RETRY, OPT_NO_HEADER, OPT_VERSION };

static const struct option common_options[] = {
	{"endpoint", required_argument, NULL, OPT_ENDPOINT},
	{"output", required_argument, NULL, 'o'},
	{"timeout", required_argument, NULL, OPT_TIMEOUT},
	{"retry", required_argument, NULL, OPT_RETRY},
	{"no-header", no_argument, NULL, OPT_NO_HEADER},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPT_VERSION},
};

bool cli_seconds(const char *option, const char *text, uint32_t *ms)
{
	double s;

	if (number_parse(text, &s) && s >= 0 && s <= 4e6) {
		*ms = (uint32_t)(s * 1000);
		return true;
	}
	cli_say("%s: '%s' is not a number of seconds", option, text);
	return false;
}

static bool read_format(struct cli *cli, const char *word)
{
	static const char *const words[] = {"table", "tsv", "csv", "json", "jsonl"};

	for (int i = 0; i < 5; i++) {
		if (strcmp(word, words[i]) == 0) {
			cli->format = (enum format)(FORMAT_TABLE + i);
			return true;
		}
	}
	cli_say("-o: unknown format '%s'; use table, tsv, json, jsonl or csv", word);
	return false;
}

/* Returns 0 when c was a common option, -1 for another, else '?'. */
static int common_option(struct cli *cli, int c)
{
	bool ok = true;

	switch (c) {
	case OPT_ENDPOINT: cli->endpoint = optarg; break;
	case 'o': ok = read_format(cli, optarg); break;
	case OPT_TIMEOUT: ok = cli_seconds("--timeout", optarg, &cli->timeout_ms); break;
	case OPT_RETRY:
		ok = cli_seconds("--retry", optarg, &cli->retry_ms);
		cli->has_retry = true;
		break;
	case OPT_NO_HEADER: cli->no_header = true; break;
	case 'q': cli->quiet = true; break;
	case 'v': cli->verbose = true; break;
	case 'h':
		help_command(stdout, cli->command);
		cli->help_exit = cli_flush();
		return '?';
	case OPT_VERSION:
		printf("krige %s\n", krige_version());
		cli->help_exit = cli_flush();
		return '?';
	default: return -1;
	}
	cli->help_exit = CLI_USAGE;
	return ok ? 0 : '?';
}

/* The command's options before the common ones: getopt takes the first of a name. */
static void merge(struct option all[OPTIONS_MAX], const struct option *own)
{
	int n = 0;

	for (; own && own->name; own++)
		all[n++] = *own;
	for (size_t i = 0; i < sizeof(common_options) / sizeof(common_options[0]); i++) {
		bool taken = false;

		for (int j = 0; j < n; j++)
			taken |= strcmp(all[j].name, common_options[i].name) == 0;
		if (!taken)
			all[n++] = common_options[i];
	}
	all[n] = (struct option){0};
}

static int bad_option(struct cli *cli, int argc, char **argv, const struct option *all, int c)
{
	const char *names[OPTIONS_MAX], *word = argv[optind - 1], *near;
	char letter[] = {'-', (char)optopt, '\0'};
	int n = 0;

	(void)argc;
	if (strncmp(word, "--", 2) != 0)
		word = letter;
	for (; all[n].name; n++)
		names[n] = all[n].name;
	near = word == letter ? NULL : text_nearest(word + 2, names, n);
	if (c == ':')
		cli_usage(cli, "%s needs a value", word);
	else if (near)
		cli_usage(cli, "unknown option %s; did you mean --%s?", word, near);
	else
		cli_usage(cli, "unknown option %s", word);
	cli->help_exit = CLI_USAGE;
	return '?';
}

int cli_getopt(
	struct cli *cli, int argc, char **argv, const char *shorts, const struct option *longs)
{
	struct option all[OPTIONS_MAX];
	char letters[64];
	int c, common;

	merge(all, longs);
	snprintf(letters, sizeof(letters), "%s%s", shorts && shorts[0] == '+' ? "+:o:qvh" : ":o:qvh",
		shorts ? shorts + (shorts[0] == '+') : "");
	for (;;) {
		c = getopt_long(argc, argv, letters, all, NULL);
		if (c == '?' || c == ':')
			return bad_option(cli, argc, argv, all, c);
		common = c == -1 ? -1 : common_option(cli, c);
		if (common != 0)
			return common == '?' ? '?' : c;
	}
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
	return isatty(STDOUT_FILENO) ? FORMAT_TABLE : FORMAT_TSV;
}

int cli_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CLI_OK;
	cli_say("cannot write the output: %s", strerror(errno));
	return CLI_FAILED;
}

/* ---- main ------------------------------------------------------------------------------ */

static const struct command *find(const char *noun, const char *verb, bool *noun_known)
{
	*noun_known = false;
	for (int i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->noun, noun) != 0)
			continue;
		*noun_known = true;
		if (!c->verb || (verb && strcmp(c->verb, verb) == 0))
			return c;
	}
	return NULL;
}

static int unknown_command(struct cli *cli, const char *noun, const char *verb, bool noun_known)
{
	const char *words[64], *near;
	int n = 0;

	for (int i = 0; i < n_commands && n < 64; i++)
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
	bool noun_known;
	int skip;

	cli->command = find(argv[0], verb, &noun_known);
	if (!cli->command && noun_known && verb &&
		(strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0)) {
		help_noun(stdout, argv[0]);
		return cli_flush();
	}
	if (!cli->command)
		return unknown_command(cli, argv[0], verb, noun_known);
	skip = cli->command->verb ? 1 : 0;
	optind = 0; /* begin anew (glibc) */
	return cli->command->run(cli, argc - skip, argv + skip);
}

/* smartcols measures text in the locale; numbers stay as in C. */
static void set_locale(void)
{
	if (!setlocale(LC_CTYPE, "") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
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
	set_locale();
	if (!read_environment(&cli))
		code = CLI_USAGE;
	else if (cli_getopt(&cli, argc, argv, "+", NULL) == '?')
		code = cli.help_exit;
	else if (optind == argc)
		help_all(stderr);
	else
		code = run_command(&cli, argc - optind, argv + optind);
	krige_close(cli.client);
	arena_free(cli.arena);
	return code;
}
