#include "daemon/store/store.h"

#include <string.h>

#define STORE(name) extern const struct store_backend store_##name;
#include "daemon/store/store_list.def"
#undef STORE

static const struct store_backend *const backends[] = {
#define STORE(name) &store_##name,
#include "daemon/store/store_list.def"
#undef STORE
};

const struct store_backend *store_at(int i)
{
	int n = (int)(sizeof(backends) / sizeof(backends[0]));

	return i >= 0 && i < n ? backends[i] : NULL;
}

const struct store_backend *store_find(const char *name)
{
	const struct store_backend *b = NULL;

	for (int i = 0; (b = store_at(i)) != NULL; i++)
		if (strcmp(b->name, name) == 0)
			break;
	return b;
}
