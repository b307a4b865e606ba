#include "client/cli/complete.h"

#include <stdbool.h>
#include <string.h>

#include "client/c/call.h"
#include "client/cli/commands.h"

enum { DAEMON_MS = 1000 };

const char *complete_script(const char *shell)
{
	/* COMP_WORDS is split at COMP_WORDBREAKS, too: words are taken from the line itself. */
	static const char bash[] =
		"_krige()\n"
		"{\n"
		"\tlocal line=${COMP_LINE:0:COMP_POINT} word found\n"
		"\tlocal -a words\n"
		"\tCOMPREPLY=()\n"
		"\tread -ra words <<<\"$line\"\n"
		"\t[[ $line == *[[:space:]] ]] && words+=('')\n"
		"\tword=${words[-1]}\n"
		"\t# Readline replaces only what follows the last break of the word.\n"
		"\tlocal shown=${word##*[=:]}\n"
		"\twhile IFS= read -r found; do\n"
		"\t\tfound=${found:$((${#word} - ${#shown}))}\n"
		"\t\tprintf -v found %q \"$found\"\n"
		"\t\tCOMPREPLY+=(\"$found\")\n"
		"\tdone < <(\"${words[0]}\" complete -- \"${words[@]:1}\" 2>/dev/null)\n"
		"\treturn 0\n"
		"}\n"
		"complete -o default -F _krige krige\n";
	static const char zsh[] =
		"#compdef krige\n"
		"_krige()\n"
		"{\n"
		"\tlocal -a found\n"
		"\tfound=(${(f)\"$(\"${words[1]}\" complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
		"\tif (( $#found )); then\n"
		"\t\tcompadd -- $found\n"
		"\telse\n"
		"\t\t_files\n"
		"\tfi\n"
		"}\n"
		"compdef _krige krige\n";
	static const char fish[] = "function __krige_complete\n"
							   "\tset -l words (commandline -opc) (commandline -ct)\n"
							   "\t$words[1] complete -- $words[2..-1] 2>/dev/null\n"
							   "end\n"
							   "complete -c krige -a '(__krige_complete)'\n";

	if (strcmp(shell, "bash") == 0)
		return bash;
	if (strcmp(shell, "zsh") == 0)
		return zsh;
	return strcmp(shell, "fish") == 0 ? fish : NULL;
}

/* ---- what a word can be ---------------------------------------------------------------- */

static void offer(FILE *out, const char *word, const char *found, size_t len)
{
	if (strncmp(found, word, strlen(word)) == 0 || strlen(word) == 0)
		if (len >= strlen(word))
			fprintf(out, "%.*s\n", (int)len, found);
}

/* Names of studies: silently none when the daemon does not answer. */
static void offer_studies(FILE *out, struct cli *cli, const char *word)
{
	struct krige_options o = {
		.size = sizeof(o), .name = "krige complete", .timeout_ms = DAEMON_MS, .no_start = 1};
	struct msg_request request = {.method = METHOD_LIST_STUDIES};
	struct call_times times = {.timeout_ms = DAEMON_MS, .attempt_ms = DAEMON_MS};
	struct msg_reply reply;

	if (!cli->client && krige_open(&cli->client, cli->endpoint, &o, NULL) != KRIGE_OK)
		return;
	if (call_run_within(cli->client, &times, &request, &reply, cli->arena, NULL) != KRIGE_OK)
		return;
	for (int i = 0; i < reply.u.list_studies.n; i++) {
		const char *name = reply.u.list_studies.studies[i].name;

		offer(out, word, name, strlen(name));
	}
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* One word of a synopsis: its lower-case alternatives, or the studies. */
static void offer_arg(FILE *out, struct cli *cli, const char *arg, size_t len, const char *word)
{
	const char *end = arg + len;

	if (len >= 5 && memmem(arg, len, "STUDY", 5))
		offer_studies(out, cli, word);
	if (memchr(arg, '=', len))
		return; /* "lr=0.1": what stands there is no alternative */
	for (const char *at = arg; at < end;) {
		const char *bar = memchr(at, '|', (size_t)(end - at));
		size_t n = (size_t)((bar ? bar : end) - at);

		while (n > 0 && *at == '[') {
			at++;
			n--;
		}
		while (n > 0 && strchr("].", at[n - 1]))
			n--;
		if (n > 0 && is_lower(*at))
			offer(out, word, at, n);
		at = bar ? bar + 1 : end;
	}
}

/* The k-th word of a synopsis; the last one stands for all that follow when it ends in "..". */
static void offer_positional(
	FILE *out, struct cli *cli, const struct command *c, int k, const char *word)
{
	const char *at = c->args;

	for (;; k--) {
		size_t len = strcspn(at, " ");
		bool again = len > 2 && memmem(at, len, "..", 2);

		if (k == 0 || (again && !at[len])) {
			offer_arg(out, cli, at, len, word);
			return;
		}
		if (!at[len])
			return;
		at += len + 1;
	}
}

static void offer_options(FILE *out, const struct cli_option *o, const char *word)
{
	char text[64];

	for (; o && o->name; o++) {
		snprintf(text, sizeof(text), "--%s", o->name);
		offer(out, word, text, strlen(text));
	}
}

static const struct cli_option *find_in(const struct cli_option *o, const char *word, size_t len)
{
	for (; o && o->name; o++) {
		if (strncmp(word, "--", 2) == 0 && strlen(o->name) == len - 2 &&
			strncmp(o->name, word + 2, len - 2) == 0)
			return o;
		if (len == 2 && word[0] == '-' && word[1] == o->key)
			return o;
	}
	return NULL;
}

static const struct cli_option *find_option(const struct command *c, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct cli_option *o = find_in(c ? c->options : NULL, word, len);

	if (!o && (!c || c->flags & COMMAND_ROWS))
		o = find_in(options_rows, word, len);
	return o ? o : find_in(options_common, word, len);
}

/* Nouns, or the verbs of one. */
static void offer_commands(FILE *out, const char *noun, const char *word)
{
	for (int i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];
		const char *found = noun ? c->verb : c->noun;

		if (c->flags & COMMAND_HIDDEN || (noun && strcmp(c->noun, noun) != 0))
			continue;
		if (!noun && i > 0 && strcmp(commands[i - 1].noun, c->noun) == 0)
			continue; /* the verbs of a noun stand together */
		offer(out, word, found, strlen(found));
	}
}

void complete_words(FILE *out, struct cli *cli, int n, char **words)
{
	const struct command *c = NULL;
	const struct cli_option *o = NULL;
	const char *noun = NULL, *last = n > 0 ? words[n - 1] : "", *equals;
	int positional = 0;

	for (int i = 0; i < n - 1; i++) {
		if (strcmp(words[i], "--") == 0)
			return; /* a command of the user */
		if (words[i][0] == '-' && words[i][1]) {
			o = find_option(c, words[i]);
			if (o && strcmp(o->name, "endpoint") == 0 && !strchr(words[i], '=') && i + 1 < n - 1)
				cli->endpoint = words[i + 1];
			if (o && o->arg && !strchr(words[i], '=') && i++ + 1 == n - 1)
				break; /* the last word is its value */
			o = NULL;
		} else if (c) {
			positional++;
		} else if (noun) {
			c = commands_find(noun, words[i]);
			if (!c)
				return;
		} else {
			noun = words[i];
			c = commands_find(noun, NULL);
		}
		o = NULL;
	}
	equals = strncmp(last, "--", 2) == 0 ? strchr(last, '=') : NULL;
	if (o && o->arg) {
		offer_arg(out, cli, o->arg, strlen(o->arg), last);
	} else if (equals) {
		return; /* --option=VALUE: the shells would have to glue it */
	} else if (last[0] == '-') {
		offer_options(out, c ? c->options : NULL, last);
		if (!c || c->flags & COMMAND_ROWS)
			offer_options(out, options_rows, last);
		offer_options(out, options_common, last);
	} else if (c) {
		offer_positional(out, cli, c, positional, last);
	} else {
		offer_commands(out, noun, last);
	}
}
