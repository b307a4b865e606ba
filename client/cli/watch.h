/* --watch: on a terminal the output is drawn again when the study has changed, in a
 * pipe changes are appended. The daemon answers when there is something new. */
#ifndef KR_CLIENT_CLI_WATCH_H
#define KR_CLIENT_CLI_WATCH_H

#include "client/cli/cli.h"

/* Prints a frame, of what has changed after event since_seq (0: of all there is) when the output is
 * a pipe. Returns the exit code. */
typedef int watch_draw(void *ctx, const struct msg_study *s, uint64_t since_seq);

/* Draw now, and after each change, until the study is gone, or not ACTIVE or PAUSED any more and
 * without a running trial. Returns the exit code. */
int watch_study(struct cli *cli, const char *study, watch_draw *draw, void *ctx);

/* After the first answer: from now on a daemon that is away is put up with for a minute, or what
 * --retry says. */
void watch_patiently(struct cli *cli);

/* Before a table on a terminal: no more rows than it shows below `above` other lines, unless
 * --limit says how many. Nothing in a pipe. */
void watch_fit(struct cli *cli, int above);

/* The begin of a frame: clears the terminal. Nothing in a pipe. */
void watch_clear(const struct cli *cli);

#endif
