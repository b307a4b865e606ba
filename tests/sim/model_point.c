/* Points of the simulator's spaces. The rules of the third study are told here by hand. */
#include <math.h>
#include <string.h>

#include "tests/sim/sim.h"

/* Its parameters, in their order. */
enum { OPT, MOMENTUM, LAYERS, FAST, KIND };

static bool has_rules(const struct model_study *f)
{
	return strcmp(f->name, clients_study_name(2)) == 0;
}

static double layers_of(const double *point)
{
	static const double layers[] = {1, 2, 4, 8};
	return layers[(int)point[LAYERS]];
}

/* Is the parameter there? Unknown (NaN) parents: true when it may be. */
static bool is_active(const struct model_study *f, const double *point, int i)
{
	if (!has_rules(f))
		return true;
	if (i == MOMENTUM) /* opt == 'sgd' */
		return point[OPT] != 1;
	if (i == FAST) /* layers > 2 */
		return isnan(point[LAYERS]) || point[LAYERS] >= 2;
	return true;
}

static bool is_value(const struct msg_param *p, double x)
{
	double low = 0, high = 1;
	if (p->kind == PARAM_FLOAT || p->kind == PARAM_INT) {
		low = p->low;
		high = p->high;
	} else if (p->kind != PARAM_BOOL) {
		high = p->n_choices - 1;
	}
	return x >= low && x <= high && (p->kind == PARAM_FLOAT || x == rint(x));
}

/* layers * 0.5 + momentum <= 4.5; not (opt == 'adam' and fast and layers == 4) */
static bool keeps_rules(const double *point)
{
	double momentum = isnan(point[MOMENTUM]) ? 0 : point[MOMENTUM];
	return layers_of(point) * 0.5 + momentum <= 4.5 &&
		!(point[OPT] == 1 && point[FAST] == 1 && layers_of(point) == 4);
}

bool model_is_point(const struct model_study *f, const double *point)
{
	for (int i = 0; i < f->spec.n_params; i++)
		if (is_active(f, point, i) ? !is_value(&f->spec.params[i], point[i]) : !isnan(point[i]))
			return false;
	return !has_rules(f) || keeps_rules(point);
}

bool model_same_point(const struct model_study *f, const double *a, const double *b)
{
	for (int i = 0; i < f->spec.n_params; i++)
		if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
			return false;
	return true;
}

bool model_is_partial(const struct model_study *f, const double *point)
{
	for (int i = 0; i < f->spec.n_params; i++)
		if (isnan(point[i]) && is_active(f, point, i))
			return true;
	return false;
}

bool model_completes(const struct model_study *f, const double *point, const double *whole)
{
	for (int i = 0; i < f->spec.n_params; i++)
		if (!isnan(point[i]) && point[i] != whole[i])
			return false;
	return true;
}

bool model_is_finite(const struct model_study *f)
{
	for (int i = 0; i < f->spec.n_params; i++)
		if (f->spec.params[i].kind == PARAM_FLOAT)
			return false;
	return true;
}

static bool is_taken(const struct model_study *f, const double *point, uint64_t seq)
{
	for (uint64_t k = 0; k < f->n; k++) {
		const struct model_version *v = model_version_at(&f->trials[k], seq);
		if (v && !v->deleted && model_same_point(f, v->point, point))
			return true;
	}
	return false;
}

static bool is_left(
	const struct model_study *f, const double *with, const double *point, uint64_t seq)
{
	return model_is_point(f, point) && (!with || model_completes(f, with, point)) &&
		!is_taken(f, point, seq);
}

/* The second study: an int from 1 to 5, and three choices. The third: without sgd, a number of
 * layers and a bool. */
bool model_exhausted(const struct model_study *f, const double *with, uint64_t seq)
{
	bool ruled = has_rules(f) && with && with[OPT] == 1;
	if (!ruled && !model_is_finite(f))
		return false;
	for (int n = 0; n <= 5; n++)
		for (int c = -1; c < 3; c++) {
			double plain[] = {n, c}, rules[] = {1, NAN, n, c < 0 ? (double)NAN : c, 0};
			if ((!ruled || n < 4) && is_left(f, with, ruled ? rules : plain, seq))
				return false;
		}
	return true;
}
