/* Studies and trials as JSON and as rows. The JSON shapes are read by other
 * programs: fields are only ever added. */
#ifndef KR_CLIENT_CLI_VIEW_H
#define KR_CLIENT_CLI_VIEW_H

#include "base/arena.h"
#include "client/cli/table.h"
#include "client/cli/writer.h"
#include "proto/msg.h"

/* `krige study show -o json`. */
void view_study_json(struct writer *w, const struct msg_study *s);

/* {"lr":0.1,"opt":"sgd"} */
void view_params_json(struct writer *w, int n, const struct msg_named *params);

/* spec names the objective where a value does not. */
void view_trial_json(struct writer *w, const struct msg_spec *spec, const struct msg_trial *t);

/* Columns: number, state, one per metric, one per parameter, the rest. Names that are taken
 * are written params.NAME and values.NAME. */
void view_trial_columns(struct table *t, const struct msg_spec *spec, struct arena *a);
void view_trial_row(
	struct table *t, const struct msg_spec *spec, const struct msg_trial *trial, struct arena *a);

/* The value of the metric, as text of that table; NULL when the trial has none. */
const char *view_value(const struct table *t, const struct msg_trial *trial,
	const struct msg_spec *spec, int metric, struct arena *a);

/* "lr=0.1 n=3" for one line; brief: six digits. NULL when memory runs out. */
const char *view_params_text(int n, const struct msg_named *params, bool brief, struct arena *a);

#endif
