/* A frame with two axes around a canvas, as wide as what it is written to allows. */
#ifndef KR_CLIENT_CLI_CHART_H
#define KR_CLIENT_CLI_CHART_H

#include "client/cli/axis.h"
#include "client/cli/canvas.h"

struct chart {
	struct axis x, y;
	const char *title; /* above the frame; NULL: none */
	bool down;         /* y grows downwards */
	int strip;         /* rows at the bottom without values, for marks */
	int margin;        /* columns left of the frame */
	struct canvas canvas;
	struct arena *arena;
};

/* rows: height of the canvas in characters; width: of all in columns, at least 20. The caller sets
 * x, y, title, down and strip before. False when memory runs out. */
bool chart_init(struct chart *c, int rows, int width, bool utf8, bool color, struct arena *a);

/* Dots of values. False when the value has no place on the axis. */
bool chart_at(const struct chart *c, double x, double y, int *dot_x, int *dot_y);
bool chart_x(const struct chart *c, double x, int *dot_x);

/* A dot of the strip. */
int chart_strip_y(const struct chart *c);

/* Title, frame and labels around what was drawn. */
void chart_print(FILE *out, const struct chart *c);

#endif
