#include "acquisition/policy/choice.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	unsigned what;
} choices[] = {
#define CHOICE(NAME, name, what, make) {name, what},
#include "acquisition/policy/choice_list.def"
#undef CHOICE
};

bool choice_find(const char *name, enum choice *out)
{
	*out = CHOICE_AUTO;
	if (!name)
		return true;
	if (strcmp(name, "ei") == 0)
		name = choice_name(CHOICE_LOG_EI);
	for (int c = 0; c < CHOICE_N; c++)
		if (strcmp(choices[c].name, name) == 0) {
			*out = (enum choice)c;
			return true;
		}
	return false;
}

const char *choice_name(enum choice c)
{
	return choices[c].name;
}

bool choice_has(enum choice c, unsigned what)
{
	return choices[c].what & what;
}

/* UCB: 1.8 deviations (Song et al. 2024); straddle: 1.96 (Bryan et al. 2005). */
double choice_beta(enum choice c)
{
	if (!choice_has(c, CHOICE_BETA))
		return 0;
	return c == CHOICE_STRADDLE ? 1.96 * 1.96 : 1.8 * 1.8;
}

void choice_list(unsigned what, char *to, int size)
{
	int len = 0;
	*to = 0;
	for (int c = 0; c < CHOICE_N && len < size; c++)
		if (!what || choice_has((enum choice)c, what))
			len += snprintf(
				to + len, (size_t)(size - len), "%s%s", len ? ", " : "", choices[c].name);
}
