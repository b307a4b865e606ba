/* `krige plot`: what the plots have in common. A plot reads the trials of a study
 * once, keeps what it draws of them, and either draws or prints the numbers. */
#ifndef KR_CLIENT_CLI_PLOT_H
#define KR_CLIENT_CLI_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "client/cli/axis.h"
#include "client/cli/chart.h"
#include "client/cli/cli.h"

struct plot_trial {
	uint64_t number, created_ms, finished_ms; /* finished 0: not yet */
	enum trial_state state;
	bool counts;          /* complete, feasible, not excluded: it may be the best */
	double value;         /* of the objective; NaN: none */
	const double *params; /* n_params of the plot: number or index of the choice; NaN: none */
	const char *worker;
};

struct plot {
	struct cli *cli;
	const struct msg_study *study;
	struct arena *arena;
	bool maximize, data; /* data: numbers instead of a drawing */
	bool log_value;
	const char *objective;
	int n_params;
	const struct msg_param **params; /* those that were asked for, or all */
	size_t n, cap;
	struct plot_trial *trials; /* by number; those that pass the filter */
	uint64_t now_ms;
};

/* One kind of plot. draw is not called without a trial. Each returns the exit code. */
struct plot_kind {
	const char *name;
	int (*draw)(struct plot *p);
	int (*print)(struct plot *p);
};
extern const struct plot_kind plot_history, plot_parallel, plot_slice, plot_timeline;

/* The trial is the better one. */
bool plot_better(const struct plot *p, double value, double than);

/* The best of those that count, NULL when there is none. */
const struct plot_trial *plot_best(const struct plot *p);

/* Axes of the values that are finite, and of a parameter. */
struct axis plot_value_axis(const struct plot *p);
struct axis plot_param_axis(const struct plot *p, int param);

/* Whether a trial has ended without a value. */
bool plot_lost(const struct plot_trial *t);

/* "loss (minimize), best 0.1 in trial 3" and what marks mean; NULL: no memory. */
const char *plot_title(const struct plot *p, const char *rest);

/* The numbers of slice and parallel: number, state, value, and each parameter. Returns the exit
 * code. */
int plot_print_params(struct plot *p);

/* A chart in the size of the output. False when memory runs out. */
bool plot_chart(const struct plot *p, struct chart *c, int rows);

#endif
