#include "client/cli/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/cli/cli.h"
#include "client/cli/help.h"
#include "client/cli/number.h"
#include "client/cli/text.h"

enum { OPTIONS_MAX = 48, LETTERS_MAX = 128 };

/* ---- values ------------------------------------------------------------------------- */

bool options_seconds(const char *option, const char *text, double *s)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
	size_t len = strspn(text, "0123456789.eE+-");
	char number[NUMBER_BYTES];
	double scale = text[len] ? 0 : 1;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text + len, units[i].unit) == 0)
			scale = units[i].s;
	if (scale > 0 && len < sizeof(number)) {
		snprintf(number, sizeof(number), "%.*s", (int)len, text);
		if (number_parse(number, s) && *s >= 0) {
			*s *= scale;
			return true;
		}
	}
	cli_say("%s: '%s' is not a time; give seconds, or a number and ms, s, m, h or d", option, text);
	return false;
}

bool options_ms(const char *option, const char *text, uint32_t *ms)
{
	double s;

	if (!options_seconds(option, text, &s))
		return false;
	if (s > 4e6) {
		cli_say("%s: '%s' is too long; at most 46 days", option, text);
		return false;
	}
	*ms = (uint32_t)(s * 1000);
	return true;
}

bool options_real(const char *option, const char *text, double *x)
{
	if (number_parse(text, x))
		return true;
	cli_say("%s: '%s' is not a number", option, text);
	return false;
}

bool options_count(
	struct cli *cli, const char *option, const char *text, uint64_t low, uint64_t *out)
{
	if (number_parse_u64(text, out) && *out >= low)
		return true;
	cli_usage(cli, "%s: '%s'; give a whole number of at least %" PRIu64, option, text, low);
	return false;
}

static bool read_format(struct cli *cli, const char *word)
{
	static const char *const words[] = {
		"table", "wide", "tsv", "csv", "md", "json", "jsonl", "yaml", "name"};
	const char *near;

	for (int i = 0; i < 9; i++) {
		if (strcmp(word, words[i]) == 0) {
			cli->format = (enum format)(FORMAT_TABLE + i);
			return true;
		}
	}
	near = text_nearest(word, words, 9);
	cli_say("-o: unknown format '%s'%s%s%s; use table, wide, tsv, csv, md, json, jsonl, yaml or "
			"name",
		word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return false;
}

static bool read_color(struct cli *cli, const char *word)
{
	if (strcmp(word, "always") == 0)
		cli->color = true;
	else if (strcmp(word, "never") == 0)
		cli->color = false;
	else if (strcmp(word, "auto") != 0)
		return cli_usage(cli, "--color: '%s'; use auto, always or never", word) == CLI_OK;
	return true;
}

/* ---- the common options ---------------------------------------------------------------- */

static bool help_or_version(struct cli *cli, int key)
{
	if (key == 'h')
		help_command(stdout, cli->command);
	else
		printf("krige %s\n", krige_version());
	cli->code = cli_flush();
	return false;
}

/* Returns 0 when key was a common option, -1 for another, else '?'. */
static int common_option(struct cli *cli, int key)
{
	uint64_t n = 0;
	bool ok = true;

	cli->code = CLI_USAGE;
	switch (key) {
	case OPTION_ENDPOINT: cli->endpoint = optarg; break;
	case OPTION_SERVER_KEY: cli->server_key = optarg; break;
	case OPTION_KEY_FILE: cli->key_file = optarg; break;
	case 'o': ok = read_format(cli, optarg); break;
	case OPTION_NO_HEADER: cli->no_header = true; break;
	case OPTION_PRECISION:
		ok = number_parse_u64(optarg, &n) && n >= 1 && n <= 17;
		if (!ok)
			cli_say("--precision: '%s'; give a number of digits from 1 to 17", optarg);
		cli->precision = (int)n;
		break;
	case OPTION_UTC: cli->utc = true; break;
	case OPTION_COLOR: ok = read_color(cli, optarg); break;
	case OPTION_TIMEOUT: ok = options_ms("--timeout", optarg, &cli->timeout_ms); break;
	case OPTION_RETRY:
		ok = options_ms("--retry", optarg, &cli->retry_ms);
		cli->has_retry = true;
		break;
	case 'q': cli->quiet = true; break;
	case 'v': cli->verbose = true; break;
	case OPTION_FILTER: cli->filter = optarg; break;
	case OPTION_SORT: cli->sort = optarg; break;
	case OPTION_COLUMNS: cli->columns = optarg; break;
	case OPTION_LIMIT:
		ok = options_count(cli, "--limit", optarg, 0, &cli->limit);
		cli->has_limit = true;
		break;
	case 'h':
	case OPTION_VERSION: ok = help_or_version(cli, key); break;
	default: return -1;
	}
	return ok ? 0 : '?';
}

/* ---- getopt ------------------------------------------------------------------------------ */

struct getopt_table {
	struct option longs[OPTIONS_MAX];
	int n;
	char letters[LETTERS_MAX];
	size_t n_letters;
};

/* getopt takes the first of a name: the command's options come before the common ones. */
static void add(struct getopt_table *t, const struct cli_option *o)
{
	for (; o && o->name; o++) {
		bool taken = false;

		for (int i = 0; i < t->n; i++)
			taken |= strcmp(t->longs[i].name, o->name) == 0;
		if (taken || t->n == OPTIONS_MAX - 1)
			continue;
		t->longs[t->n++] = (struct option){
			o->name, o->arg ? required_argument : no_argument, NULL, abs(o->key)};
		if (o->key <= 0 || o->key >= OPTION_ENDPOINT || memchr(t->letters, o->key, t->n_letters))
			continue;
		t->letters[t->n_letters++] = (char)o->key;
		if (o->arg)
			t->letters[t->n_letters++] = ':';
	}
}

static void fill(struct getopt_table *t, const struct cli *cli)
{
	*t = (struct getopt_table){0};
	if (!cli->command)
		t->letters[t->n_letters++] = '+'; /* the command's options are its own */
	t->letters[t->n_letters++] = ':';
	add(t, cli->command ? cli->command->options : NULL);
	if (!cli->command || cli->command->flags & COMMAND_ROWS)
		add(t, options_rows);
	add(t, options_common);
}

static int bad_option(struct cli *cli, char **argv, const struct getopt_table *t, int c)
{
	const char *names[OPTIONS_MAX], *word = argv[optind - 1], *near;
	char letter[] = {'-', (char)optopt, '\0'};

	if (strncmp(word, "--", 2) != 0)
		word = letter;
	for (int i = 0; i < t->n; i++)
		names[i] = t->longs[i].name;
	near = word == letter ? NULL : text_nearest(word + 2, names, t->n);
	if (c == ':')
		cli_usage(cli, "%s needs a value", word);
	else if (near)
		cli_usage(cli, "unknown option %s; did you mean --%s?", word, near);
	else
		cli_usage(cli, "unknown option %s", word);
	cli->code = CLI_USAGE;
	return '?';
}

int options_next(struct cli *cli, int argc, char **argv)
{
	struct getopt_table t;
	int c, common;

	fill(&t, cli);
	for (;;) {
		c = getopt_long(argc, argv, t.letters, t.longs, NULL);
		if (c == '?' || c == ':')
			return bad_option(cli, argv, &t, c);
		if (c == -1)
			return -1;
		common = common_option(cli, c);
		if (common != 0)
			return common == '?' ? '?' : c;
	}
}

int options_before_negative(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *s = argv[i];

		if (s[0] == '-' && s[1] && (strchr("0123456789.", s[1]) || strncasecmp(s, "-inf", 4) == 0))
			return i;
	}
	return argc;
}

bool options_words(struct cli *cli, int argc, char **argv, int min, int max)
{
	if (options_next(cli, argc, argv) != -1)
		return false;
	if (argc - optind >= min && argc - optind <= max)
		return true;
	if (max == 0)
		cli_usage(cli, "'%s': one word too many", argv[optind]);
	else
		cli_usage(cli, "%s: give %s", argc - optind < min ? "words are missing" : "too many words",
			cli->command->args);
	cli->code = CLI_USAGE;
	return false;
}
