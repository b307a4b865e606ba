#include "client/cli/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "client/cli/layout.h"

enum { ARENA_BYTES = 1 << 30, MENTIONS_MAX = 1024 };

/* ---- options --------------------------------------------------------------------------- */

int rows_open(struct rows *r, struct cli *cli, FILE *out)
{
	struct kr_error err;
	enum kr_status s;

	*r = (struct rows){.cli = cli, .out = out, .format = cli_format(cli), .sort_by = -1};
	r->arena = arena_new(ARENA_BYTES);
	if (!r->arena)
		return cli_no_memory();
	r->writer = writer_make(out);
	r->writer.yaml = r->format == FORMAT_YAML;
	s = cli->filter ? filter_parse(&r->filter, cli->filter, r->arena, &err) : KR_OK;
	if (s == KR_OK)
		return CLI_OK;
	kr_prefix(&err, "--filter");
	arena_free(r->arena);
	return cli_kr_error(&err);
}

/* The i-th word of a list with commas, in a; NULL after the last. */
static const char *item(const char *list, int i, struct arena *a)
{
	for (; list && i > 0; i--) {
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	return list ? arena_strndup(a, list, strcspn(list, ",")) : NULL;
}

static const char *sort_name(const struct rows *r, bool *descending)
{
	const char *text = r->cli->sort, *colon;
	size_t len;

	*descending = false;
	if (!text)
		return NULL;
	colon = strrchr(text, ':');
	len = strlen(text);
	if (colon && (strcmp(colon, ":desc") == 0 || strcmp(colon, ":asc") == 0)) {
		*descending = colon[1] == 'd';
		len = (size_t)(colon - text);
	}
	return arena_strndup(r->arena, text, len);
}

const char *rows_mentions(const struct rows *r, int i)
{
	int n = r->filter ? filter_n_names(r->filter) : 0;
	bool descending;

	if (i < n)
		return filter_name(r->filter, i);
	if (i == n)
		return r->cli->sort ? sort_name(r, &descending) : "";
	return i < MENTIONS_MAX ? item(r->cli->columns, i - n - 1, r->arena) : NULL;
}

void rows_column(struct rows *r, struct column c)
{
	if (KR_GROW(&r->columns, (size_t)r->n_columns, &r->cap_columns) != 0)
		r->failed = true;
	else
		r->columns[r->n_columns++] = c;
}

static int unknown(const char *option, const char *name, const char *near)
{
	cli_say("%s: no column '%s'%s%s%s", option, name, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	return CLI_USAGE;
}

static int choose_columns(struct rows *r)
{
	const char *name, *near;
	int at;

	r->shown = ARENA_ARRAY(
		r->arena, int, r->n_columns > MENTIONS_MAX ? r->n_columns : MENTIONS_MAX);
	if (!r->shown)
		return cli_no_memory();
	r->named = r->cli->columns != NULL;
	for (int i = 0; r->named && (name = item(r->cli->columns, i, r->arena)); i++) {
		at = filter_column(r->columns, r->n_columns, name, r->arena, &near);
		if (at < 0)
			return unknown("--columns", name, near);
		if (r->n_shown == MENTIONS_MAX)
			break;
		r->shown[r->n_shown++] = at;
	}
	for (int i = 0; !r->named && i < r->n_columns; i++) {
		int hidden = COLUMN_HIDDEN | (r->format == FORMAT_TABLE ? COLUMN_WIDE : 0);

		if (!(r->columns[i].flags & hidden))
			r->shown[r->n_shown++] = i;
	}
	if (r->format == FORMAT_NAME) {
		r->shown[0] = r->named ? r->shown[0] : 0;
		r->n_shown = 1;
	}
	return CLI_OK;
}

static int bind(struct rows *r)
{
	const char *name = sort_name(r, &r->descending), *near;
	struct kr_error err;
	int code;

	if (r->failed)
		return cli_no_memory();
	if (name) {
		r->sort_by = filter_column(r->columns, r->n_columns, name, r->arena, &near);
		if (r->sort_by < 0)
			return unknown("--sort", name, near);
	}
	code = choose_columns(r);
	if (code != CLI_OK || !r->filter)
		return code;
	if (filter_bind(r->filter, r->columns, r->n_columns, r->arena, &err) == KR_OK)
		return CLI_OK;
	kr_prefix(&err, "--filter");
	return cli_kr_error(&err);
}

int rows_ready(struct rows *r)
{
	int code = bind(r);

	if (code != CLI_OK)
		rows_abandon(r);
	return code;
}

/* ---- one row ------------------------------------------------------------------------------ */

static bool is_json(const struct rows *r)
{
	return r->format == FORMAT_JSON || r->format == FORMAT_JSONL || r->format == FORMAT_YAML;
}

static bool is_aligned(const struct rows *r)
{
	return r->format == FORMAT_TABLE || r->format == FORMAT_WIDE;
}

static void cell_json(struct writer *w, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NONE: writer_null(w); break;
	case CELL_BOOL: writer_bool(w, c->b); break;
	case CELL_INT: writer_int(w, c->i); break;
	case CELL_REAL: writer_real(w, c->r); break;
	case CELL_TEXT: writer_string(w, c->s); break;
	case CELL_TIME: writer_time(w, c->ms); break;
	}
}

static void put_object(struct rows *r, struct writer *w, const struct cell *cells)
{
	writer_object(w);
	for (int i = 0; i < r->n_shown; i++)
		cell_json(writer_key(w, r->columns[r->shown[i]].name), &cells[r->shown[i]]);
	writer_end(w);
}

static void put_json(struct rows *r, const struct cell *cells, rows_json *json, const void *what)
{
	if (!r->began && r->format != FORMAT_JSONL && !r->single)
		writer_array(&r->writer);
	r->began = true;
	if (json && !r->named)
		json(&r->writer, what);
	else
		put_object(r, &r->writer, cells);
	if (r->format == FORMAT_JSONL)
		putc('\n', r->out);
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

static void put_md(FILE *out, const char *s)
{
	putc(' ', out);
	for (; *s; s++) {
		if (*s == '|')
			putc('\\', out);
		putc(*s, out);
	}
	fputs(" |", out);
}

static void put_text(struct rows *r, int i, const char *text)
{
	bool last = i == r->n_shown - 1;
	const char *safe;

	if (r->format == FORMAT_CSV) {
		put_csv(r->out, text);
		putc(last ? '\n' : ',', r->out);
		return;
	}
	/* In TSV a backslash begins an escape, so it is one itself. */
	safe = layout_safe(text, r->format == FORMAT_TSV, r->arena);
	if (!safe)
		r->failed = true;
	else if (r->format == FORMAT_MD)
		put_md(r->out, safe);
	else
		fputs(safe, r->out);
	if (r->format != FORMAT_MD || last)
		putc(last ? '\n' : '\t', r->out);
}

static void put_header(struct rows *r)
{
	if (r->began)
		return;
	r->began = true;
	if (r->cli->no_header || r->format == FORMAT_NAME)
		return;
	if (r->format == FORMAT_MD)
		putc('|', r->out);
	for (int i = 0; i < r->n_shown; i++)
		put_text(r, i, r->columns[r->shown[i]].name);
	if (r->format != FORMAT_MD)
		return;
	putc('|', r->out);
	for (int i = 0; i < r->n_shown; i++)
		fputs(r->columns[r->shown[i]].type == COLUMN_NUMBER ? " ---: |" : " --- |", r->out);
	putc('\n', r->out);
}

struct cell_style rows_style(const struct rows *r)
{
	return (struct cell_style){.precision = r->cli->precision,
		.brief = is_aligned(r) || r->format == FORMAT_MD,
		.utc = r->cli->utc || r->format == FORMAT_MD};
}

static void put_cells(struct rows *r, const struct cell *cells)
{
	struct arena_mark mark = arena_mark(r->arena);
	struct cell_style style = rows_style(r);

	put_header(r);
	if (r->format == FORMAT_MD)
		putc('|', r->out);
	for (int i = 0; i < r->n_shown; i++) {
		const char *text = cell_print(&cells[r->shown[i]], &style, r->arena);

		if (!text)
			r->failed = true;
		put_text(r, i, text ? text : "");
	}
	arena_release(r->arena, mark);
}

static void put(struct rows *r, const struct cell *cells, rows_json *json, const void *what)
{
	if (is_json(r))
		put_json(r, cells, json, what);
	else
		put_cells(r, cells);
	r->n_put++;
}

/* ---- rows that wait ----------------------------------------------------------------------- */

static const char *json_text(struct rows *r, rows_json *json, const void *what)
{
	char *text = NULL, *copy = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct writer w = writer_make(f);

	if (!f)
		return NULL;
	json(&w, what);
	if (fclose(f) == 0)
		copy = arena_strndup(r->arena, text, len);
	free(text);
	return copy;
}

static void keep(struct rows *r, const struct cell *cells, rows_json *json, const void *what)
{
	size_t n = (size_t)r->n_columns;
	struct cell *copy = arena_memdup(r->arena, cells, n * sizeof(*cells));
	struct rows_kept kept = {.cells = copy, .order = r->n_kept, .key = r->sort_by};

	kept.descending = r->descending;
	if (json && is_json(r) && !r->named)
		kept.json = json_text(r, json, what);
	r->failed |= KR_GROW(&r->kept, r->n_kept, &r->cap_kept) != 0;
	for (size_t i = 0; copy && i < n; i++) {
		if (copy[i].kind != CELL_TEXT)
			continue;
		copy[i].s = arena_strndup(r->arena, copy[i].s, strlen(copy[i].s));
		r->failed |= !copy[i].s;
	}
	r->failed |= !copy || (json && is_json(r) && !r->named && !kept.json);
	if (!r->failed)
		r->kept[r->n_kept++] = kept;
}

bool rows_full(const struct rows *r)
{
	if (ferror(r->out))
		return true;
	return r->cli->has_limit && r->sort_by < 0 && r->n_put + r->n_kept >= r->cli->limit;
}

bool rows_put(struct rows *r, const struct cell *cells, rows_json *json, const void *what)
{
	if (r->filter && !filter_match(r->filter, cells))
		return false;
	if (rows_full(r) || r->failed)
		return true;
	if (r->sort_by >= 0 || is_aligned(r))
		keep(r, cells, json, what);
	else
		put(r, cells, json, what);
	return true;
}

static int by_key(const void *pa, const void *pb)
{
	const struct rows_kept *a = pa, *b = pb;
	const struct cell *ca = &a->cells[a->key], *cb = &b->cells[b->key];
	int order = cell_compare(ca, cb);

	/* Empty cells come last in either order, equal ones as they came. */
	if ((ca->kind == CELL_NONE) != (cb->kind == CELL_NONE))
		return ca->kind == CELL_NONE ? 1 : -1;
	if (order == 0)
		return (a->order > b->order) - (a->order < b->order);
	return a->descending ? -order : order;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Whether the column has something to tell. */
static bool tells(const struct rows *r, int column, const struct cell_style *style)
{
	const char *usual = r->columns[column].usual;

	if (!usual || r->named || r->format == FORMAT_WIDE)
		return true;
	for (size_t i = 0; i < r->n_kept; i++) {
		const char *text = cell_print(&r->kept[i].cells[column], style, r->arena);

		if (text && text[0] && strcmp(text, usual) != 0 && strcmp(text, "0") != 0)
			return true;
	}
	return false;
}

static bool right(const struct rows *r, int column)
{
	return r->columns[column].type == COLUMN_NUMBER;
}

static void print_aligned(struct rows *r, size_t n)
{
	struct layout_column *columns = ARENA_ARRAY(r->arena, struct layout_column, r->n_shown + 1);
	const char **texts = ARENA_ARRAY(r->arena, const char *, (n + 1) * (size_t)(r->n_shown + 1));
	struct cell_style style = rows_style(r);
	int n_columns = 0, at;

	if (!columns || !texts) {
		r->failed = true;
		return;
	}
	for (int i = 0; i < r->n_shown; i++)
		if (tells(r, r->shown[i], &style))
			r->shown[n_columns++] = r->shown[i];
	for (int i = 0; i < n_columns; i++) {
		at = r->shown[i];
		columns[i].right = right(r, at);
		if (!r->cli->no_header)
			columns[i].name = layout_safe(r->columns[at].name, false, r->arena);
		for (size_t k = 0; k < n; k++) {
			const char *text = cell_print(&r->kept[k].cells[at], &style, r->arena);

			text = text ? layout_safe(text, false, r->arena) : NULL;
			r->failed |= !text;
			texts[k * (size_t)n_columns + (size_t)i] = text;
		}
	}
	if (!r->failed && n > 0)
		r->failed = !layout_print(r->out, columns, n_columns, texts, (int)n,
			r->format == FORMAT_WIDE ? 0 : r->cli->width, r->cli->utf8 ? "…" : "...", r->arena);
}

static void raw_json(struct writer *w, const void *text)
{
	writer_raw(w, text);
}

static void print_kept(struct rows *r)
{
	size_t n = r->n_kept;

	if (r->sort_by >= 0 && n > 0)
		qsort(r->kept, n, sizeof(*r->kept), by_key);
	if (r->cli->has_limit && n > r->cli->limit)
		n = r->cli->limit;
	if (is_aligned(r)) {
		print_aligned(r, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		put(r, r->kept[i].cells, r->kept[i].json ? raw_json : NULL, r->kept[i].json);
}

static void end_json(struct rows *r)
{
	if (r->format == FORMAT_JSONL)
		return;
	if (!r->began && !r->single)
		writer_array(&r->writer);
	if (!r->single)
		writer_end(&r->writer);
	writer_finish(&r->writer);
}

void rows_abandon(struct rows *r)
{
	filter_free(r->filter);
	kr_free(r->kept);
	kr_free(r->columns);
	arena_free(r->arena);
	*r = (struct rows){.cli = r->cli, .out = r->out};
}

int rows_close(struct rows *r)
{
	bool failed;

	if (!r->failed)
		print_kept(r);
	if (is_json(r))
		end_json(r);
	else if (!is_aligned(r))
		put_header(r);
	failed = r->failed;
	rows_abandon(r);
	if (failed)
		return cli_no_memory();
	return r->out == stdout ? cli_flush() : CLI_OK;
}
