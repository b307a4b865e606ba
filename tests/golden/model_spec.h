/* A model of a golden case: its kernel, mean, noise and data, as a model of ours. */
#ifndef KR_TESTS_GOLDEN_MODEL_SPEC_H
#define KR_TESTS_GOLDEN_MODEL_SPEC_H

#include "gp/model.h"
#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

/* *out <- the model that `in` describes (kernel, mean, noise, X, y), conditioned on its data; the
 * caller frees it. NULL without memory; *st <- how that went. s must outlive the model. False when
 * its kernel is unknown; golden_unknown was then called. */
bool model_spec_read(struct golden_case *c, const cJSON *in, struct kernel_spec *s, struct gp **out,
	enum kr_status *st, struct kr_error *err);

#endif
