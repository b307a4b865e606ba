#include "client/cli/help.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/commands.h"

enum { INDENT = 26, WIDTH = 79 };

const struct topic topics[] = {
#define TOPIC(name, title, text) {name, title, text},
#include "client/cli/topics.def"
#undef TOPIC
};
const int n_topics = (int)(sizeof(topics) / sizeof(topics[0]));

/* ---- pieces ------------------------------------------------------------------------- */

void help_name(FILE *out, const struct command *c, char sep)
{
	fprintf(out, "krige%c%s", sep, c->noun);
	if (c->verb)
		fprintf(out, "%c%s", sep, c->verb);
}

/* Whether the key of an option is also its letter. */
static bool has_letter(const struct cli_option *o)
{
	return o->key > 0 && o->key < OPTION_ENDPOINT;
}

/* "K=V.." without the dots: *again tells that they were there. */
static int arg_len(const struct cli_option *o, bool *again)
{
	size_t len = o->arg ? strlen(o->arg) : 0;

	*again = len > 2 && strcmp(o->arg + len - 2, "..") == 0;
	return (int)(*again ? len - 2 : len);
}

void help_option(FILE *out, const struct cli_option *o)
{
	bool again;
	int len = arg_len(o, &again);

	if (has_letter(o))
		fprintf(out, "-%c, ", o->key);
	fprintf(out, "--%s%s%.*s", o->name, len ? " " : "", len, o->arg ? o->arg : "");
}

static void synopsis_option(FILE *out, const struct cli_option *o)
{
	bool again;
	int len = arg_len(o, &again);

	if (has_letter(o))
		fprintf(out, " [-%c", o->key);
	else
		fprintf(out, " [--%s", o->name);
	fprintf(out, "%s%.*s]%s", len ? " " : "", len, o->arg ? o->arg : "", again ? ".." : "");
}

void help_synopsis(FILE *out, const struct command *c)
{
	const char *dashes = strstr(c->args, "-- ");

	/* Options come before a command that is given after --. */
	if (c->args[0])
		fprintf(
			out, " %.*s", (int)(dashes ? dashes - c->args - 1 : (long)strlen(c->args)), c->args);
	for (const struct cli_option *o = c->options; o->name; o++)
		synopsis_option(out, o);
	if (c->flags & COMMAND_ROWS)
		for (const struct cli_option *o = options_rows; o->name; o++)
			synopsis_option(out, o);
	if (dashes)
		fprintf(out, " %s", dashes);
}

/* Words from column INDENT on, broken at spaces. */
static void put_wrapped(FILE *out, int column, const char *text)
{
	while (*text) {
		size_t room = WIDTH - INDENT, n = strlen(text);

		fprintf(out, "%*s", column < INDENT ? INDENT - column : 1, "");
		if (n > room)
			for (n = room; n > 0 && text[n] != ' '; n--)
				;
		if (n == 0)
			n = strcspn(text, " ");
		fprintf(out, "%.*s\n", (int)n, text);
		text += n + (text[n] == ' ');
		column = 0;
	}
}

static void put_options(FILE *out, const char *title, const struct cli_option *o)
{
	char name[128];

	if (!o->name)
		return;
	fprintf(out, "\n%s:\n", title);
	for (; o->name; o++) {
		FILE *f = fmemopen(name, sizeof(name), "w");

		if (!f)
			return;
		help_option(f, o);
		fclose(f);
		int column = fprintf(out, "  %s", name);

		if (column > INDENT - 2) {
			putc('\n', out);
			column = 0;
		}
		put_wrapped(out, column, o->help);
	}
}

/* ---- whole texts ------------------------------------------------------------------------ */

static void put_command(FILE *out, const struct command *c)
{
	int len;

	if (c->flags & COMMAND_HIDDEN)
		return;
	len = fprintf(out, "  %s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "");
	fprintf(out, "%*s%s\n", len < INDENT ? INDENT - len : 1, "", c->summary);
}

void help_all(FILE *out)
{
	fputs("krige: ask kriged for points to try, tell it what came out\n\n"
		  "usage: krige [OPTION].. COMMAND ..\n\nCommands:\n",
		out);
	for (int i = 0; i < n_commands; i++)
		put_command(out, &commands[i]);
	put_options(out, "Options of every command", options_common);
	put_options(out, "Options of commands with rows", options_rows);
	for (int i = 0; i < n_topics; i++)
		if (strcmp(topics[i].name, "exit-codes") == 0)
			fprintf(out, "\n%s:\n%s\n", topics[i].title, topics[i].text);
	fputs("\n`krige COMMAND --help` explains a command. Topics of `krige help`:\n ", out);
	for (int i = 0; i < n_topics; i++)
		fprintf(out, " %s", topics[i].name);
	putc('\n', out);
}

void help_noun(FILE *out, const char *noun)
{
	for (int i = 0; i < n_commands; i++)
		if (strcmp(commands[i].noun, noun) == 0)
			put_command(out, &commands[i]);
}

/* Broken before an option where a line is full. */
void help_usage(FILE *out, const struct command *c)
{
	char *text = NULL, *end;
	size_t len = 0, column;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	help_synopsis(f, c);
	fclose(f);
	fputs("usage: ", out);
	help_name(out, c, ' ');
	column = strlen("usage: krige ") + strlen(c->noun) + (c->verb ? strlen(c->verb) + 1 : 0);
	for (char *word = text; word && *word; word = end) {
		end = strstr(word + 1, " [");
		if (!end)
			end = word + strlen(word);
		if (column + (size_t)(end - word) > WIDTH)
			column = (size_t)fprintf(out, "\n         ") - 1;
		column += (size_t)fprintf(out, "%.*s", (int)(end - word), word);
	}
	putc('\n', out);
	free(text);
}

void help_command(FILE *out, const struct command *c)
{
	if (!c) {
		help_all(out);
		return;
	}
	help_usage(out, c);
	fprintf(out, "\n%s\n%s%s", c->summary, c->details, c->details[0] ? "\n" : "");
	put_options(out, "Options", c->options);
	if (c->flags & COMMAND_ROWS)
		put_options(out, "Options for the rows", options_rows);
	put_options(out, "Options of every command", options_common);
	if (c->example[0]) {
		fputs("\nExample:\n", out);
		for (const char *line = c->example; *line; line += strcspn(line, "\n"), line += *line != 0)
			fprintf(out, "  %.*s\n", (int)strcspn(line, "\n"), line);
	}
}
