/* What the files that read conditions share. */
#ifndef KR_DAEMON_ENGINE_EXPRESSION_INTERNAL_H
#define KR_DAEMON_ENGINE_EXPRESSION_INTERNAL_H

#include "daemon/engine/expression.h"
#include "daemon/engine/lexer.h"

struct expression__parser {
	struct lexer l;
	const struct params *params;
	const struct space *plain;
	struct condition_node *nodes;
	int n, nested;
	struct kr_error *err;
};

/* KR_ENOMEM. */
enum kr_status expression__no_memory(struct kr_error *err);

/* Go to the next word. */
enum kr_status expression__next(struct expression__parser *p);

/* Read one comparison, or a parameter that stands alone, and add its node. p is at its first
 * word, and behind it then. Errors: as expression_condition. */
enum kr_status expression__comparison(struct expression__parser *p);

#endif
