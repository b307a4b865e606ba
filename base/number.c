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
