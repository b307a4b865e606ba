/* Studies and trials as JSON, whose shapes are read by other programs: fields are only ever added.
 * And parts of them. */
#ifndef KR_CLIENT_CLI_VIEW_H
#define KR_CLIENT_CLI_VIEW_H

#include "base/arena.h"
#include "client/cli/writer.h"
#include "proto/msg.h"

/* `krige study show -o json`. */
void view_study_json(struct writer *w, const struct msg_study *s);

/* {"lr":0.1,"opt":"sgd"} */
void view_params_json(struct writer *w, int n, const struct msg_named *params);

/* ["one", "two"] */
void view_texts_json(struct writer *w, const struct msg_texts *texts);

/* spec names the objective where a value does not. */
void view_trial_json(struct writer *w, const struct msg_spec *spec, const struct msg_trial *t);

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
