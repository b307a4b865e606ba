/* Each trial as a line over the axes of the parameters and the objective
 * (Inselberg 1985). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/layout.h"
#include "client/cli/plot.h"

enum { ROWS = 16, SPACING = 10, LINES_MAX = 200 };

/* Axis i of n: the parameters, then the objective. */
struct place {
	struct axis axis;
	int column; /* of the canvas */
};

static double value_on(const struct plot_trial *t, int i, int n)
{
	return i == n - 1 ? t->value : t->params[i];
}

static void draw_line(
	struct canvas *c, const struct place *places, int n, const struct plot_trial *t, enum ink ink)
{
	int dots = c->utf8 ? 2 : 1, height = canvas_height(c), last_x = 0, last_y = 0;
	bool linked = false;

	for (int i = 0; i < n; i++) {
		double place = axis_place(&places[i].axis, value_on(t, i, n));
		int x = places[i].column * dots, y;

		/* An inactive parameter has no place: the line has a gap. */
		if (!(place >= 0 && place <= 1)) {
			linked = false;
			continue;
		}
		y = (int)lround((1 - place) * (height - 1));
		if (linked)
			canvas_line(c, last_x, last_y, x, y, ink);
		else
			canvas_dot(c, x, y, ink);
		if (ink == INK_BEST)
			canvas_mark(c, x, y, MARK_BEST, ink);
		linked = true;
		last_x = x;
		last_y = y;
	}
}

static int by_value(const void *pa, const void *pb, void *ctx)
{
	const struct plot_trial *a = *(const struct plot_trial *const *)pa;
	const struct plot_trial *b = *(const struct plot_trial *const *)pb;

	if (a->value == b->value)
		return (a->number > b->number) - (a->number < b->number);
	return plot_better(ctx, a->value, b->value) ? -1 : 1;
}

/* The trials that are drawn, the best first. */
static const struct plot_trial **choose(struct plot *p, int *n)
{
	const struct plot_trial **chosen = ARENA_ARRAY(p->arena, const struct plot_trial *, p->n);
	size_t k = 0;

	for (size_t i = 0; chosen && i < p->n; i++)
		if (p->trials[i].counts)
			chosen[k++] = &p->trials[i];
	if (chosen && k > 0)
		qsort_r(chosen, k, sizeof(*chosen), by_value, p);
	*n = k > LINES_MAX ? LINES_MAX : (int)k;
	return chosen;
}

/* ---- text above and below ------------------------------------------------------------------ */

static const char *end_label(const struct plot *p, const struct axis *a, bool high)
{
	double range = a->high - a->low, end = high ? a->high : a->low;
	char text[AXIS_LABEL_BYTES];

	if (a->n_choices > 0)
		end = high ? a->n_choices - 1 : 0;
	return arena_printf(p->arena, "%s", axis_label(a, end, range / 1000, text));
}

/* One text at each axis, centred where there is room. */
static bool put_texts(
	const struct plot *p, const struct place *places, const char *const *texts, int n, int width)
{
	int at = 0;

	for (int i = 0; i < n; i++) {
		int left = i == 0 ? 0 : at + 1;
		int right = i == n - 1 ? width : (places[i].column + places[i + 1].column) / 2;
		const char *text = texts[i] ? layout_safe(texts[i], false, p->arena) : NULL;
		int start;

		text = text ? layout_cut(text, right - left, p->cli->utf8 ? "…" : "~", p->arena) : NULL;
		if (!text)
			return false;
		start = places[i].column - layout_width(text) / 2;
		start = start + layout_width(text) > width ? width - layout_width(text) : start;
		start = start < left ? left : start;
		printf("%*s%s", start - at, "", text);
		at = start + layout_width(text);
	}
	putchar('\n');
	return true;
}

static bool put_ends(const struct plot *p, const struct place *places, int n, int width, bool high)
{
	const char **texts = ARENA_ARRAY(p->arena, const char *, n);

	for (int i = 0; texts && i < n; i++)
		texts[i] = end_label(p, &places[i].axis, high);
	return texts && put_texts(p, places, texts, n, width);
}

static bool put_names(const struct plot *p, const struct place *places, int n, int width)
{
	const char **texts = ARENA_ARRAY(p->arena, const char *, n);

	for (int i = 0; texts && i < n; i++)
		texts[i] = places[i].axis.name;
	return texts && put_texts(p, places, texts, n, width);
}

/* ---- the drawing ----------------------------------------------------------------------- */

static struct place *make_places(struct plot *p, int n, int width)
{
	struct place *places = ARENA_ARRAY(p->arena, struct place, n);

	for (int i = 0; places && i < n; i++) {
		places[i].axis = i == n - 1 ? plot_value_axis(p) : plot_param_axis(p, i);
		places[i].column = n > 1 ? 3 + i * (width - 7) / (n - 1) : width / 2;
	}
	return places;
}

static void draw_axes(struct canvas *c, const struct place *places, int n)
{
	int dots = c->utf8 ? 2 : 1, height = c->utf8 ? 4 : 2;

	for (int i = 0; i < n; i++)
		for (int row = 0; row < c->rows; row++)
			canvas_mark(c, places[i].column * dots, row * height, MARK_AXIS, INK_FRAME);
}

static int draw(struct plot *p)
{
	int width = p->cli->width, most = width / SPACING, n_lines, n;
	const struct plot_trial **lines = choose(p, &n_lines);
	struct place *places;
	struct canvas c;
	const char *rest;

	n = p->n_params + 1 > most ? most : p->n_params + 1;
	places = make_places(p, n, width);
	rest = n_lines == LINES_MAX ? arena_printf(p->arena, ", the best %d trials", LINES_MAX) : "";
	if (!lines || !places || !rest ||
		!canvas_init(&c, width, ROWS, p->cli->utf8, p->cli->color, p->arena))
		return cli_no_memory();
	if (n < p->n_params + 1)
		cli_say("%d of %d parameters fit into %d columns; name those to draw", n - 1, p->n_params,
			width);
	draw_axes(&c, places, n);
	for (int i = n_lines - 1; i > 0; i--)
		draw_line(&c, places, n, lines[i], INK_DATA);
	if (n_lines > 0)
		draw_line(&c, places, n, lines[0], INK_BEST);
	if (p->log_value)
		rest = arena_printf(p->arena, "%s, log scale", rest);
	rest = rest ? plot_title(p, rest) : NULL;
	if (!rest)
		return cli_no_memory();
	puts(rest);
	if (!put_names(p, places, n, width) || !put_ends(p, places, n, width, true))
		return cli_no_memory();
	for (int row = 0; row < c.rows; row++) {
		canvas_put_row(stdout, &c, row);
		putchar('\n');
	}
	return put_ends(p, places, n, width, false) ? cli_flush() : cli_no_memory();
}

const struct plot_kind plot_parallel = {"parallel", draw, plot_print_params};
