/* krige study wait STUDY --for CONDITION: until it holds. The daemon answers when the
 * study has changed; nobody asks again and again. */
#include <stdio.h>
#include <string.h>

#include "client/c/clock.h"
#include "client/cli/change.h"
#include "client/cli/cli.h"
#include "client/cli/filter.h"
#include "client/cli/options.h"
#include "client/cli/studies.h"
#include "client/cli/watch.h"

int cmd_study_wait(struct cli *cli, int argc, char **argv);

enum { SLICE_MS = 60000 }; /* most time for one answer */

/* The columns of `study list`, and what only a condition asks for. */
enum { IDLE = STUDIES_COLUMNS, OVER, N_COLUMNS };

struct condition {
	const char *text;
	struct column columns[N_COLUMNS];
	struct filter *filter;
};

/* Whether no trial is under way and none will be given out. */
static bool is_over(const struct msg_study *s)
{
	bool spent = s->spec.has_budget && s->reserved >= s->spec.budget;

	return s->counts[TRIAL_RUNNING] == 0 && (spent || s->state == STUDY_FINISHED);
}

static bool holds(const struct condition *c, const struct msg_study *s)
{
	struct cell cells[N_COLUMNS];

	studies_cells(cells, s);
	cells[IDLE] = cell_bool(s->counts[TRIAL_RUNNING] == 0 && s->counts[TRIAL_QUEUED] == 0);
	cells[OVER] = cell_bool(is_over(s));
	return filter_match(c->filter, cells);
}

static int read_condition(struct cli *cli, struct condition *c)
{
	struct kr_error err;
	enum kr_status s;

	for (int i = 0; i < STUDIES_COLUMNS; i++) {
		c->columns[i] = studies_columns[i];
		if (strcmp(c->columns[i].name, "complete") == 0)
			c->columns[i].alone = "over";
	}
	c->columns[IDLE] = (struct column){.name = "idle", .type = COLUMN_BOOL};
	c->columns[OVER] = (struct column){.name = "over", .type = COLUMN_BOOL};
	s = filter_parse(&c->filter, c->text, cli->arena, &err);
	if (s == KR_OK)
		s = filter_bind(c->filter, c->columns, N_COLUMNS, cli->arena, &err);
	if (s == KR_OK)
		return CLI_OK;
	kr_prefix(&err, "--for");
	return cli_kr_error(&err);
}

/* Milliseconds until end, at most one slice; 0: it is over. */
static uint64_t left(int64_t end, bool forever)
{
	int64_t ms = end - clock_ms();

	if (forever || ms > SLICE_MS)
		return SLICE_MS;
	return ms > 0 ? (uint64_t)ms : 0;
}

static int wait_for(struct cli *cli, const char *name, const struct condition *c)
{
	int64_t end = clock_ms() + cli->timeout_ms;
	bool forever = cli->timeout_ms == 0;
	struct arena_mark mark = arena_mark(cli->arena);
	const struct msg_study *s;
	uint64_t seq = 0, wait = 0;

	cli->timeout_ms = 0; /* it was for the whole, not for one answer */
	for (;;) {
		int code = cli_study_after(cli, name, seq, wait, &s);

		if (code != CLI_OK)
			return code;
		watch_patiently(cli);
		if (holds(c, s))
			return change_show(cli, s);
		if (is_over(s)) {
			cli_say("study '%s' is over, and it is not true that %s", name, c->text);
			return CLI_FINISHED;
		}
		seq = s->seq;
		wait = left(end, forever);
		if (wait == 0) {
			cli_say("study '%s': it is not yet true that %s", name, c->text);
			return CLI_TIMEOUT;
		}
		arena_release(cli->arena, mark);
	}
}

int cmd_study_wait(struct cli *cli, int argc, char **argv)
{
	struct condition condition = {.text = "complete"};
	int c, code;

	cli->timeout_ms = 0; /* KRIGE_TIMEOUT_MS is for answers */
	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		condition.text = optarg;
	}
	if (argc - optind != 1)
		return cli_usage(cli, "give %s", cli->command->args);
	code = read_condition(cli, &condition);
	if (code == CLI_OK)
		code = wait_for(cli, argv[optind], &condition);
	filter_free(condition.filter);
	return code;
}
