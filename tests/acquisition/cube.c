#include "tests/acquisition/cube.h"

#include <math.h>

static double between(struct rng *r, double low, double high)
{
	return low + (high - low) * rng_uniform(r);
}

static struct space_param integer(struct rng *r, bool log)
{
	double size = rint(pow(2, between(r, 1, log ? 38 : 49)));
	double low = log ? rint(pow(2, between(r, 0, 30))) : rint(between(r, -size, size));
	double step = rng_below(r, 2) ? 0 : 1 + floor(size * pow(rng_uniform(r), 3) / 2);
	return (struct space_param){
		.kind = SPACE_INT, .low = low, .high = low + size, .log = log, .step = step};
}

static struct space_param real(struct rng *r, bool log)
{
	double size = pow(10, between(r, -12, 12));
	double low = log ? pow(10, between(r, -12, 6)) : between(r, -10, 10) * size;
	size = log ? fmax(size, 1e-9) : size;
	double high = log ? low * (1 + size) : low + size;
	double step = rng_below(r, 2)
		? 0
		: fmax((high - low) * pow(10, between(r, -6, -0.01)), 1e-12 * high);
	if (step > 0 && rng_below(r, 2)) { /* a grid as people type it */
		double unit = pow(10, rng_below(r, 5));
		step = (1 + rng_below(r, 30)) / unit;
		low = (log ? 1 + rng_below(r, 50) : rng_below(r, 100) - 50.0) / unit;
		high = low + step * (1 + rng_below(r, 1000));
	}
	return (struct space_param){
		.kind = SPACE_FLOAT, .low = low, .high = high, .log = log, .step = step};
}

struct space_param cube_param(struct rng *r)
{
	switch (rng_below(r, 5)) {
	case 0:
		return (struct space_param){
			.kind = SPACE_CATEGORICAL, .n_choices = (int)(1 + rng_below(r, 20))};
	case 1: return integer(r, false);
	case 2: return integer(r, true);
	default: return real(r, rng_below(r, 2));
	}
}

struct space *cube_space(const struct space_param *params, int d)
{
	struct space *s;
	struct kr_error e = {0};
	if (space_new(&s, params, d, &e))
		fail_msg("%s", e.text);
	return s;
}

struct space *cube_floats(int d)
{
	struct space_param params[SPACE_MAX_DIMS];
	for (int i = 0; i < d; i++)
		params[i] = (struct space_param){.kind = SPACE_FLOAT, .low = 0, .high = 1};
	return cube_space(params, d);
}

void cube_draw(const struct space *s, struct rng *r, double *values)
{
	double coords[SPACE_MAX_DIMS];
	for (int i = 0; i < space_dims(s); i++) {
		coords[i] = rng_uniform(r);
		if (space_categorical(s)[i])
			coords[i] = floor(coords[i] * space_levels(s, i));
	}
	space_decode(s, coords, values);
}
