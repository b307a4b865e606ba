#include "client/cli/filter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/cli/filter_node.h"
#include "client/cli/number.h"
#include "client/cli/text.h"

/* ---- columns ----------------------------------------------------------------------------- */

int filter_n_names(const struct filter *f)
{
	return (int)f->n;
}

const char *filter_name(const struct filter *f, int i)
{
	return f->nodes[i].name ? f->nodes[i].name : "";
}

int filter_column(
	const struct column *columns, int n, const char *name, struct arena *a, const char **near)
{
	const char **names;
	int k = 0;

	*near = NULL;
	for (int i = 0; i < n; i++)
		if (strcmp(columns[i].name, name) == 0)
			return i;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < 2; j++)
			if (columns[i].aliases[j] && strcmp(columns[i].aliases[j], name) == 0)
				return i;
	names = ARENA_ARRAY(a, const char *, 3 * n);
	for (int i = 0; names && i < n; i++) {
		names[k++] = columns[i].name;
		for (int j = 0; j < 2; j++)
			if (columns[i].aliases[j])
				names[k++] = columns[i].aliases[j];
	}
	if (names)
		*near = text_nearest(name, names, k);
	return -1;
}

static const char *list_words(const char *const *words, struct arena *a)
{
	const char *text = "";

	for (int i = 0; words[i] && text; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", words[i]);
	return text ? text : "others";
}

/* Whether a cell of the column can be compared with l. Words are taken in any case. */
static enum kr_status check(const struct column *c, struct filter_literal *l, enum filter_token op,
	struct arena *a, struct kr_error *err)
{
	bool pattern = op == T_MATCH || op == T_NO_MATCH, ok = true;
	const char *want = "";

	if (pattern || l->is_null)
		return KR_OK;
	switch (c->type) {
	case COLUMN_NUMBER:
		ok = l->is_number;
		want = "compare it with a number";
		break;
	case COLUMN_TIME:
		ok = l->is_time;
		want = "compare it with a time like 2026-01-31T08:15";
		break;
	case COLUMN_BOOL:
		ok = strcmp(l->text, "true") == 0 || strcmp(l->text, "false") == 0;
		want = "compare it with true or false";
		break;
	case COLUMN_WORD:
		ok = false;
		for (int i = 0; c->words[i] && !ok; i++) {
			ok = strcasecmp(c->words[i], l->text) == 0;
			if (ok)
				l->text = c->words[i];
		}
		want = arena_printf(a, "it is one of %s", list_words(c->words, a));
		break;
	default: break;
	}
	if (ok)
		return KR_OK;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, c->name, "%s: '%s'; %s", c->name, l->text, want ? want : "");
}

enum kr_status filter_bind(
	struct filter *f, const struct column *columns, int n, struct arena *a, struct kr_error *err)
{
	for (size_t i = 0; i < f->n; i++) {
		struct filter_node *node = &f->nodes[i];
		const char *near;

		if (!node->name)
			continue;
		node->column = filter_column(columns, n, node->name, a, &near);
		if (node->column < 0)
			return kr_fail(err, KR_INVALID_ARGUMENT, "no column '%s'%s%s%s", node->name,
				near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		if (node->kind == N_TRUE && columns[node->column].alone)
			node->column = filter_column(columns, n, columns[node->column].alone, a, &near);
		for (struct filter_literal *l = node->literal; l; l = l->next) {
			enum kr_status s = check(&columns[node->column], l, node->op, a, err);

			if (s != KR_OK)
				return s;
		}
	}
	return KR_OK;
}

/* ---- matching ----------------------------------------------------------------------------- */

/* How the cell stands to l: *order < 0, 0, > 0. False: they cannot be compared. */
static bool compare(const struct cell *c, const struct filter_literal *l, int *order)
{
	struct cell other = {0};

	switch (c->kind) {
	case CELL_NONE: return false;
	case CELL_BOOL:
		*order = strcmp(c->b ? "true" : "false", l->text);
		return !l->quoted && (strcmp(l->text, "true") == 0 || strcmp(l->text, "false") == 0);
	case CELL_INT:
	case CELL_REAL:
		if (!l->is_number || isnan(l->number) || (c->kind == CELL_REAL && isnan(c->r)))
			return false;
		other = l->is_integer ? cell_int(l->integer) : cell_real(l->number);
		*order = cell_compare(c, &other);
		return true;
	case CELL_TEXT: *order = strcmp(c->s, l->text); return true;
	case CELL_TIME: *order = c->ms < l->from_ms ? -1 : c->ms >= l->to_ms; return l->is_time;
	}
	return false;
}

static bool equal(const struct cell *c, const struct filter_literal *l)
{
	int order;

	if (l->is_null && c->kind == CELL_NONE)
		return true;
	return compare(c, l, &order) && order == 0;
}

static bool matches(const struct filter_node *n, const struct cell *c)
{
	char text[NUMBER_BYTES + 16], time[TEXT_TIME_BYTES];
	const char *s = text;

	switch (c->kind) {
	case CELL_NONE: return false;
	case CELL_BOOL: s = c->b ? "true" : "false"; break;
	case CELL_INT: snprintf(text, sizeof(text), "%lld", (long long)c->i); break;
	case CELL_REAL: number_format(text, c->r); break;
	case CELL_TEXT: s = c->s; break;
	case CELL_TIME: s = text_time(time, c->ms); break;
	}
	return regexec(&n->regex, s, 0, NULL, 0) == 0;
}

static bool holds(const struct filter_node *n, const struct cell *c)
{
	int order;

	switch (n->op) {
	case T_EQ: return equal(c, n->literal);
	case T_NE: return !equal(c, n->literal);
	case T_MATCH: return matches(n, c);
	case T_NO_MATCH: return !matches(n, c);
	default: break;
	}
	if (!compare(c, n->literal, &order))
		return false;
	switch (n->op) {
	case T_LT: return order < 0;
	case T_LE: return order <= 0;
	case T_GT: return order > 0;
	default: return order >= 0;
	}
}

static bool is_true(const struct cell *c)
{
	switch (c->kind) {
	case CELL_NONE: return false;
	case CELL_BOOL: return c->b;
	case CELL_INT: return c->i != 0;
	case CELL_REAL: return c->r != 0;
	case CELL_TEXT: return c->s[0] != '\0';
	case CELL_TIME: return true;
	}
	return false;
}

static bool evaluate(const struct filter *f, int at, const struct cell *cells)
{
	const struct filter_node *n = &f->nodes[at];

	switch (n->kind) {
	case N_AND: return evaluate(f, n->left, cells) && evaluate(f, n->right, cells);
	case N_OR: return evaluate(f, n->left, cells) || evaluate(f, n->right, cells);
	case N_NOT: return !evaluate(f, n->left, cells);
	case N_TEST: return holds(n, &cells[n->column]);
	case N_IN:
		for (const struct filter_literal *l = n->literal; l; l = l->next)
			if (equal(&cells[n->column], l))
				return true;
		return false;
	case N_TRUE: return is_true(&cells[n->column]);
	}
	return false;
}

bool filter_match(const struct filter *f, const struct cell *cells)
{
	return evaluate(f, f->root, cells);
}
