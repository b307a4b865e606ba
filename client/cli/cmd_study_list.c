/* krige study list. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/text.h"
#include "client/cli/view.h"

int cmd_study_list(struct cli *cli, int argc, char **argv);

/* Where rows go while pages come in. */
struct listing {
	struct cli *cli;
	enum format format;
	struct table table;
	struct writer writer;
};

static void begin(struct listing *l, struct cli *cli)
{
	static const char *const names[] = {
		"name", "state", "trials", "complete", "running", "failed", "budget", "best", "created"};

	l->cli = cli;
	l->format = cli_format(cli);
	l->writer = writer_make(stdout);
	if (l->format == FORMAT_JSON)
		writer_array(&l->writer);
	if (l->format == FORMAT_JSON || l->format == FORMAT_JSONL)
		return;
	table_begin(&l->table, stdout, l->format, !cli->no_header);
	for (int i = 0; i < 9; i++)
		table_column(&l->table, names[i], i >= 2 && i <= 7);
}

static const char *count(struct arena *a, uint64_t n)
{
	return arena_printf(a, "%" PRIu64, n);
}

static void put_row(struct listing *l, const struct msg_study *s)
{
	struct arena *a = l->cli->arena;
	char time[TEXT_TIME_BYTES];
	uint64_t total = 0;

	for (int i = 0; i < TRIAL_N_STATES; i++)
		total += s->counts[i];
	table_cell(&l->table, s->name);
	table_cell(&l->table, msg_study_state_name(s->state));
	table_cell(&l->table, count(a, total));
	table_cell(&l->table, count(a, s->counts[TRIAL_COMPLETE]));
	table_cell(&l->table, count(a, s->counts[TRIAL_RUNNING]));
	table_cell(&l->table, count(a, s->counts[TRIAL_FAILED]));
	table_cell(&l->table, s->spec.has_budget ? count(a, s->spec.budget) : NULL);
	table_cell(&l->table,
		s->best && s->spec.n_metrics > 0 ? view_value(&l->table, s->best, &s->spec, 0, a) : NULL);
	table_cell(&l->table, text_time(time, s->created_ms));
}

static void put(struct listing *l, const struct msg_study *s)
{
	switch (l->format) {
	case FORMAT_JSON: view_study_json(&l->writer, s); break;
	case FORMAT_JSONL:
		view_study_json(&l->writer, s);
		putchar('\n');
		break;
	default: put_row(l, s);
	}
}

static int end(struct listing *l)
{
	if (l->format == FORMAT_JSON) {
		writer_end(&l->writer);
		putchar('\n');
	} else if (l->format != FORMAT_JSONL && !table_end(&l->table)) {
		return cli_no_memory();
	}
	return cli_flush();
}

int cmd_study_list(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {{"deleted", no_argument, NULL, 'd'}, {0}};
	struct msg_request request = {.method = METHOD_LIST_STUDIES};
	struct msg_list_studies_reply *page;
	struct msg_reply reply;
	struct listing l = {0};
	int c, code;

	while ((c = cli_getopt(cli, argc, argv, NULL, options)) != -1) {
		if (c == '?')
			return cli->help_exit;
		request.u.list_studies.deleted = true;
	}
	if (optind != argc)
		return cli_usage(cli, "too many words");
	page = &reply.u.list_studies;
	do {
		struct arena_mark mark = arena_mark(cli->arena);

		code = cli_call(cli, &request, &reply);
		if (code != CLI_OK)
			break;
		if (!l.cli)
			begin(&l, cli);
		for (int i = 0; i < page->n; i++)
			put(&l, &page->studies[i]);
		if (page->n > 0)
			request.u.list_studies.after_id = page->studies[page->n - 1].id;
		arena_release(cli->arena, mark);
	} while (page->more && page->n > 0);
	if (!l.cli)
		return code;
	c = end(&l);
	return code != CLI_OK ? code : c;
}
