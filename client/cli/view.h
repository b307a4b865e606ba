/* Studies and trials as JSON and as rows. The JSON shapes are read by other
 * programs: fields are only ever added. */
#ifndef KR_CLIENT_CLI_VIEW_H
#define KR_CLIENT_CLI_VIEW_H

#include "base/arena.h"
#include "client/cli/rows.h"
#include "client/cli/writer.h"
#include "proto/msg.h"

/* `krige study show -o json`. */
void view_study_json(struct writer *w, const struct msg_study *s);

/* {"lr":0.1,"opt":"sgd"} */
void view_params_json(struct writer *w, int n, const struct msg_named *params);

/* spec names the objective where a value does not. */
void view_trial_json(struct writer *w, const struct msg_spec *spec, const struct msg_trial *t);

/* Columns: number, state, one per metric, one per parameter, the rest, and those of labels that the
 * options name. Names that are taken are written params.NAME and values.NAME. */
void view_trial_columns(struct rows *r, const struct msg_spec *spec);

/* How many without labels. */
int view_trial_n_columns(const struct msg_spec *spec);

/* The cells of one trial, r->n_columns of them; they point into t. */
void view_trial_cells(
	struct cell *c, const struct rows *r, const struct msg_spec *spec, const struct msg_trial *t);

/* The first metric to minimize or maximize, -1 when there is none. */
int view_objective(const struct msg_spec *spec);

/* The value of the metric; NULL when the trial has none. */
const struct msg_value *view_value(
	const struct msg_trial *t, const struct msg_spec *spec, int metric);

/* The value of the parameter; NULL when the trial has none. */
const struct msg_scalar *view_param(const struct msg_trial *t, const char *name);

/* "lr=0.1 n=3" for one line; brief: six digits. NULL when memory runs out. */
const char *view_params_text(int n, const struct msg_named *params, bool brief, struct arena *a);

#endif
