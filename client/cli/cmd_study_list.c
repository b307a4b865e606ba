/* krige study list. */
#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/studies.h"
#include "client/cli/view.h"

int cmd_study_list(struct cli *cli, int argc, char **argv);

static void put_json(struct writer *w, const void *item)
{
	view_study_json(w, item);
}

static bool put(void *ctx, const struct msg_study *s)
{
	struct cell cells[STUDIES_COLUMNS];
	struct rows *r = ctx;

	studies_cells(cells, s);
	rows_put(r, cells, put_json, s);
	return !rows_full(r);
}

int cmd_study_list(struct cli *cli, int argc, char **argv)
{
	bool deleted = false;
	struct rows rows;
	int c, code;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		deleted = true;
	}
	if (optind != argc)
		return cli_usage(cli, "'%s': one word too many", argv[optind]);
	code = rows_open(&rows, cli, stdout);
	if (code != CLI_OK)
		return code;
	for (int i = 0; i < STUDIES_COLUMNS; i++)
		rows_column(&rows, studies_columns[i]);
	code = rows_ready(&rows);
	if (code != CLI_OK)
		return code;
	code = studies_each(cli, deleted, put, &rows);
	if (code == CLI_OK)
		return rows_close(&rows);
	if (rows.n_put + rows.n_kept > 0)
		rows_close(&rows); /* rows so far */
	else
		rows_abandon(&rows);
	return code;
}
