#include "daemon/engine/text.h"

#include <string.h>

size_t text_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

enum kr_status text_reserve(struct text *t, size_t size, struct kr_error *err)
{
	return pool_reserve(&t->pool, size, err);
}

const char *text_keep(struct text *t, const char *s)
{
	const char *kept;

	if (!s)
		return NULL;
	for (int i = 0; i < TEXT_RECENT; i++)
		if (t->recent[i] && strcmp(t->recent[i], s) == 0)
			return t->recent[i];
	kept = pool_copy(&t->pool, s, text_size(s));
	t->recent[t->next++ % TEXT_RECENT] = kept;
	return kept;
}

void text_fini(struct text *t)
{
	pool_fini(&t->pool);
}
