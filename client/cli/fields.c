#include "client/cli/fields.h"

int fields_begin(struct fields *f, struct cli *cli, FILE *out)
{
	int code = rows_open(&f->rows, cli, out);

	f->arena = cli->arena;
	if (code != CLI_OK)
		return code;
	rows_column(&f->rows, (struct column){.name = "field", .type = COLUMN_TEXT});
	rows_column(&f->rows, (struct column){.name = "value", .type = COLUMN_ANY});
	return rows_ready(&f->rows);
}

void fields_put(struct fields *f, const char *name, struct cell value)
{
	struct cell cells[] = {cell_text(name), value};

	rows_put(&f->rows, cells, NULL, NULL);
}

void fields_text(struct fields *f, const char *name, const char *text)
{
	fields_put(f, name, cell_text(text));
}

void fields_count(struct fields *f, const char *name, uint64_t n)
{
	fields_put(f, name, cell_count(n));
}

const char *fields_real(const struct fields *f, double x)
{
	struct cell_style style = rows_style(&f->rows);
	struct cell c = cell_real(x);

	return cell_print(&c, &style, f->arena);
}

int fields_end(struct fields *f)
{
	return rows_close(&f->rows);
}
