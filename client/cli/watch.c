#include "client/cli/watch.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/c/clock.h"

enum {
	WAIT_MS = 60000,
	FRAME_MS = 200, /* least time between two frames */
	RETRY_MS = 60000
};

void watch_patiently(struct cli *cli)
{
	if (!cli->has_retry)
		cli->retry_ms = RETRY_MS;
}

void watch_clear(const struct cli *cli)
{
	if (cli->terminal)
		fputs("\033[H\033[2J", stdout);
}

void watch_fit(struct cli *cli, int above)
{
	struct winsize size;

	if (!cli->terminal || cli_format(cli) > FORMAT_WIDE || cli->has_limit)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < above + 4)
		return;
	cli->has_limit = true;
	cli->limit = (uint64_t)(size.ws_row - above - 2); /* names of columns, and the cursor */
}

static bool is_over(const struct msg_study *s)
{
	return s->state == STUDY_FINISHED && s->counts[TRIAL_RUNNING] == 0;
}

int watch_study(struct cli *cli, const char *study, watch_draw *draw, void *ctx)
{
	uint64_t since = 0, wait = 0;

	/* In a pipe each change is a line: one that can be read by itself. */
	if (!cli->terminal && cli->format == FORMAT_AUTO)
		cli->format = FORMAT_JSONL;
	for (;;) {
		struct arena_mark mark = arena_mark(cli->arena);
		const struct msg_study *s;
		int64_t start = clock_ms();
		int code = cli_study_after(cli, study, since, wait, &s);

		if (code != CLI_OK)
			return code;
		watch_patiently(cli);
		if (s->seq > since) {
			watch_clear(cli);
			code = draw(ctx, s, since);
			if (code != CLI_OK || is_over(s))
				return code;
		}
		since = s->seq;
		wait = WAIT_MS;
		arena_release(cli->arena, mark);
		if (clock_ms() - start < FRAME_MS)
			clock_sleep_ms((int)(FRAME_MS - (clock_ms() - start)));
	}
}
