/* krige top: all studies, again and again. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "client/c/call.h"
#include "client/c/clock.h"
#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/studies.h"
#include "client/cli/text.h"
#include "client/cli/view.h"
#include "client/cli/watch.h"

int cmd_top(struct cli *cli, int argc, char **argv);

/* What is kept of a study from frame to frame. */
struct seen {
	uint64_t id, ended;
	int64_t at_ms;
};

struct top {
	struct cli *cli;
	struct seen *seen;
	size_t n, cap;
	struct rows *rows;
	bool failed;
};

enum { DELAY_MS = 2000, COLUMNS = 10 };

static const struct column columns[COLUMNS] = {
	{.name = "name", .type = COLUMN_TEXT},
	{.name = "state", .type = COLUMN_TEXT},
	{.name = "queued", .type = COLUMN_NUMBER},
	{.name = "running", .type = COLUMN_NUMBER},
	{.name = "complete", .type = COLUMN_NUMBER},
	{.name = "lost", .type = COLUMN_NUMBER},
	{.name = "budget", .type = COLUMN_NUMBER},
	{.name = "best", .type = COLUMN_NUMBER},
	{.name = "rate", .type = COLUMN_NUMBER},
	{.name = "lease", .type = COLUMN_TEXT},
};

static uint64_t ended_of(const struct msg_study *s)
{
	return studies_trials(s) - s->counts[TRIAL_QUEUED] - s->counts[TRIAL_RUNNING];
}

/* Results a minute since the frame before; none at the first sight of a study. */
static struct cell rate_of(struct top *t, const struct msg_study *s)
{
	struct seen now = {s->id, ended_of(s), clock_ms()};

	for (size_t i = 0; i < t->n; i++) {
		struct seen was = t->seen[i];
		double minutes = (double)(now.at_ms - was.at_ms) / 60000;

		if (was.id != s->id)
			continue;
		t->seen[i] = now;
		if (minutes <= 0)
			return cell_none();
		/* Trials may have been deleted. */
		return cell_real(now.ended > was.ended ? (double)(now.ended - was.ended) / minutes : 0);
	}
	if (KR_GROW(&t->seen, t->n, &t->cap) != 0)
		t->failed = true;
	else
		t->seen[t->n++] = now;
	return cell_none();
}

/* Time until the next lease runs out; the daemon knows. */
static const char *lease_of(struct top *t, const struct msg_study *s)
{
	struct msg_request request = {.method = METHOD_WHY, .u.why.study = s->name};
	char text[TEXT_TIME_BYTES];
	struct krige_error err;
	struct msg_reply reply;

	if (s->counts[TRIAL_RUNNING] == 0)
		return NULL;
	/* It may have been deleted since: that is no reason to end. */
	if (call_run(t->cli->client, &request, &reply, t->cli->arena, &err) != KRIGE_OK ||
		!reply.u.why.has_expiry)
		return NULL;
	return arena_printf(t->cli->arena, "%s", text_span(text, (double)reply.u.why.expiry_ms / 1000));
}

static bool put(void *ctx, const struct msg_study *s)
{
	struct top *t = ctx;
	int objective = view_objective(&s->spec);
	const struct msg_value *best = s->best && objective >= 0
		? view_value(s->best, &s->spec, objective)
		: NULL;
	uint64_t complete = s->counts[TRIAL_COMPLETE];
	struct cell cells[COLUMNS] = {cell_text(s->name), cell_text(msg_study_state_name(s->state)),
		cell_count(s->counts[TRIAL_QUEUED]), cell_count(s->counts[TRIAL_RUNNING]),
		cell_count(complete), cell_count(ended_of(s) - complete),
		s->spec.has_budget ? cell_count(s->spec.budget) : cell_none(),
		best ? cell_real(best->value) : cell_none(), rate_of(t, s), cell_text(lease_of(t, s))};

	rows_put(t->rows, cells, NULL, NULL);
	return !t->failed && !rows_full(t->rows);
}

static void put_head(const struct cli *cli)
{
	char text[TEXT_TIME_BYTES];

	if (cli->terminal && !cli->quiet && cli_format(cli) <= FORMAT_WIDE)
		printf("%s  %s\n", krige_endpoint(cli->client),
			text_time_brief(text, (uint64_t)time(NULL) * 1000, cli->utc));
}

static int frame(struct top *t)
{
	struct arena_mark mark = arena_mark(t->cli->arena);
	struct rows rows;
	int code = CLI_OK;

	if (!cli_client(t->cli, &code))
		return code;
	watch_fit(t->cli, 1);
	code = rows_open(&rows, t->cli, stdout);
	if (code != CLI_OK)
		return code;
	for (int i = 0; i < COLUMNS; i++)
		rows_column(&rows, columns[i]);
	code = rows_ready(&rows);
	if (code != CLI_OK)
		return code;
	t->rows = &rows;
	code = studies_each(t->cli, false, put, t);
	if (code != CLI_OK || t->failed) {
		rows_abandon(&rows);
		return t->failed ? cli_no_memory() : code;
	}
	watch_patiently(t->cli);
	watch_clear(t->cli);
	put_head(t->cli);
	code = rows_close(&rows);
	arena_release(t->cli->arena, mark);
	return code;
}

int cmd_top(struct cli *cli, int argc, char **argv)
{
	struct top t = {.cli = cli};
	uint64_t frames = cli->terminal ? UINT64_MAX : 1;
	uint32_t delay_ms = DELAY_MS;
	int c, code = CLI_OK;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		if (c == 'd' ? !options_ms("--delay", optarg, &delay_ms)
					 : !options_count(cli, "--frames", optarg, 1, &frames))
			return CLI_USAGE;
	}
	if (optind != argc)
		return cli_usage(cli, "'%s': one word too many", argv[optind]);
	if (delay_ms < 100)
		return cli_usage(cli, "--delay: give at least 0.1 s");
	for (uint64_t i = 0; i < frames && code == CLI_OK; i++) {
		if (i > 0)
			clock_sleep_ms((int)delay_ms);
		code = frame(&t);
	}
	kr_free(t.seen);
	return code;
}
