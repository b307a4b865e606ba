/* Switches of the policy, for ablations (bench/ablate): studies run on the defaults. A suggestion
 * is a function of them too. What each is worth: docs/benchmarks.md. */
#ifndef KR_ACQUISITION_POLICY_OPTIONS_H
#define KR_ACQUISITION_POLICY_OPTIONS_H

#include "base/status.h"

struct policy_options {
#define OPTION(name, standard, least, most, what) double name;
#include "acquisition/policy/option_list.def"
#undef OPTION
};

/* All at their defaults. */
struct policy_options policy_options_default(void);

/* By name, as in option_list.def. KR_INVALID_ARGUMENT: there is no such option (err lists them),
 * or the value is out of its range. */
enum kr_status policy_options_set(
	struct policy_options *o, const char *name, double value, struct kr_error *err);

#endif
