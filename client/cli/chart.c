#include "client/cli/chart.h"

#include <math.h>
#include <string.h>

#include "client/cli/layout.h"

enum { LABEL_MAX = 14, TICK_ROWS = 3, TICK_COLUMNS = 12 };

static double step_of(const double *ticks, int n)
{
	return n > 1 ? ticks[1] - ticks[0] : 0;
}

/* The text of a label, cut and safe. */
static const char *label(
	const struct chart *c, const struct axis *axis, double tick, double step, int width)
{
	char text[AXIS_LABEL_BYTES];
	const char *s = axis_label(axis, tick, step, text);

	s = s ? layout_safe(s, false, c->arena) : NULL;
	s = s ? layout_cut(s, width, c->canvas.utf8 ? "…" : "~", c->arena) : NULL;
	return s ? arena_printf(c->arena, "%s", s) : NULL;
}

static int y_ticks(const struct chart *c, int rows, double ticks[AXIS_TICKS_MAX])
{
	int most = c->y.n_choices > 0 ? rows : rows / TICK_ROWS + 1;

	return axis_ticks(&c->y, most, ticks);
}

bool chart_init(struct chart *c, int rows, int width, bool utf8, bool color, struct arena *a)
{
	double ticks[AXIS_TICKS_MAX];
	int n = y_ticks(c, rows - c->strip, ticks), widest = 0;

	c->arena = a;
	c->canvas.utf8 = utf8;
	for (int i = 0; i < n; i++) {
		const char *text = label(c, &c->y, ticks[i], step_of(ticks, n), LABEL_MAX);
		int w = text ? layout_width(text) : 0;

		if (!text)
			return false;
		widest = w > widest ? w : widest;
	}
	c->margin = widest + 2; /* a space, and the frame */
	return canvas_init(&c->canvas, width - c->margin, rows, utf8, color, a);
}

/* A place in [0, 1] to one of n dots. */
static bool dot_of(double place, int n, int *dot)
{
	if (!(place >= -1e-9 && place <= 1 + 1e-9) || n < 1)
		return false;
	*dot = (int)lround(place * (n - 1));
	*dot = *dot < 0 ? 0 : *dot >= n ? n - 1 : *dot;
	return true;
}

/* Dots above the strip. */
static int value_dots(const struct chart *c)
{
	return canvas_height(&c->canvas) - c->strip * (c->canvas.utf8 ? 4 : 2);
}

bool chart_x(const struct chart *c, double x, int *dot_x)
{
	return dot_of(axis_place(&c->x, x), canvas_width(&c->canvas), dot_x);
}

bool chart_at(const struct chart *c, double x, double y, int *dot_x, int *dot_y)
{
	double place = axis_place(&c->y, y);

	return chart_x(c, x, dot_x) && dot_of(c->down ? place : 1 - place, value_dots(c), dot_y);
}

int chart_strip_y(const struct chart *c)
{
	return canvas_height(&c->canvas) - 1;
}

/* ---- printing --------------------------------------------------------------------------- */

/* The label of each row, NULL for most. */
static void place_labels(const struct chart *c, const char **labels)
{
	double ticks[AXIS_TICKS_MAX], place;
	int n = y_ticks(c, c->canvas.rows - c->strip, ticks), dot;

	for (int i = 0; i < n; i++) {
		place = axis_place(&c->y, ticks[i]);
		if (!dot_of(c->down ? place : 1 - place, value_dots(c), &dot))
			continue;
		dot /= c->canvas.utf8 ? 4 : 2;
		if (!labels[dot])
			labels[dot] = label(c, &c->y, ticks[i], step_of(ticks, n), LABEL_MAX);
	}
}

static void put_left(FILE *out, const struct chart *c, const char *text)
{
	static const char *const bars[2][2] = {{"|", "+"}, {"│", "┤"}};
	int pad = c->margin - 2 - (text ? layout_width(text) : 0);

	fprintf(out, "%*s%s %s", pad, "", text ? text : "", bars[c->canvas.utf8][text != NULL]);
}

/* The frame below, with a tick above each label, and the labels; the name of the axis at the end
 * of theirs. */
static void put_bottom(FILE *out, const struct chart *c)
{
	static const char *const lines[2][3] = {{"-", "+", "+"}, {"─", "┬", "└"}};
	double ticks[AXIS_TICKS_MAX];
	int most = c->canvas.columns / (c->x.n_choices > 0 ? 6 : TICK_COLUMNS) + 1;
	int n = axis_ticks(&c->x, most, ticks), columns = c->canvas.columns, used = 0, dot, at = 0;
	const char *name = layout_safe(c->x.name, false, c->arena), *text[AXIS_TICKS_MAX] = {0};
	int column[AXIS_TICKS_MAX], start[AXIS_TICKS_MAX];
	int room = columns - (name ? layout_width(name) + 1 : 0);

	for (int i = 0; i < n; i++) {
		if (!chart_x(c, ticks[i], &dot))
			continue;
		text[i] = label(c, &c->x, ticks[i], step_of(ticks, n), LABEL_MAX);
		column[i] = dot / (c->canvas.utf8 ? 2 : 1);
		start[i] = text[i] ? column[i] - layout_width(text[i]) / 2 : 0;
		start[i] = start[i] < 0 ? 0 : start[i];
		if (!text[i] || start[i] < used || start[i] + layout_width(text[i]) > room)
			text[i] = NULL;
		else
			used = start[i] + layout_width(text[i]) + 1;
	}
	fprintf(out, "%*s%s", c->margin - 1, "", lines[c->canvas.utf8][2]);
	for (int k = 0; k < columns; k++) {
		bool tick = false;

		for (int i = 0; i < n; i++)
			tick |= text[i] && column[i] == k;
		fputs(lines[c->canvas.utf8][tick], out);
	}
	fprintf(out, "\n%*s", c->margin, "");
	for (int i = 0; i < n; i++) {
		if (!text[i])
			continue;
		fprintf(out, "%*s%s", start[i] - at, "", text[i]);
		at = start[i] + layout_width(text[i]);
	}
	if (name && room >= at)
		fprintf(out, "%*s%s", columns - layout_width(name) - at, "", name);
	putc('\n', out);
}

void chart_print(FILE *out, const struct chart *c)
{
	const char **labels = ARENA_ARRAY(c->arena, const char *, c->canvas.rows + 1);

	if (c->title)
		fprintf(out, "%s\n", c->title);
	if (labels)
		place_labels(c, labels);
	for (int row = 0; row < c->canvas.rows; row++) {
		put_left(out, c, labels ? labels[row] : NULL);
		canvas_put_row(out, &c->canvas, row);
		putc('\n', out);
	}
	put_bottom(out, c);
}
