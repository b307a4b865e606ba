/* What a study says that its suggestions maximize: words and numbers of the wire, checked, merged,
 * compared. acquisition/policy/choice.h has the list. */
#ifndef KR_DAEMON_ENGINE_ACQUISITION_H
#define KR_DAEMON_ENGINE_ACQUISITION_H

#include <stdbool.h>

#include "acquisition/policy/choice.h"
#include "base/status.h"
#include "proto/msg.h"

/* May a study with so many metrics have it? Fields begin with prefix: "spec." or "".
 * Errors: KR_INVALID_ARGUMENT. */
enum kr_status acquisition_check(
	const struct msg_acquisition *a, int n_metrics, const char *prefix, struct kr_error *err);

/* now, as a change leaves it: a name comes with numbers of its own, numbers alone are for the one
 * that there is. Borrows both. */
struct msg_acquisition acquisition_change(
	const struct msg_acquisition *now, const struct msg_acquisition *change);

/* Of one that is checked. */
enum choice acquisition_choice(const struct msg_acquisition *a);
/* Weight of the deviation, squared: said, or the usual one. */
double acquisition_beta(const struct msg_acquisition *a);

/* The same suggestions? Names of one acquisition are equal, as are a beta that is not said and the
 * usual one. A name that nothing has is equal to none. */
bool acquisition_equal(const struct msg_acquisition *a, const struct msg_acquisition *b);

#endif
