/* Strings of a study that live as long as it does: worker names, reasons,
 * notes and labels. One that is given again soon is kept once. */
#ifndef KR_DAEMON_ENGINE_TEXT_H
#define KR_DAEMON_ENGINE_TEXT_H

#include <stddef.h>

#include "base/status.h"
#include "daemon/engine/pool.h"

enum { TEXT_RECENT = 8 };

/* All zero is empty. */
struct text {
	struct pool pool;
	const char *recent[TEXT_RECENT];
	unsigned next;
};

/* Bytes that text_keep may need for s. */
size_t text_size(const char *s);

/* Room for strings of text_size bytes in sum. Errors: KR_ENOMEM. */
enum kr_status text_reserve(struct text *t, size_t size, struct kr_error *err);

/* A copy that lives as long as t; NULL for NULL. The room has been reserved. */
const char *text_keep(struct text *t, const char *s);

/* Frees the strings. */
void text_fini(struct text *t);

#endif
