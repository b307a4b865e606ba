#include "client/cli/trials.h"

#include "client/cli/trial_row.h"
#include "client/cli/view.h"

/* ---- out ---------------------------------------------------------------------------- */

struct trials_item {
	const struct msg_spec *spec;
	const struct msg_trial *trial;
};

static void put_json(struct writer *w, const void *item)
{
	const struct trials_item *i = item;

	view_trial_json(w, i->spec, i->trial);
}

int trials_begin(
	struct trials *t, struct cli *cli, FILE *out, const struct msg_spec *spec, bool many)
{
	int code = rows_open(&t->rows, cli, out);

	if (code != CLI_OK)
		return code;
	t->spec = spec;
	t->rows.single = !many;
	trial_row_columns(&t->rows, spec);
	code = rows_ready(&t->rows);
	if (code != CLI_OK)
		return code;
	t->cells = ARENA_ARRAY(t->rows.arena, struct cell, t->rows.n_columns);
	if (t->cells)
		return CLI_OK;
	rows_abandon(&t->rows);
	return cli_no_memory();
}

bool trials_put(struct trials *t, const struct msg_trial *trial)
{
	struct trials_item item = {t->spec, trial};

	trial_row_cells(t->cells, &t->rows, t->spec, trial);
	return rows_put(&t->rows, t->cells, put_json, &item);
}

bool trials_pass(struct trials *t, const struct msg_trial *trial)
{
	trial_row_cells(t->cells, &t->rows, t->spec, trial);
	return !t->rows.filter || filter_match(t->rows.filter, t->cells);
}

int trials_end(struct trials *t)
{
	return rows_close(&t->rows);
}

int trials_print(
	struct cli *cli, const struct msg_spec *spec, const struct msg_trials_reply *reply, bool many)
{
	struct trials out;
	int code = trials_begin(&out, cli, stdout, spec, many);

	if (code != CLI_OK)
		return code;
	for (int i = 0; i < reply->n; i++)
		trials_put(&out, &reply->trials[i]);
	return trials_end(&out);
}

/* ---- in ----------------------------------------------------------------------------- */

int trials_each(struct cli *cli, struct msg_list_trials *m, trials_visit *visit, void *ctx)
{
	struct msg_request request = {.method = METHOD_LIST_TRIALS};
	struct msg_list_trials_reply *page;
	struct msg_reply reply;
	bool more = true;
	int code = CLI_OK;

	page = &reply.u.list_trials;
	while (more) {
		struct arena_mark mark = arena_mark(cli->arena);

		request.u.list_trials = *m;
		request.meta = (struct msg_meta){0};
		code = cli_call(cli, &request, &reply);
		if (code != CLI_OK)
			break;
		for (int i = 0; i < page->n && more; i++)
			more = visit(ctx, &page->trials[i]);
		more = more && page->more;
		m->from_number = page->next_number;
		arena_release(cli->arena, mark);
	}
	return code;
}
