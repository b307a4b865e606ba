/* krige plot STUDY KIND [PARAM..]: a drawing in the terminal, or its numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/plot.h"
#include "client/cli/text.h"
#include "client/cli/trials.h"
#include "client/cli/view.h"

int cmd_plot(struct cli *cli, int argc, char **argv);

enum { PLOT_ARENA_BYTES = 1 << 30, LOG_FROM = 1000 /* ratio of values */ };

/* ---- reading trials ------------------------------------------------------------------ */

struct reading {
	struct plot *p;
	struct trials filter;
	bool failed;
};

/* Where a value stands on the axis of its parameter. */
static double position(const struct msg_param *p, const struct msg_scalar *s)
{
	if (!s)
		return NAN;
	if (s->kind == SCALAR_BOOL && p->kind == PARAM_BOOL)
		return s->b;
	if (p->kind == PARAM_FLOAT || p->kind == PARAM_INT)
		return s->kind == SCALAR_INT ? (double)s->i : s->r;
	for (int i = 0; i < p->n_choices; i++)
		if (msg_scalar_equal(&p->choices[i], s))
			return i;
	return NAN;
}

static double objective_of(const struct plot *p, const struct msg_trial *t)
{
	const struct msg_value *v = view_value(t, &p->study->spec, view_objective(&p->study->spec));

	return v && t->state == TRIAL_COMPLETE ? v->value : NAN;
}

static bool take(struct plot *p, const struct msg_trial *t)
{
	double *params = ARENA_ARRAY(p->arena, double, p->n_params);
	struct plot_trial *out;

	if (KR_GROW(&p->trials, p->n, &p->cap) != 0)
		return false;
	out = &p->trials[p->n];
	*out = (struct plot_trial){.number = t->number,
		.created_ms = t->created_ms,
		.finished_ms = t->finished_ms,
		.state = t->state,
		.params = params,
		.value = objective_of(p, t),
		.worker = t->worker ? arena_printf(p->arena, "%s", t->worker) : NULL};
	out->counts = isfinite(out->value) && !t->excluded && !(t->has_feasible && !t->feasible);
	for (int i = 0; params && i < p->n_params; i++)
		params[i] = position(p->params[i], view_param(t, p->params[i]->name));
	if (!params || (t->worker && !out->worker))
		return false;
	p->n++;
	return true;
}

static bool visit(void *ctx, const struct msg_trial *t)
{
	struct reading *r = ctx;

	if (trials_pass(&r->filter, t))
		r->failed = !take(r->p, t);
	return !r->failed;
}

static int read_trials(struct cli *cli, struct plot *p)
{
	struct msg_list_trials m = {
		.study = p->study->name, .params = true, .values = true, .labels = true};
	struct reading r = {.p = p};
	const char *columns = cli->columns, *sort = cli->sort;
	int code;

	/* The filter is for trials; the other options are for the numbers of the plot. */
	cli->columns = cli->sort = NULL;
	code = trials_begin(&r.filter, cli, stdout, &p->study->spec, true);
	if (code != CLI_OK)
		return code;
	code = trials_each(cli, &m, visit, &r);
	rows_abandon(&r.filter.rows);
	cli->columns = columns;
	cli->sort = sort;
	cli->filter = NULL;
	return r.failed ? cli_no_memory() : code;
}

/* ---- what was typed --------------------------------------------------------------------- */

static const struct plot_kind *const kinds[] = {
	&plot_history, &plot_parallel, &plot_slice, &plot_timeline};

static const struct plot_kind *find_kind(struct cli *cli, const char *name)
{
	const char *names[4], *near;

	for (int i = 0; i < 4; i++) {
		names[i] = kinds[i]->name;
		if (strcmp(names[i], name) == 0)
			return kinds[i];
	}
	near = text_nearest(name, names, 4);
	cli_usage(cli, "no plot '%s'%s%s%s; use history, parallel, slice or timeline", name,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return NULL;
}

/* Those that are named, else all. */
static int choose_params(struct plot *p, int n, char **names)
{
	const struct msg_spec *spec = &p->study->spec;
	const char **all = ARENA_ARRAY(p->arena, const char *, spec->n_params + 1), *near;

	p->n_params = n > 0 ? n : spec->n_params;
	p->params = ARENA_ARRAY(p->arena, const struct msg_param *, p->n_params + 1);
	if (!p->params || !all)
		return cli_no_memory();
	for (int i = 0; i < spec->n_params; i++)
		all[i] = spec->params[i].name;
	for (int i = 0; i < p->n_params; i++) {
		for (int k = 0; k < spec->n_params; k++)
			if (n > 0 ? strcmp(all[k], names[i]) == 0 : k == i)
				p->params[i] = &spec->params[k];
		if (p->params[i])
			continue;
		near = text_nearest(names[i], all, spec->n_params);
		cli_say("study '%s' has no parameter '%s'%s%s%s", p->study->name, names[i],
			near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		return CLI_USAGE;
	}
	return CLI_OK;
}

enum scale { SCALE_AUTO, SCALE_LINEAR, SCALE_LOG };

static bool read_scale(struct cli *cli, const char *word, enum scale *scale)
{
	static const char *const words[] = {"auto", "linear", "log"};

	for (int i = 0; i < 3; i++) {
		if (strcmp(word, words[i]) == 0) {
			*scale = (enum scale)i;
			return true;
		}
	}
	cli_usage(cli, "--scale: '%s'; use auto, linear or log", word);
	return false;
}

static int set_scale(struct plot *p, enum scale scale)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < p->n; i++) {
		low = fmin(low, p->trials[i].value);
		high = fmax(high, p->trials[i].value);
	}
	p->log_value = scale == SCALE_LOG ||
		(scale == SCALE_AUTO && low > 0 && isfinite(high) && high / low >= LOG_FROM);
	if (scale != SCALE_LOG || low > 0)
		return CLI_OK;
	cli_say("--scale: log needs values above 0, and the smallest is %g; use linear", low);
	return CLI_USAGE;
}

/* ---- the plot ------------------------------------------------------------------------------ */

static int plot(struct plot *p, const struct plot_kind *kind, enum scale scale)
{
	struct timespec now;
	int code = read_trials(p->cli, p);

	if (code == CLI_OK)
		code = set_scale(p, scale);
	if (code != CLI_OK)
		return code;
	clock_gettime(CLOCK_REALTIME, &now);
	p->now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (p->data || p->cli->format != FORMAT_AUTO)
		return kind->print(p);
	if (p->n > 0)
		return kind->draw(p);
	cli_say("study '%s' has no trial to draw", p->study->name);
	return CLI_NOT_NOW;
}

int cmd_plot(struct cli *cli, int argc, char **argv)
{
	struct plot p = {.cli = cli};
	const struct plot_kind *kind;
	enum scale scale = SCALE_AUTO;
	int c, code, objective;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		if (c == 'd')
			p.data = true;
		else if (!read_scale(cli, optarg, &scale))
			return CLI_USAGE;
	}
	if (argc - optind < 2)
		return cli_usage(cli, "words are missing: give %s", cli->command->args);
	kind = find_kind(cli, argv[optind + 1]);
	if (!kind)
		return CLI_USAGE;
	code = cli_study(cli, argv[optind], &p.study);
	if (code != CLI_OK)
		return code;
	objective = view_objective(&p.study->spec);
	if (objective < 0) {
		cli_say("study '%s' has no objective", p.study->name);
		return CLI_FAILED;
	}
	p.objective = p.study->spec.metrics[objective].name;
	p.maximize = p.study->spec.metrics[objective].role == METRIC_MAXIMIZE;
	p.arena = arena_new(PLOT_ARENA_BYTES);
	if (!p.arena)
		return cli_no_memory();
	code = choose_params(&p, argc - optind - 2, argv + optind + 2);
	if (code == CLI_OK)
		code = plot(&p, kind, scale);
	kr_free(p.trials);
	arena_free(p.arena);
	return code;
}
