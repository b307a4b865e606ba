#include "client/cli/trials.h"

#include "client/cli/view.h"

void trials_begin(struct trials *t, struct cli *cli, const struct msg_spec *spec, bool many)
{
	*t = (struct trials){.cli = cli,
		.spec = spec,
		.many = many,
		.format = cli_format(cli),
		.writer = writer_make(stdout)};
	if (t->format == FORMAT_JSON && many)
		writer_array(&t->writer);
	if (t->format == FORMAT_JSON || t->format == FORMAT_JSONL)
		return;
	table_begin(&t->table, stdout, t->format, !cli->no_header);
	view_trial_columns(&t->table, spec, cli->arena);
}

void trials_put(struct trials *t, const struct msg_trial *trial)
{
	if (t->format != FORMAT_JSON && t->format != FORMAT_JSONL) {
		view_trial_row(&t->table, t->spec, trial, t->cli->arena);
		return;
	}
	view_trial_json(&t->writer, t->spec, trial);
	if (t->format == FORMAT_JSONL)
		putchar('\n');
}

int trials_end(struct trials *t)
{
	if (t->format == FORMAT_JSON) {
		if (t->many)
			writer_end(&t->writer);
		putchar('\n');
	} else if (t->format != FORMAT_JSONL && !table_end(&t->table)) {
		return cli_no_memory();
	}
	return cli_flush();
}
