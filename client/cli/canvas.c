#include "client/cli/canvas.h"

#include <stdlib.h>

enum { BRAILLE = 0x2800 };

bool canvas_init(struct canvas *c, int columns, int rows, bool utf8, bool color, struct arena *a)
{
	*c = (struct canvas){.columns = columns > 0 ? columns : 0,
		.rows = rows > 0 ? rows : 0,
		.utf8 = utf8,
		.color = color};
	c->cells = ARENA_ARRAY(a, struct canvas_cell, (size_t)c->columns * (size_t)c->rows);
	return c->cells != NULL;
}

int canvas_width(const struct canvas *c)
{
	return c->columns * (c->utf8 ? 2 : 1);
}

int canvas_height(const struct canvas *c)
{
	return c->rows * (c->utf8 ? 4 : 2);
}

/* The character of a dot, NULL outside. */
static struct canvas_cell *cell_of(const struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= canvas_width(c) || y >= canvas_height(c))
		return NULL;
	if (c->utf8)
		return &c->cells[y / 4 * c->columns + x / 2];
	return &c->cells[y / 2 * c->columns + x];
}

void canvas_dot(struct canvas *c, int x, int y, enum ink ink)
{
	static const uint8_t braille[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	struct canvas_cell *cell = cell_of(c, x, y);

	if (!cell)
		return;
	cell->dots = (uint8_t)(cell->dots | (c->utf8 ? braille[y % 4][x % 2] : 1 << y % 2));
	if (cell->ink < ink)
		cell->ink = (uint8_t)ink;
}

void canvas_line(struct canvas *c, int x0, int y0, int x1, int y1, enum ink ink)
{
	int dx = abs(x1 - x0), dy = -abs(y1 - y0);
	int step_x = x0 < x1 ? 1 : -1, step_y = y0 < y1 ? 1 : -1, error = dx + dy, twice;

	for (;;) {
		canvas_dot(c, x0, y0, ink);
		if (x0 == x1 && y0 == y1)
			return;
		twice = 2 * error;
		if (twice >= dy) {
			error += dy;
			x0 += step_x;
		}
		if (twice <= dx) {
			error += dx;
			y0 += step_y;
		}
	}
}

void canvas_mark(struct canvas *c, int x, int y, enum mark mark, enum ink ink)
{
	struct canvas_cell *cell = cell_of(c, x, y);

	if (!cell)
		return;
	cell->mark = (uint8_t)mark;
	cell->ink = (uint8_t)ink;
}

static const char *mark_text(enum mark mark, bool utf8)
{
	static const char *const texts[][2] = {
		{" ", " "}, {"*", "●"}, {"o", "○"}, {"x", "×"}, {"|", "│"}};

	return texts[mark][utf8];
}

const char *canvas_text(const struct canvas *c, int column, int row, char out[8])
{
	const struct canvas_cell *cell = &c->cells[row * c->columns + column];
	unsigned code = BRAILLE + cell->dots;

	if (cell->mark)
		return mark_text(cell->mark, c->utf8);
	if (!cell->dots)
		return " ";
	if (!c->utf8) {
		out[0] = " '.:"[cell->dots];
		out[1] = '\0';
		return out;
	}
	out[0] = (char)(0xe0 | code >> 12);
	out[1] = (char)(0x80 | (code >> 6 & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	out[3] = '\0';
	return out;
}

static void set_ink(FILE *out, const struct canvas *c, int *now, int ink)
{
	static const char *const codes[] = {"0", "2", "36", "1;32", "33", "31"};

	if (!c->color || *now == ink)
		return;
	fprintf(out, "\033[0m");
	if (ink != INK_NONE)
		fprintf(out, "\033[%sm", codes[ink]);
	*now = ink;
}

void canvas_put_row(FILE *out, const struct canvas *c, int row)
{
	const struct canvas_cell *cells = c->cells + row * c->columns;
	int last = c->columns, now = INK_NONE;
	char text[8];

	while (last > 0 && !cells[last - 1].dots && !cells[last - 1].mark)
		last--;
	for (int i = 0; i < last; i++) {
		bool empty = !cells[i].dots && !cells[i].mark;

		set_ink(out, c, &now, empty ? INK_NONE : cells[i].ink);
		fputs(canvas_text(c, i, row, text), out);
	}
	set_ink(out, c, &now, INK_NONE);
}
