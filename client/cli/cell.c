#include "client/cli/cell.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "client/cli/number.h"
#include "client/cli/text.h"

struct cell cell_none(void)
{
	return (struct cell){.kind = CELL_NONE};
}

struct cell cell_bool(bool b)
{
	return (struct cell){.kind = CELL_BOOL, .b = b};
}

struct cell cell_int(int64_t i)
{
	return (struct cell){.kind = CELL_INT, .i = i};
}

struct cell cell_count(uint64_t n)
{
	return cell_int(n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

struct cell cell_real(double r)
{
	return (struct cell){.kind = CELL_REAL, .r = r};
}

struct cell cell_text(const char *s)
{
	return (struct cell){.kind = s ? CELL_TEXT : CELL_NONE, .s = s};
}

struct cell cell_time(uint64_t ms)
{
	return (struct cell){.kind = ms ? CELL_TIME : CELL_NONE, .ms = ms};
}

struct cell cell_scalar(const struct msg_scalar *s)
{
	switch (s->kind) {
	case SCALAR_NULL: return cell_text("null"); /* a value, other than an absent one */
	case SCALAR_BOOL: return cell_bool(s->b);
	case SCALAR_INT: return cell_int(s->i);
	case SCALAR_REAL: return cell_real(s->r);
	case SCALAR_STRING: return cell_text(s->s);
	}
	return cell_none();
}

static int rank(const struct cell *c)
{
	static const int ranks[] = {0, 1, 2, 2, 3, 4};

	return ranks[c->kind];
}

static int compare_reals(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a > b) - (a < b);
}

static double real_of(const struct cell *c)
{
	return c->kind == CELL_INT ? (double)c->i : c->r;
}

int cell_compare(const struct cell *a, const struct cell *b)
{
	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	switch (a->kind) {
	case CELL_BOOL: return a->b - b->b;
	case CELL_INT:
		if (b->kind == CELL_INT)
			return (a->i > b->i) - (a->i < b->i);
		return compare_reals(real_of(a), real_of(b));
	case CELL_REAL: return compare_reals(a->r, real_of(b));
	case CELL_TEXT: return strcmp(a->s, b->s);
	case CELL_TIME: return (a->ms > b->ms) - (a->ms < b->ms);
	default: return 0;
	}
}

static const char *print_real(double x, const struct cell_style *style, struct arena *a)
{
	char text[NUMBER_BYTES];

	if (style->precision > 0)
		return arena_printf(a, "%.*g", style->precision, x);
	return arena_printf(a, "%s", style->brief ? number_brief(text, x) : number_format(text, x));
}

const char *cell_print(const struct cell *c, const struct cell_style *style, struct arena *a)
{
	char time[TEXT_TIME_BYTES];

	switch (c->kind) {
	case CELL_NONE: return "";
	case CELL_BOOL: return c->b ? "true" : "false";
	case CELL_INT: return arena_printf(a, "%" PRId64, c->i);
	case CELL_REAL: return print_real(c->r, style, a);
	case CELL_TEXT: return c->s;
	case CELL_TIME:
		return arena_printf(a, "%s",
			style->brief ? text_time_brief(time, c->ms, style->utc) : text_time(time, c->ms));
	}
	return "";
}
