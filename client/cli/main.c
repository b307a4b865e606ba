/* krige: the command line of kriged. What was typed, and where, before the command
 * itself takes over. */
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/help.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/text.h"

enum { ARENA_BYTES = 256 << 20, WIDTH = 80, WIDTH_MIN = 20, WIDTH_MAX = 1000 };

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

/* Whoever reads the output has seen enough: that is no failure, and `krige .. | head` succeeds in a
 * shell with pipefail, too. */
static void reader_is_gone(int sig)
{
	(void)sig;
	_exit(CLI_OK);
}

/* Where the signal is ignored, cli_flush meets the error. */
static void look_at_pipes(void)
{
	struct sigaction now, action = {.sa_handler = reader_is_gone};

	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		sigaction(SIGPIPE, &action, NULL);
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
	if (strcmp(cli->command->noun, "run") != 0) /* which has trials to give back */
		look_at_pipes();
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

int main(int argc, char **argv)
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
