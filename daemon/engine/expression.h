/* Conditions and linear constraints as people write them, compiled for the space.
 *
 *   condition   not, and, or, parentheses; comparisons of one parameter with values:
 *               == != < <= > >=, in (a, b), not in [a, b]; a bool parameter alone
 *   constraint  sums of parameters and numbers, with factors, quotients, parentheses, on both
 *               sides of <= or >=
 *
 * Values are typed (1, 1.0, "1", true and null are five); numbers compare as numbers, so do
 * ordinals all of whose choices are numbers; other ordinals by their order. What cannot be
 * (a name that is unknown, a value of the wrong type or off the grid) is refused with its
 * place. Nesting is limited, so the parser's recursion is. */
#ifndef KR_DAEMON_ENGINE_EXPRESSION_H
#define KR_DAEMON_ENGINE_EXPRESSION_H

#include "acquisition/space/space.h"
#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/params.h"

/* plain: a space of the parameters, which is asked about values. field: what the request calls
 * the text. What is made lives in the arena.
 * Errors: KR_INVALID_ARGUMENT with the field; KR_ENOMEM. */
enum kr_status expression_condition(const struct params *params, const struct space *plain,
	const char *field, const char *text, const struct condition **out, struct arena *a,
	struct kr_error *err);
enum kr_status expression_constraint(const struct params *params, const char *field,
	const char *text, const struct linear **out, struct arena *a, struct kr_error *err);

/* Are all choices of a parameter numbers? */
bool expression_is_numeric(const struct msg_param *p);

#endif
