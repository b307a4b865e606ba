#include "acquisition/policy/policy_options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	size_t at;
	double least, most;
} options[] = {
#define OPTION(name, standard, least, most, what) \
	{#name, offsetof(struct policy_options, name), least, most},
#include "acquisition/policy/option_list.def"
#undef OPTION
};

enum { N_OPTIONS = sizeof(options) / sizeof(*options) };

struct policy_options policy_options_default(void)
{
	return (struct policy_options){
#define OPTION(name, standard, least, most, what) .name = standard,
#include "acquisition/policy/option_list.def"
#undef OPTION
	};
}

enum kr_status policy_options_set(
	struct policy_options *o, const char *name, double value, struct kr_error *err)
{
	char names[512] = "";
	size_t len = 0;

	for (int i = 0; i < N_OPTIONS; i++) {
		if (len < sizeof(names))
			len += (size_t)snprintf(
				names + len, sizeof(names) - len, "%s%s", i ? ", " : "", options[i].name);
		if (strcmp(options[i].name, name) != 0)
			continue;
		if (!(value >= options[i].least && value <= options[i].most))
			return kr_fail(err, KR_INVALID_ARGUMENT, "option %s is %g: it must be within %g and %g",
				name, value, options[i].least, options[i].most);
		memcpy((char *)o + options[i].at, &value, sizeof(value));
		return KR_OK;
	}
	return kr_fail(err, KR_INVALID_ARGUMENT, "no option is called '%s'; there are %s", name, names);
}
