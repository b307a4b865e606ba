/* Search space: the two forms of a point, and the rules of the whole point. */
#include "acquisition/space/space.h"

#include <math.h>
#include <string.h>

#include "acquisition/space/space_internal.h"
#include "base/alloc.h"

struct space {
	int d;
	double count;
	struct space_axis *axes;
	unsigned char *categorical;
	struct space_rules rules;
	bool conditional; /* any parameter */
	int *order;
};

/* ---- order of conditions ---------------------------------------------------- */

/* Do all that the condition of parameter i asks about stand in the order already? */
static bool is_settled(const struct space *s, int i, const unsigned char *placed)
{
	const struct condition *c = space_when(s, i);
	for (int k = 0; c && k < c->n; k++)
		if (c->nodes[k].op >= CONDITION_RANGE && !placed[c->nodes[k].param])
			return false;
	return true;
}

/* Parents before children, else as given, the last first: enumeration then turns the first
 * parameters fastest. */
static enum kr_status make_order(struct space *s, unsigned char *placed, struct kr_error *err)
{
	int n = 0, before = -1;
	while (n < s->d && before < n) {
		before = n;
		for (int i = s->d - 1; i >= 0; i--) {
			if (placed[i] || !is_settled(s, i, placed))
				continue;
			s->order[n++] = i;
			placed[i] = 1;
		}
	}
	for (int i = 0; i < s->d; i++)
		if (!placed[i])
			return space__axis_refuse(
				err, i, "when", i, "conditions must not depend on each other in a circle");
	return KR_OK;
}

static enum kr_status take_rules(
	struct space *s, const struct space_rules *rules, struct kr_error *err)
{
	unsigned char *placed = KR_ARRAY(unsigned char, s->d);
	if (!placed)
		return kr_fail(err, KR_ENOMEM, "no memory for a space of %d parameters", s->d);
	if (rules)
		s->rules = *rules;
	for (int i = 0; i < s->d; i++)
		s->conditional |= space_when(s, i) != NULL;
	enum kr_status st = make_order(s, placed, err);
	kr_free(placed);
	return st;
}

enum kr_status space_new(
	struct space **out, const struct space_param *params, int d, struct kr_error *err)
{
	return space_new_ruled(out, params, d, NULL, err);
}

enum kr_status space_new_ruled(struct space **out, const struct space_param *params, int d,
	const struct space_rules *rules, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	*out = NULL;
	if (d < 1 || d > SPACE_MAX_DIMS)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "params",
			"params has %d parameters; 1 to %d are allowed", d, SPACE_MAX_DIMS);
	struct space *s = KR_NEW(struct space);
	if (!s)
		goto fail_memory;
	s->d = d;
	s->count = 1;
	s->axes = KR_ARRAY(struct space_axis, d);
	s->categorical = KR_ARRAY(unsigned char, d);
	s->order = KR_ARRAY(int, d);
	if (!s->axes || !s->categorical || !s->order)
		goto fail_memory;
	for (int i = 0; !st && i < d; i++) {
		st = space__axis_init(&s->axes[i], &params[i], i, err);
		s->categorical[i] = params[i].kind == SPACE_CATEGORICAL;
		s->count *= s->axes[i].levels;
	}
	if (!st)
		st = take_rules(s, rules, err);
	if (!st)
		*out = s;
	else
		space_free(s);
	return st;

fail_memory:
	space_free(s);
	return kr_fail(err, KR_ENOMEM, "no memory for a space of %d parameters", d);
}

void space_free(struct space *s)
{
	if (!s)
		return;
	kr_free(s->axes);
	kr_free(s->categorical);
	kr_free(s->order);
	kr_free(s);
}

/* ---- questions -------------------------------------------------------------- */

int space_dims(const struct space *s)
{
	return s->d;
}

const struct space_param *space_param(const struct space *s, int i)
{
	return &s->axes[i].p;
}

const unsigned char *space_categorical(const struct space *s)
{
	return s->categorical;
}

double space_levels(const struct space *s, int i)
{
	return s->axes[i].levels;
}

double space_count(const struct space *s)
{
	return s->count;
}

enum kr_status space_check(const struct space *s, int i, double value, struct kr_error *err)
{
	return space__axis_check(&s->axes[i], value, err);
}

double space_level(const struct space *s, int i, double value)
{
	return space__axis_level(&s->axes[i], value);
}

double space_level_value(const struct space *s, int i, double k)
{
	return space__axis_level_value(&s->axes[i], k);
}

bool space_equal(const struct space *s, const double *a, const double *b)
{
	for (int i = 0; i < s->d; i++)
		if (space__axis_identity(&s->axes[i], a[i]) != space__axis_identity(&s->axes[i], b[i]))
			return false;
	return true;
}

uint64_t space_hash(const struct space *s, const double *values)
{
	uint64_t h = 0x9e3779b97f4a7c15u;
	for (int i = 0; i < s->d; i++) {
		double v = space__axis_identity(&s->axes[i], values[i]);
		uint64_t bits;
		memcpy(&bits, &v, sizeof(bits));
		h = (h ^ bits) * 0xff51afd7ed558ccdu; /* the mixing step of MurmurHash3 */
		h ^= h >> 32;
	}
	return h;
}

/* ---- the two forms of a point ----------------------------------------------- */

double space_level_coord(const struct space *s, int i, double k)
{
	return space__axis_level_coord(&s->axes[i], k);
}

double space_coord(const struct space *s, int i, double value)
{
	return space__axis_coord(&s->axes[i], value);
}

void space_encode(const struct space *s, const double *values, double *coords)
{
	for (int i = 0; i < s->d; i++)
		coords[i] = space_coord(s, i, values[i]);
}

double space_value(const struct space *s, int i, double c)
{
	return space__axis_value(&s->axes[i], c);
}

double space_slope(const struct space *s, int i, double c)
{
	const struct space_axis *a = &s->axes[i];
	return a->log ? a->span * exp(a->lo + c * a->span) : a->span;
}

void space_decode_all(const struct space *s, const double *coords, double *values)
{
	for (int i = 0; i < s->d; i++)
		values[i] = space__axis_value(&s->axes[i], coords[i]);
}

void space_decode(const struct space *s, const double *coords, double *values)
{
	space_decode_all(s, coords, values);
	space_deactivate(s, values);
}

void space_snap(const struct space *s, double *coords)
{
	double values[SPACE_MAX_DIMS];
	if (s->conditional)
		space_decode(s, coords, values);
	for (int i = 0; i < s->d; i++) {
		const struct space_axis *a = &s->axes[i];
		if (s->conditional && isnan(values[i]))
			coords[i] = space_coord(s, i, NAN);
		else
			coords[i] = isfinite(a->levels)
				? space__axis_level_coord(a, space__axis_coord_level(a, coords[i]))
				: fmin(fmax(0, coords[i]), 1);
	}
}

/* ---- rules of the whole point ------------------------------------------------- */

bool space_ruled(const struct space *s)
{
	return s->conditional || s->rules.n_forbidden || s->rules.n_linear;
}

const struct space_rules *space_rules(const struct space *s)
{
	return &s->rules;
}

const struct condition *space_when(const struct space *s, int i)
{
	return s->rules.when ? s->rules.when[i] : NULL;
}

const int *space_order(const struct space *s)
{
	return s->order;
}

void space_deactivate(const struct space *s, double *values)
{
	for (int k = 0; s->conditional && k < s->d; k++) {
		int i = s->order[k];
		const struct condition *when = space_when(s, i);
		if (when && !condition_holds(when, values))
			values[i] = NAN;
	}
}

bool space_complete(const struct space *s, const double *values)
{
	for (int i = 0; i < s->d; i++) {
		const struct condition *when = space_when(s, i);
		if (isnan(values[i]) != (when && !condition_holds(when, values)))
			return false;
	}
	return true;
}

double space_number(const struct space *s, int i, double value)
{
	const struct space_axis *a = &s->axes[i];
	if (isnan(value))
		return 0;
	return a->p.numbers ? a->p.numbers[(int)value] : value;
}

struct numbers {
	const struct space *space;
	const double *values;
};

static double number_at(const void *ctx, int i)
{
	const struct numbers *n = ctx;
	return space_number(n->space, i, n->values[i]);
}

bool space_obeys_linear(const struct space *s, int k, const double *values)
{
	const struct numbers point = {s, values};
	return linear_holds(s->rules.linear[k], number_at, &point);
}

int space_broken(const struct space *s, const double *values)
{
	const struct space_rules *r = &s->rules;
	for (int k = 0; k < r->n_forbidden; k++)
		if (condition_holds(r->forbidden[k], values))
			return k;
	for (int k = 0; k < r->n_linear; k++)
		if (!space_obeys_linear(s, k, values))
			return r->n_forbidden + k;
	return -1;
}
