#include "base/number.h"

#include <stdio.h>
#include <stdlib.h>

const char *number_show(double v, char out[NUMBER_SHOWN])
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, NUMBER_SHOWN, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
	return out;
}

const char *number_percent(double p, char out[NUMBER_SHOWN])
{
	if (p > 0 && p < 1e-4)
		snprintf(out, NUMBER_SHOWN, "under 0.01 %%");
	else if (p < 0.01)
		snprintf(out, NUMBER_SHOWN, "%.2g %%", 100 * p);
	else
		snprintf(out, NUMBER_SHOWN, "%.0f %%", 100 * p);
	return out;
}
