/* The value that a command printed. Its output is shown to result_line, line by
 * line; the last line that states the metric counts:
 *   loss=0.3            also among others: "epoch=3, loss=0.3"
 *   {"loss": 0.3}       a JSON object
 *   0.3                 alone, when it is the last line that is not empty
 * nan and inf are values: the trial fails as `nonfinite`. */
#ifndef KR_CLIENT_CLI_RESULT_H
#define KR_CLIENT_CLI_RESULT_H

#include <stdbool.h>
#include <stddef.h>

enum result_source { RESULT_NONE, RESULT_BARE, RESULT_NAMED };

struct result {
	const char *metric; /* name of the objective */
	enum result_source source;
	double value;
};

/* Nothing seen yet; metric is borrowed. */
struct result result_make(const char *metric);

/* line has no line end. */
void result_line(struct result *r, const char *line);

/* A whole file: one JSON object or number over any lines, else lines as above. text has a NUL
 * at len. */
void result_text(struct result *r, char *text, size_t len);

#endif
