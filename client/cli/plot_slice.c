/* Values by one parameter: a chart for each. */
#include <math.h>

#include "client/cli/plot.h"

enum { ROWS_ALONE = 16, ROWS_EACH = 8 };

/* Trials without a value that have one of the parameter. */
static bool has_strip(const struct plot *p, int param)
{
	for (size_t i = 0; i < p->n; i++)
		if (isnan(p->trials[i].value) && !isnan(p->trials[i].params[param]))
			return true;
	return false;
}

static void draw_trial(struct chart *c, int param, const struct plot_trial *t)
{
	int x, y;

	if (chart_at(c, t->params[param], t->value, &x, &y))
		canvas_dot(&c->canvas, x, y, INK_DATA);
	else if (isnan(t->value) && chart_x(c, t->params[param], &x))
		canvas_mark(&c->canvas, x, chart_strip_y(c), plot_lost(t) ? MARK_FAILED : MARK_RUNNING,
			plot_lost(t) ? INK_FAILED : INK_RUNNING);
}

static bool draw_param(struct plot *p, int param, bool first)
{
	const struct plot_trial *best = plot_best(p);
	struct chart c = {
		.x = plot_param_axis(p, param), .y = plot_value_axis(p), .strip = has_strip(p, param)};
	int x, y;

	c.title = first ? plot_title(p, c.y.log ? ", log scale" : "") : "";
	if (!c.title || !plot_chart(p, &c, p->n_params > 1 ? ROWS_EACH : ROWS_ALONE))
		return false;
	for (size_t i = 0; i < p->n; i++)
		draw_trial(&c, param, &p->trials[i]);
	if (best && chart_at(&c, best->params[param], best->value, &x, &y))
		canvas_mark(&c.canvas, x, y, MARK_BEST, INK_BEST);
	if (c.x.log)
		c.x.name = arena_printf(p->arena, "%s (log)", c.x.name);
	if (c.x.name)
		chart_print(stdout, &c);
	return c.x.name != NULL;
}

static int draw(struct plot *p)
{
	for (int i = 0; i < p->n_params; i++) {
		struct arena_mark mark = arena_mark(p->arena);

		if (!draw_param(p, i, i == 0))
			return cli_no_memory();
		arena_release(p->arena, mark);
	}
	return cli_flush();
}

const struct plot_kind plot_slice = {"slice", draw, plot_print_params};
