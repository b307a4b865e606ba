/* Results that can't both be right where there is said to be no noise. */
#ifndef KR_DAEMON_ENGINE_CONTRADICTION_H
#define KR_DAEMON_ENGINE_CONTRADICTION_H

#include "daemon/engine/study.h"

struct contradiction {
	const struct trial *first, *second; /* of the same point; NULL: there are none */
	int metric;                         /* of which they have other values */
};

/* In a study that declares no noise: the first trial whose result, without a standard error,
 * differs from that of an earlier one of its point. Errors: KR_ENOMEM.
 * Cost n ln n in the results. */
enum kr_status contradiction_find(
	const struct study *s, struct contradiction *out, struct kr_error *err);

#endif
