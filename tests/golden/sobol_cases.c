/* Kind `sobol`: unscrambled points. */
#include "acquisition/space/sobol.h"

#include "tests/golden/golden.h"

static int integer(const cJSON *json, const char *key)
{
	return (int)golden_number(cJSON_GetObjectItemCaseSensitive(json, key));
}

/* The key "points_times_2^bits" scales by the `bits` that the case expects too: with n = 64
 * points from 0 that is 6, and enough for the last index in general. */
static int bits_for(unsigned last)
{
	int bits = 0;
	while (last >> bits)
		bits++;
	return bits;
}

static enum golden_verdict sobol(struct golden_case *c, const cJSON *in)
{
	int d = integer(in, "d"), first = integer(in, "first_index"), count = integer(in, "count");
	int bits = bits_for((unsigned)(first + count - 1));
	struct mat points = mat_view(golden_array(c, d * count), count, d, count);

	if (d > SOBOL_MAX_DIMS)
		return golden_unknown(c, "sobol in more dimensions than", "SOBOL_MAX_DIMS");
	for (int j = 0; j < d; j++) {
		uint32_t v[SOBOL_BITS];
		sobol_directions(j, v);
		for (int i = 0; i < count; i++)
			*mat_at(points, i, j) = (double)((uint64_t)sobol_value(v, (uint32_t)(first + i)) >>
				(SOBOL_BITS - bits)); /* 64 bits: the first point alone has bits = 0 */
	}
	golden_value(c, "bits", bits);
	golden_matrix(c, "points_times_2^bits", points);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_sobol_kinds[] = {{"sobol", sobol}, {0}};
