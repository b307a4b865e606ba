/* The acquisition that a study names, where it is another function than the log acquisitions that
 * policy_acquire.c averages over fantasies.
 *
 * What is pending has its expected outcome here, in one column: means stay as they are, deviations
 * are those after it. What looks at the mean alone would still come back to a pending point;
 * `mean`, `ucb` and `straddle` therefore count what is left to be learnt there (novelty.h).
 *
 * Under constraints, and where something failed, with C the log probability that all is well:
 *
 *     logarithms   v + C
 *     others       v + min(0, C + ln 2): as they are where that is likelier than not
 *
 * Before anything has met the constraints, C alone, but for what is there to learn the function. */
#include <math.h>

#include "acquisition/policy/policy_internal.h"

enum {
	OPTIMA = 10,          /* of sample paths, */
	OPTIMUM_POINTS = 192, /* each looked for among so many candidates */
	OPTIMUM_STARTS = 3,
	OPTIMUM_ITERATIONS = 20,
	MEAN_POINTS = 256, /* at which a variance is to fall */
	GAIN_POINTS = 48,  /* that may be taken after an observation, */
	GAIN_STARTS = 6,   /* and those of so many candidates, for so many outcomes of each */
	GAIN_OUTCOMES = 5,
	GAIN_ITERATIONS = 10
};

static const double flat = 1e-4; /* scaled slope at which an inner ascent ends */

/* ---- what they are made of ------------------------------------------------------------- */

/* The model of the objective, with what is pending when anything is. */
static const struct gp *model(const struct policy *p)
{
	return policy__has_joint(p) ? p->metrics[0].joint : p->metrics[0].base;
}

/* Variance of the noise of the next observation: what is learnt, and the mean of what is known. */
static double noise(const struct policy *p)
{
	const struct policy__data *data = &p->metrics[0].data;
	double sum = 0;
	for (int i = 0; data->var && i < data->m; i++)
		sum += data->var[i];
	return gp_noise(p->metrics[0].base) + sum / data->m;
}

/* Columns that an ascent may change, d flags; under rules none, because it does not know them. */
static unsigned char *moving(const struct policy *p)
{
	unsigned char *flags = ARENA_ARRAY(p->arena, unsigned char, p->d);
	for (int j = 0; flags && j < p->d; j++)
		flags[j] = !region_ruled(p->region) && isnan(p->fixed[j]) &&
			isinf(space_levels(p->in.space, j));
	return flags;
}

/* d numbers of choices, 0 where a column is numeric: the space of sample paths. */
static int *count_choices(const struct policy *p)
{
	int *n = ARENA_ARRAY(p->arena, int, p->d);
	for (int j = 0; n && j < p->d; j++)
		if (space_categorical(p->in.space)[j])
			n[j] = (int)space_levels(p->in.space, j);
	return n;
}

static struct rng path_key(const struct policy *p)
{
	return rng_make(p->in.seed, p->in.slots[p->n_settled].number, RNG_PATH, 0);
}

static enum kr_status no_memory(const struct policy *p, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for %s", choice_name(p->in.acquisition));
}

/* ---- families of a mean and a deviation ------------------------------------------------- */

static enum kr_status eval_family(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	return acq_eval(ctx, X, value, D, scratch, err);
}

static enum kr_status name_family(struct policy *p, struct kr_error *err)
{
	struct policy__aim *aim = &p->aim;
	(void)err;
	aim->level[0] = outcome_model_value(&p->metrics[0].outcome, p->in.level);
	aim->acq[0] = (struct acq){.family = acq_find(choice_name(aim->choice)),
		.model = model(p),
		.best = aim->level,
		.beta = p->in.beta};
	aim->named = (struct ascend_function){eval_family, &aim->acq[0]};
	if (policy__has_joint(p))
		aim->novelty = (struct novelty){p->metrics[0].base, p->metrics[0].joint, noise(p)};
	return KR_OK;
}

/* ---- sample paths ----------------------------------------------------------------------- */

static enum kr_status name_thompson(struct policy *p, struct kr_error *err)
{
	struct path *path = NULL;
	int *choices = count_choices(p);
	struct rng key = path_key(p);
	enum kr_status st = choices
		? path_new(&path, p->metrics[0].base, 0, PATH_WAVES, choices, &key, p->arena, err)
		: no_memory(p, err);
	p->aim.named = (struct ascend_function){thompson_eval, path};
	p->aim.rows = sqrt((gp_rows(p->metrics[0].base) + (double)PATH_WAVES) * p->d);
	return st;
}

/* At most n of the first `from` candidates, evenly spread over them; p NULL without memory. */
static struct mat thin(const struct policy *p, int from, int n)
{
	int rows = from < n ? from : n;
	struct mat X = mat_new(p->arena, rows, p->d);
	for (int j = 0; X.p && j < p->d; j++)
		for (int i = 0; i < rows; i++)
			*mat_at(X, i, j) = *mat_at(p->raw.X, (int)((long)i * from / rows), j);
	return X;
}

/* *x (OPTIMA x d), *y (OPTIMA) <- the optima of sample paths of the objective with what is
 * pending. */
static enum kr_status draw_optima(struct policy *p, struct mat *x, double **y, struct kr_error *err)
{
	int *choices = count_choices(p);
	struct rng key = path_key(p);
	struct thompson_search search = {.raw = thin(p, p->raw.X.rows, OPTIMUM_POINTS),
		.moving = moving(p),
		.scale = gp_lengthscale(p->metrics[0].base),
		.box = policy__box(p),
		.starts = OPTIMUM_STARTS,
		.iterations = OPTIMUM_ITERATIONS};
	*x = mat_new(p->arena, OPTIMA, p->d);
	*y = ARENA_ARRAY(p->arena, double, OPTIMA);
	if (!choices || !search.raw.p || !search.moving || !x->p || !*y)
		return no_memory(p, err);
	return jes_draw(model(p), &search, choices, &key, *x, *y, p->arena, err);
}

static enum kr_status name_max_value(struct policy *p, struct kr_error *err)
{
	struct mat x;
	double *y, least = p->best[0][0] + sqrt(noise(p));
	bool gibbon = p->aim.choice == CHOICE_GIBBON;
	enum kr_status st = draw_optima(p, &x, &y, err);
	for (int k = 0; !st && k < OPTIMA; k++)
		y[k] = fmax(y[k], least);
	p->aim.max_value = (struct max_value){
		.family = gibbon ? &max_value_gibbon : &max_value_mes,
		.model = gibbon ? p->metrics[0].base : model(p),
		.joined = gibbon && policy__has_joint(p) ? p->metrics[0].joint : NULL,
		.noise = noise(p),
		.tops = mat_view(y, OPTIMA, 1, OPTIMA),
	};
	p->aim.named = (struct ascend_function){max_value_eval, &p->aim.max_value};
	return st;
}

static enum kr_status name_jes(struct policy *p, struct kr_error *err)
{
	struct mat x;
	double *y;
	struct jes *jes = NULL;
	enum kr_status st = draw_optima(p, &x, &y, err);
	if (!st)
		st = jes_new(&jes, model(p), noise(p), x, y, p->arena, err);
	p->aim.named = (struct ascend_function){jes_eval, jes};
	return st;
}

/* ---- integrated variance ------------------------------------------------------------------ */

static enum kr_status name_integrated(struct policy *p, struct kr_error *err)
{
	struct policy__aim *aim = &p->aim;
	/* The net alone covers the space evenly; under rules there may be none. */
	struct mat Z = thin(p, p->raw.n_net ? p->raw.n_net : p->raw.X.rows, MEAN_POINTS);
	double rows = gp_rows(model(p));
	enum kr_status st = Z.p ? covariance_init(&aim->points, model(p), Z, p->arena, err)
							: no_memory(p, err);
	aim->integrated = (struct integrated){&aim->points, noise(p)};
	aim->named = (struct ascend_function){integrated_eval, &aim->integrated};
	aim->rows = sqrt(rows * (rows + Z.rows));
	return st;
}

/* ---- knowledge gradient -------------------------------------------------------------------- */

/* X <- the rows of raw with the largest values, which are overwritten. */
static void take_best(struct mat raw, double *value, struct mat X)
{
	for (int i = 0; i < X.rows; i++) {
		int best = 0;
		for (int k = 1; k < raw.rows; k++)
			best = value[k] > value[best] ? k : best;
		for (int j = 0; j < raw.cols; j++)
			*mat_at(X, i, j) = *mat_at(raw, best, j);
		value[best] = -INFINITY;
	}
}

/* *X <- the n best candidates by a family under the constraints, all of them when there are
 * fewer. */
static enum kr_status screen(
	struct policy *p, const char *family, int n, struct mat *X, struct kr_error *err)
{
	struct mat raw = p->raw.X, none = {0};
	struct arena *a = p->arena;
	*X = mat_new(a, n < raw.rows ? n : raw.rows, p->d);
	struct arena_mark mark = arena_mark(a);
	struct acq acq = {.family = acq_find(family), .model = model(p), .best = p->best[0]};
	double *value = ARENA_ARRAY(a, double, raw.rows), *C = ARENA_ARRAY(a, double, raw.rows);
	enum kr_status st = X->p && value && C ? KR_OK : no_memory(p, err);
	if (!st)
		st = acq_eval(&acq, raw, value, none, a, err);
	if (!st && p->n_metrics > 1)
		st = constrained_eval(&p->aim.constrained, raw, C, none, a, err);
	for (int i = 0; !st && i < raw.rows; i++)
		value[i] += acq.family->log ? C[i] : fmin(C[i] + M_LN2, 0);
	if (!st)
		take_best(raw, value, *X);
	arena_release(a, mark);
	return st;
}

static enum kr_status name_kg(struct policy *p, struct kr_error *err)
{
	struct policy__aim *aim = &p->aim;
	struct ascend_options ascent = {.moving = moving(p),
		.scale = gp_lengthscale(p->metrics[0].base),
		.box = policy__box(p),
		.iterations = GAIN_ITERATIONS,
		.tolerance = flat};
	struct mat A, X;
	enum kr_status st = ascent.moving ? screen(p, "mean", GAIN_POINTS, &A, err) : no_memory(p, err);
	if (!st)
		st = screen(p, "log_ei", GAIN_STARTS, &X, err);
	if (!st)
		st = kg_hybrid_init(&aim->kg, model(p), A, noise(p), GAIN_OUTCOMES, &ascent, p->arena, err);
	if (!st)
		st = kg_hybrid_add(&aim->kg, X, p->arena, err);
	if (st)
		return st;
	double rows = gp_rows(model(p)), points = aim->kg.base.set.A.rows;
	aim->named = (struct ascend_function){kg_eval, &aim->kg.base};
	aim->rows = sqrt(rows * rows + rows * points + 50 * points);
	return KR_OK;
}

/* ---- cells around points without outcomes ---------------------------------------------------- */

/* Half the side of a cell is this part of the lengthscale, and all cells together are at most this
 * share of the space. */
static const double cell_scale = 0.05, cell_share = 0.25;

enum kr_status policy__keep_apart(struct policy *p, struct kr_error *err)
{
	int n = policy__n_open(p);
	p->aim.cell = (struct mat){0};
	if (n == 0 || p->few || p->in.acquisition == CHOICE_AUTO)
		return KR_OK;
	double share = 0.5 * pow(cell_share / n, 1.0 / p->d);
	p->aim.cell = mat_new(p->arena, n, p->d);
	p->aim.half = ARENA_ARRAY(p->arena, double, p->d);
	if (!p->aim.cell.p || !p->aim.half)
		return no_memory(p, err);
	for (int j = 0; j < p->d; j++)
		p->aim.half[j] = fmin(cell_scale * gp_lengthscale(p->metrics[0].base)[j], share);
	p->aim.cell.rows = 0;
	for (int k = 0; k < n; k++) {
		const double *values = policy__open_point(p, k);
		if (!values)
			continue;
		space_encode(p->in.space, values, p->point);
		for (int j = 0; j < p->d; j++)
			*mat_at(p->aim.cell, p->aim.cell.rows, j) = p->point[j];
		p->aim.cell.rows++;
	}
	return KR_OK;
}

bool policy__is_crowded(const struct policy *p, struct mat X, int row)
{
	struct mat cell = p->aim.cell;
	for (int k = 0; k < cell.rows; k++) {
		int j = 0;
		while (j < p->d && fabs(*mat_at(X, row, j) - *mat_at(cell, k, j)) < p->aim.half[j])
			j++;
		if (j == p->d)
			return true;
	}
	return false;
}

/* ---- the acquisition that is named -------------------------------------------------------- */

/* Averages over fantasies: all is in policy_acquire.c. */
static enum kr_status name_fantasies(struct policy *p, struct kr_error *err)
{
	(void)p, (void)err;
	return KR_OK;
}

static enum kr_status (*const makers[])(struct policy *p, struct kr_error *err) = {
#define CHOICE(NAME, name, what, make) name_##make,
#include "acquisition/policy/choice_list.def"
#undef CHOICE
};

bool policy__believes(const struct policy *p)
{
	return makers[p->in.acquisition] != name_fantasies;
}

enum kr_status policy__name(struct policy *p, struct kr_error *err)
{
	p->aim.rows = gp_rows(model(p)) * (policy__has_joint(p) ? M_SQRT2 : 1);
	return makers[p->in.acquisition](p, err);
}

double policy__screen(const struct policy *p, double mean, double sd, double best)
{
	const struct policy__metric *m = &p->metrics[0];
	enum choice c = p->in.acquisition;
	double dmu, ds, level = outcome_model_value(&m->outcome, p->in.level);
	if (c == CHOICE_INTEGRATED_VARIANCE)
		return log(sd);
	if (c == CHOICE_STRADDLE)
		return acq_find("straddle")->at(mean, sd, level, p->in.beta, &dmu, &ds);
	if (!(best > -INFINITY))
		return 0;
	if (c == CHOICE_UCB || c == CHOICE_MEAN)
		return acq_find(choice_name(c))->at(mean, sd, best, p->in.beta, &dmu, &ds);
	return acq_find("log_ei")->at(mean, sd, best, 0, &dmu, &ds);
}

/* value (n), D += another value and its gradient: with `above` infinite as they are, else other +
 * above where that is negative. */
static void add(double *value, struct mat D, int n, const double *other, struct mat E, double above)
{
	for (int i = 0; i < n; i++) {
		bool counts = isinf(above) || other[i] + above < 0;
		value[i] += !counts ? 0 : isinf(above) ? other[i] : other[i] + above;
		for (int j = 0; D.p && counts && j < D.cols; j++)
			*mat_at(D, i, j) += *mat_at(E, i, j);
	}
}

enum kr_status policy__named_worth(const struct policy *p, struct mat X, double *value,
	struct mat D, struct arena *scratch, struct kr_error *err)
{
	const struct policy__aim *aim = &p->aim;
	struct arena_mark mark = arena_mark(scratch);
	struct mat E = D.p ? mat_new(scratch, D.rows, D.cols) : D;
	double *other = ARENA_ARRAY(scratch, double, X.rows);
	enum kr_status st = other && (E.p || !D.p) ? KR_OK : no_memory(p, err);
	if (!st)
		st = aim->named.eval(aim->named.ctx, X, value, D, scratch, err);
	if (!st && aim->novelty.joined) {
		struct novelty novelty = aim->novelty;
		st = novelty_eval(&novelty, X, other, E, scratch, err);
		if (!st)
			add(value, D, X.rows, other, E, INFINITY);
	}
	if (!st && p->n_metrics > 1) {
		st = constrained_eval(&aim->constrained, X, other, E, scratch, err);
		if (!st)
			add(value, D, X.rows, other, E,
				choice_has(aim->choice, CHOICE_PLAIN) ? M_LN2 : INFINITY);
	}
	arena_release(scratch, mark);
	return st;
}
