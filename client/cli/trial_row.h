/* A trial as a row: number, state, metrics, parameters, and the rest. */
#ifndef KR_CLIENT_CLI_TRIAL_ROW_H
#define KR_CLIENT_CLI_TRIAL_ROW_H

#include "client/cli/rows.h"

/* Columns: number, state, one per metric, one per parameter, the rest, and those of labels that the
 * options name. Names that are taken are written params.NAME and values.NAME. */
void trial_row_columns(struct rows *r, const struct msg_spec *spec);

/* The cells of one trial, r->n_columns of them; they point into t. */
void trial_row_cells(struct cell *cells, const struct rows *r, const struct msg_spec *spec,
	const struct msg_trial *t);

#endif
