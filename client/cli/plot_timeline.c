/* When each trial ran: a bar from its beginning to its end, or to now. */
#include <math.h>

#include "client/cli/plot.h"
#include "client/cli/rows.h"

enum { ROWS_LEAST = 4, ROWS_MOST = 20 };

static uint64_t end_of(const struct plot *p, const struct plot_trial *t)
{
	if (t->finished_ms)
		return t->finished_ms;
	return p->now_ms > t->created_ms ? p->now_ms : t->created_ms;
}

/* Seconds in the unit that leaves the fewest digits. */
static double unit_of(double span, const char **name)
{
	static const struct {
		double from, s;
		const char *name;
	} units[] = {{2 * 86400, 86400, "days"}, {2 * 3600, 3600, "hours"}, {120, 60, "minutes"}};

	for (int i = 0; i < 3; i++) {
		if (span < units[i].from)
			continue;
		*name = units[i].name;
		return units[i].s;
	}
	*name = "seconds";
	return 1;
}

static void draw_trial(
	const struct plot *p, struct chart *c, const struct plot_trial *t, double start, double unit)
{
	double from = ((double)t->created_ms / 1000 - start) / unit;
	double to = ((double)end_of(p, t) / 1000 - start) / unit;
	bool lost = plot_lost(t);
	int x0, x1, y;

	if (!chart_at(c, from, (double)t->number, &x0, &y) ||
		!chart_at(c, to, (double)t->number, &x1, &y))
		return;
	canvas_line(&c->canvas, x0, y, x1, y, lost ? INK_FAILED : INK_DATA);
	if (lost)
		canvas_mark(&c->canvas, x1, y, MARK_FAILED, INK_FAILED);
	else if (t->state == TRIAL_RUNNING)
		canvas_mark(&c->canvas, x1, y, MARK_RUNNING, INK_RUNNING);
}

static int draw(struct plot *p)
{
	double start = INFINITY, end = 0, unit;
	struct chart c = {.down = true};
	size_t rows = p->n / 2;

	for (size_t i = 0; i < p->n; i++) {
		start = fmin(start, (double)p->trials[i].created_ms / 1000);
		end = fmax(end, (double)end_of(p, &p->trials[i]) / 1000);
	}
	unit = unit_of(end - start, &c.x.name);
	c.x = axis_make(c.x.name, 0, end > start ? (end - start) / unit : 1, false);
	c.y = axis_make(
		"trial", (double)p->trials[0].number, (double)p->trials[p->n - 1].number, false);
	c.y.whole = true;
	c.title = plot_title(p, "");
	if (!c.title ||
		!plot_chart(p, &c,
			rows < ROWS_LEAST      ? ROWS_LEAST
				: rows > ROWS_MOST ? ROWS_MOST
								   : (int)rows))
		return cli_no_memory();
	for (size_t i = 0; i < p->n; i++)
		if (p->trials[i].state != TRIAL_QUEUED)
			draw_trial(p, &c, &p->trials[i], start, unit);
	chart_print(stdout, &c);
	return cli_flush();
}

static int print(struct plot *p)
{
	struct rows rows;
	int code = rows_open(&rows, p->cli, stdout);

	if (code != CLI_OK)
		return code;
	rows_column(&rows, (struct column){.name = "number", .type = COLUMN_NUMBER});
	rows_column(&rows, (struct column){.name = "state", .type = COLUMN_TEXT});
	rows_column(&rows, (struct column){.name = "worker", .type = COLUMN_TEXT});
	rows_column(&rows, (struct column){.name = "created", .type = COLUMN_TIME});
	rows_column(&rows, (struct column){.name = "finished", .type = COLUMN_TIME});
	rows_column(&rows, (struct column){.name = "seconds", .type = COLUMN_NUMBER});
	code = rows_ready(&rows);
	if (code != CLI_OK)
		return code;
	for (size_t i = 0; i < p->n; i++) {
		const struct plot_trial *t = &p->trials[i];
		double s = (double)t->finished_ms / 1000 - (double)t->created_ms / 1000;
		struct cell cells[] = {cell_count(t->number), cell_text(msg_trial_state_name(t->state)),
			cell_text(t->worker), cell_time(t->created_ms), cell_time(t->finished_ms),
			t->finished_ms ? cell_real(s) : cell_none()};

		rows_put(&rows, cells, NULL, NULL);
	}
	return rows_close(&rows);
}

const struct plot_kind plot_timeline = {"timeline", draw, print};
