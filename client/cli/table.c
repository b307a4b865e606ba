#include "client/cli/table.h"

#include <stdlib.h>
#include <string.h>

#include <libsmartcols.h>

void table_begin(struct table *t, FILE *out, enum format format, bool header)
{
	*t = (struct table){.out = out, .format = format, .header = header};
	if (format != FORMAT_TABLE)
		return;
	t->cols = scols_new_table();
	if (!t->cols) {
		t->failed = true;
		return;
	}
	scols_table_set_stream(t->cols, out);
	scols_table_enable_noheadings(t->cols, !header);
}

/* Tab-separated text has no quotes: what would break a row is escaped. */
static void put_tsv(FILE *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '\t': fputs("\\t", out); break;
		case '\n': fputs("\\n", out); break;
		case '\r': fputs("\\r", out); break;
		case '\\': fputs("\\\\", out); break;
		default: putc(*s, out);
		}
	}
}

/* RFC 4180, with the line ends of this system. */
static void put_csv(FILE *out, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		fputs(s, out);
		return;
	}
	putc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			putc('"', out);
		putc(*s, out);
	}
	putc('"', out);
}

static void put(struct table *t, int column, bool last, const char *text)
{
	if (column > 0)
		putc(t->format == FORMAT_CSV ? ',' : '\t', t->out);
	if (t->format == FORMAT_CSV)
		put_csv(t->out, text);
	else
		put_tsv(t->out, text);
	if (last)
		putc('\n', t->out);
}

void table_column(struct table *t, const char *name, bool right)
{
	if (t->cols && !scols_table_new_column(t->cols, name, 0, right ? SCOLS_FL_RIGHT : 0))
		t->failed = true;
	if (!t->cols && t->header && !t->failed)
		put(t, t->n_columns, false, name);
	t->n_columns++;
}

void table_column_unless(struct table *t, const char *name, const char *usual)
{
	t->optional[t->n_optional].column = t->n_columns;
	t->optional[t->n_optional++].usual = usual;
	table_column(t, name, false);
}

const char *table_number(const struct table *t, char out[NUMBER_BYTES], double x)
{
	return t->format == FORMAT_TABLE ? number_brief(out, x) : number_format(out, x);
}

/* Column names are a row of their own: end it before the first cell. */
static void begin_rows(struct table *t)
{
	if (!t->began && !t->cols && t->header && !t->failed)
		putc('\n', t->out);
	t->began = true;
}

static void keep(struct table *t, int column, const char *text)
{
	if (column == 0)
		t->line = scols_table_new_line(t->cols, NULL);
	if (!t->line || scols_line_set_data(t->line, (size_t)column, text) != 0)
		t->failed = true;
	for (int i = 0; i < t->n_optional; i++)
		if (t->optional[i].column == column && text[0] && strcmp(text, t->optional[i].usual) != 0)
			t->optional[i].needed = true;
}

static void hide_usual(struct table *t)
{
	for (int i = 0; i < t->n_optional; i++)
		if (!t->optional[i].needed)
			scols_column_set_flags(
				scols_table_get_column(t->cols, (size_t)t->optional[i].column), SCOLS_FL_HIDDEN);
}

void table_cell(struct table *t, const char *text)
{
	int column = t->n_cells % t->n_columns;

	begin_rows(t);
	if (t->failed)
		return;
	if (t->cols)
		keep(t, column, text ? text : "");
	else
		put(t, column, column == t->n_columns - 1, text ? text : "");
	t->n_cells++;
}

bool table_end(struct table *t)
{
	begin_rows(t);
	if (t->cols && !t->failed)
		hide_usual(t);
	if (t->cols && !t->failed && t->n_cells > 0 && scols_print_table(t->cols) != 0)
		t->failed = true;
	if (t->cols)
		scols_unref_table(t->cols);
	t->cols = NULL;
	return !t->failed;
}
