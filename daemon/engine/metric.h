/* Results of a study: named values of the wire <-> numbers in the order of its
 * metrics, and their standard errors. */
#ifndef KR_DAEMON_ENGINE_METRIC_H
#define KR_DAEMON_ENGINE_METRIC_H

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/definition.h"
#include "proto/msg.h"

struct metric_result {
	bool finite;           /* the objective is a finite number */
	const double *metrics; /* n_metrics of the study */
	int n_sems;            /* n_metrics, or 0: none has a standard error */
	const double *sems;    /* NaN: none */
};

/* Every metric must be there once; with one metric its name may be left out. field: what the list
 * is called in the request ("observations[0].values"). A value that is not finite is for the
 * objective only. Everything in out lives in a.
 * Errors: KR_INVALID_ARGUMENT (missing, twice, unknown name, not finite), KR_ENOMEM. */
enum kr_status metric_read(const struct definition *def, const char *field, int n,
	const struct msg_value *values, struct metric_result *out, struct arena *a,
	struct kr_error *err);

/* n_metrics named values in the arena; NULL when memory runs out. sems may be NULL. */
const struct msg_value *metric_write(
	const struct definition *def, const double *metrics, const double *sems, struct arena *a);

#endif
