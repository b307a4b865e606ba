/* A drawing of dots in characters: braille (2 x 4 dots a character) where the terminal
 * has UTF-8, else ASCII (1 x 2: ' . and :). Dots are counted from the left and the top.
 * What lies outside is not drawn. */
#ifndef KR_CLIENT_CLI_CANVAS_H
#define KR_CLIENT_CLI_CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/* Later ones cover earlier ones of the same character. */
enum ink { INK_NONE, INK_FRAME, INK_DATA, INK_BEST, INK_RUNNING, INK_FAILED };

/* Characters that stand for a thing and not for dots. */
enum mark { MARK_NONE, MARK_BEST, MARK_RUNNING, MARK_FAILED, MARK_AXIS };

struct canvas_cell {
	uint8_t dots; /* bit: see canvas_dot */
	uint8_t mark, ink;
};

struct canvas {
	int columns, rows; /* in characters */
	bool utf8, color;
	struct canvas_cell *cells;
};

/* An empty canvas; its cells lie in a. False when memory runs out. */
bool canvas_init(struct canvas *c, int columns, int rows, bool utf8, bool color, struct arena *a);

/* In dots. */
int canvas_width(const struct canvas *c);
int canvas_height(const struct canvas *c);

/* One dot. A braille character has the bits 1 2 4 64 down its left side and 8 16 32 128 down its
 * right side (Unicode 15, 21.1); an ASCII one 1 above and 2 below. */
void canvas_dot(struct canvas *c, int x, int y, enum ink ink);

/* Every dot from one end to the other (Bresenham 1965). */
void canvas_line(struct canvas *c, int x0, int y0, int x1, int y1, enum ink ink);

/* The character with the dot x, y shows the mark, whatever dots it has. */
void canvas_mark(struct canvas *c, int x, int y, enum mark mark, enum ink ink);

/* What the character shows: UTF-8, " " when there is nothing. */
const char *canvas_text(const struct canvas *c, int column, int row, char out[8]);

/* One row, without spaces at its end and without a line end. */
void canvas_put_row(FILE *out, const struct canvas *c, int row);

#endif
