#include "client/cli/studies.h"

#include "client/cli/view.h"

static const char *const states[] = {"ACTIVE", "PAUSED", "FINISHED", "DELETED", NULL};

const struct column studies_columns[STUDIES_COLUMNS] = {
	{.name = "name", .type = COLUMN_TEXT},
	{.name = "state", .type = COLUMN_WORD, .words = states},
	{.name = "trials", .type = COLUMN_NUMBER},
	{.name = "complete", .type = COLUMN_NUMBER},
	{.name = "running", .type = COLUMN_NUMBER},
	{.name = "failed", .type = COLUMN_NUMBER},
	{.name = "budget", .type = COLUMN_NUMBER},
	{.name = "best", .type = COLUMN_NUMBER},
	{.name = "created", .type = COLUMN_TIME},
	{.name = "queued", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
	{.name = "pruned", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
	{.name = "infeasible", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
	{.name = "expired", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
	{.name = "cancelled", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
	{.name = "best.trial", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
	{.name = "objective", .type = COLUMN_TEXT, .flags = COLUMN_HIDDEN},
	{.name = "id", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
	{.name = "seq", .type = COLUMN_NUMBER, .flags = COLUMN_HIDDEN},
};

uint64_t studies_trials(const struct msg_study *s)
{
	uint64_t total = 0;

	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		total += s->counts[i];
	return total;
}

void studies_cells(struct cell cells[STUDIES_COLUMNS], const struct msg_study *s)
{
	int objective = view_objective(&s->spec);
	const struct msg_value *best = s->best && objective >= 0
		? view_value(s->best, &s->spec, objective)
		: NULL;
	struct cell *c = cells;

	*c++ = cell_text(s->name);
	*c++ = cell_text(msg_study_state_name(s->state));
	*c++ = cell_count(studies_trials(s));
	*c++ = cell_count(s->counts[TRIAL_COMPLETE]);
	*c++ = cell_count(s->counts[TRIAL_RUNNING]);
	*c++ = cell_count(s->counts[TRIAL_FAILED]);
	*c++ = s->spec.has_budget ? cell_count(s->spec.budget) : cell_none();
	*c++ = best ? cell_real(best->value) : cell_none();
	*c++ = cell_time(s->created_ms);
	*c++ = cell_count(s->counts[TRIAL_QUEUED]);
	*c++ = cell_count(s->counts[TRIAL_PRUNED]);
	*c++ = cell_count(s->counts[TRIAL_INFEASIBLE]);
	*c++ = cell_count(s->counts[TRIAL_EXPIRED]);
	*c++ = cell_count(s->counts[TRIAL_CANCELLED]);
	*c++ = best ? cell_count(s->best->number) : cell_none();
	*c++ = cell_text(objective >= 0 ? s->spec.metrics[objective].name : NULL);
	*c++ = cell_count(s->id);
	*c = cell_count(s->seq);
}

int studies_each(struct cli *cli, bool deleted, studies_visit *visit, void *ctx)
{
	struct msg_request request = {.method = METHOD_LIST_STUDIES, .u.list_studies.deleted = deleted};
	struct msg_list_studies_reply *page;
	struct msg_reply reply;
	bool more = true;
	int code = CLI_OK;

	page = &reply.u.list_studies;
	while (more) {
		struct arena_mark mark = arena_mark(cli->arena);

		request.meta = (struct msg_meta){0};
		code = cli_call(cli, &request, &reply);
		if (code != CLI_OK)
			break;
		for (int i = 0; i < page->n && more; i++)
			more = visit(ctx, &page->studies[i]);
		if (page->n > 0)
			request.u.list_studies.after_id = page->studies[page->n - 1].id;
		more = more && page->more && page->n > 0;
		arena_release(cli->arena, mark);
	}
	return code;
}
