/* Studies as rows: the columns of `study list`, which `study wait --for` and `top` use, too. */
#ifndef KR_CLIENT_CLI_STUDIES_H
#define KR_CLIENT_CLI_STUDIES_H

#include "client/cli/cell.h"
#include "client/cli/cli.h"
#include "client/cli/rows.h"

enum { STUDIES_COLUMNS = 18 };

/* The columns, and how a study fills them; the cells point into s. */
extern const struct column studies_columns[STUDIES_COLUMNS];
void studies_cells(struct cell cells[STUDIES_COLUMNS], const struct msg_study *s);

/* All trials that are not deleted. */
uint64_t studies_trials(const struct msg_study *s);

/* Each study, by id; visit returns false to end early. What it is shown is gone after the call.
 * Returns the exit code. */
typedef bool studies_visit(void *ctx, const struct msg_study *s);
int studies_each(struct cli *cli, bool deleted, studies_visit *visit, void *ctx);

#endif
