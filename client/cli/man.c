#include "client/cli/man.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/commands.h"
#include "client/cli/help.h"

/* Text of roff: backslashes and dashes are escaped, and a line cannot begin with a request. */
static void put_text(FILE *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i == 0 && (s[i] == '.' || s[i] == '\''))
			fputs("\\&", out);
		if (s[i] == '\\')
			fputs("\\e", out);
		else if (s[i] == '-')
			fputs("\\-", out);
		else if (s[i] == '\'')
			fputs("\\(aq", out);
		else if (s[i] == '`')
			fputs("\\(ga", out);
		else if (s[i] == '^')
			fputs("\\(ha", out);
		else if (s[i] == '~')
			fputs("\\(ti", out);
		else
			putc(s[i], out);
	}
}

static void put_string(FILE *out, const char *s)
{
	put_text(out, s, strlen(s));
}

/* Lines that begin with a space are kept as they are, others are filled. */
static void put_lines(FILE *out, const char *text)
{
	bool kept = false;

	for (bool first = true; *text; first = false) {
		size_t len = strcspn(text, "\n");
		bool keep = *text == ' ';

		if (keep != kept)
			fprintf(out, "%s%s%s", keep ? "" : ".fi\n", first ? "" : ".PP\n", keep ? ".nf\n" : "");
		kept = keep;
		put_text(out, text, len);
		putc('\n', out);
		text += len + (text[len] == '\n');
	}
	if (kept)
		fputs(".fi\n", out);
}

/* name is "krige-study-show" */
static void put_head(FILE *out, const char *name, const char *summary)
{
	fputs(".TH ", out);
	for (const char *c = name; *c; c++)
		putc(toupper((unsigned char)*c), out);
	fprintf(out, " 1 \"\" \"krige %s\" \"User Commands\"\n.SH NAME\n%s \\- ", KRIGED_VERSION, name);
	put_string(out, summary);
	fputs("\n.SH SYNOPSIS\n.B ", out);
}

static void put_options(FILE *out, const char *title, const struct cli_option *o)
{
	if (!o->name)
		return;
	fprintf(out, ".SH %s\n", title);
	for (; o->name; o++) {
		char *text = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&text, &len);

		if (!f)
			return;
		help_option(f, o);
		fclose(f);
		fputs(".TP\n.B ", out);
		put_string(out, text ? text : "");
		putc('\n', out);
		put_string(out, o->help);
		putc('\n', out);
		free(text);
	}
}

static void put_examples(FILE *out, const char *example)
{
	if (!example[0])
		return;
	fputs(".SH EXAMPLES\n.nf\n", out);
	for (; *example; example += strcspn(example, "\n"), example += *example != 0) {
		put_text(out, example, strcspn(example, "\n"));
		putc('\n', out);
	}
	fputs(".fi\n", out);
}

static const char *upper(const char *title, char out[64])
{
	size_t i = 0;

	for (; title[i] && i < 63; i++)
		out[i] = (char)toupper((unsigned char)title[i]);
	out[i] = '\0';
	return out;
}

void man_overview(FILE *out)
{
	char title[64];

	put_head(out, "krige", "ask kriged for points to try, tell it what came out");
	fputs("krige\n[\\fIOPTION\\fR].. \\fICOMMAND\\fR ..\n.SH COMMANDS\n", out);
	for (int i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];

		if (c->flags & COMMAND_HIDDEN)
			continue;
		fputs(".TP\n.B ", out);
		help_name(out, c, ' ');
		putc('\n', out);
		put_string(out, c->summary);
		putc('\n', out);
	}
	put_options(out, "OPTIONS OF EVERY COMMAND", options_common);
	put_options(out, "OPTIONS OF COMMANDS WITH ROWS", options_rows);
	for (int i = 0; i < n_topics; i++) {
		fprintf(out, ".SH %s\n", upper(topics[i].title, title));
		put_lines(out, topics[i].text);
	}
	fputs(".SH SEE ALSO\n", out);
	for (int i = 0; i < n_commands; i++) {
		if (commands[i].flags & COMMAND_HIDDEN)
			continue;
		fputs(".BR ", out);
		help_name(out, &commands[i], '-');
		fputs(" (1),\n", out);
	}
	fputs(".BR libkrige (3)\n", out);
}

static void put_command(FILE *out, const struct command *c, const char *name, const char *synopsis)
{
	put_head(out, name, c->summary);
	help_name(out, c, ' ');
	putc('\n', out);
	put_string(out, synopsis + (synopsis[0] == ' '));
	putc('\n', out);
	if (c->details[0]) {
		fputs(".SH DESCRIPTION\n", out);
		put_lines(out, c->details);
	}
	put_options(out, "OPTIONS", c->options);
	if (c->flags & COMMAND_ROWS)
		put_options(out, "OPTIONS FOR THE ROWS", options_rows);
	put_options(out, "OPTIONS OF EVERY COMMAND", options_common);
	put_examples(out, c->example);
	fputs(".SH SEE ALSO\n.BR krige (1)\n", out);
}

void man_command(FILE *out, const struct command *c)
{
	char *name = NULL, *synopsis = NULL;
	size_t len;
	FILE *f = open_memstream(&name, &len);

	if (f) {
		help_name(f, c, '-');
		fclose(f);
		f = open_memstream(&synopsis, &len);
	}
	if (f) {
		help_synopsis(f, c);
		fclose(f);
	}
	if (name && synopsis)
		put_command(out, c, name, synopsis);
	free(name);
	free(synopsis);
}
