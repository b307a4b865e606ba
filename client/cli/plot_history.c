/* Values by trial number, and the best so far. */
#include <math.h>

#include "client/cli/plot.h"
#include "client/cli/rows.h"

enum { ROWS = 16 };

static bool has_strip(const struct plot *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (isnan(p->trials[i].value))
			return true;
	return false;
}

/* A stair: level until the next best, then straight to it. */
static void draw_best(const struct plot *p, struct chart *c)
{
	int x0 = 0, y0 = 0, x, y;
	bool begun = false;
	double best = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct plot_trial *t = &p->trials[i];

		if (t->counts && (!begun || plot_better(p, t->value, best)))
			best = t->value;
		else if (!begun || i + 1 < p->n)
			continue; /* the last one ends the line */
		if (!chart_at(c, (double)t->number, best, &x, &y))
			continue;
		if (begun) {
			canvas_line(&c->canvas, x0, y0, x, y0, INK_BEST);
			canvas_line(&c->canvas, x, y0, x, y, INK_BEST);
		}
		begun = true;
		x0 = x;
		y0 = y;
	}
	if (begun)
		canvas_dot(&c->canvas, x0, y0, INK_BEST);
}

static int draw(struct plot *p)
{
	double first = (double)p->trials[0].number, last = (double)p->trials[p->n - 1].number;
	struct chart c = {.x = axis_make("trial", first, last, false),
		.y = plot_value_axis(p),
		.strip = has_strip(p)};
	const char *rest = c.y.log ? ", log scale" : "";
	int x, y;

	c.x.whole = true;
	if (first == last)
		c.x = axis_make("trial", first - 0.5, last + 0.5, false);
	c.title = plot_title(p, rest);
	if (!c.title || !plot_chart(p, &c, ROWS))
		return cli_no_memory();
	draw_best(p, &c);
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_trial *t = &p->trials[i];

		if (chart_at(&c, (double)t->number, t->value, &x, &y))
			canvas_dot(&c.canvas, x, y, INK_DATA);
		else if (isnan(t->value) && chart_x(&c, (double)t->number, &x))
			canvas_mark(&c.canvas, x, chart_strip_y(&c), plot_lost(t) ? MARK_FAILED : MARK_RUNNING,
				plot_lost(t) ? INK_FAILED : INK_RUNNING);
	}
	chart_print(stdout, &c);
	return cli_flush();
}

static int print(struct plot *p)
{
	struct rows rows;
	int code = rows_open(&rows, p->cli, stdout);
	double best = NAN;

	if (code != CLI_OK)
		return code;
	rows_column(&rows, (struct column){.name = "number", .type = COLUMN_NUMBER});
	rows_column(&rows, (struct column){.name = "state", .type = COLUMN_TEXT});
	rows_column(&rows, (struct column){.name = "value", .type = COLUMN_NUMBER});
	rows_column(&rows, (struct column){.name = "best", .type = COLUMN_NUMBER});
	code = rows_ready(&rows);
	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_trial *t = &p->trials[i];
		struct cell cells[4];

		if (t->counts && (isnan(best) || plot_better(p, t->value, best)))
			best = t->value;
		cells[0] = cell_count(t->number);
		cells[1] = cell_text(msg_trial_state_name(t->state));
		cells[2] = isnan(t->value) ? cell_none() : cell_real(t->value);
		cells[3] = isnan(best) ? cell_none() : cell_real(best);
		rows_put(&rows, cells, NULL, NULL);
	}
	return rows_close(&rows);
}

const struct plot_kind plot_history = {"history", draw, print};
