#include "daemon/check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/engine/rebuild.h"
#include "daemon/store/store.h"

struct checking {
	struct check_counts *counts;
	struct rebuild *rebuild;
};

static enum kr_status check_row(void *ctx, const struct row *r, struct kr_error *err)
{
	struct checking *c = ctx;

	c->counts->rows++;
	c->counts->bytes += r->len;
	return rebuild_row(c->rebuild, r, err);
}

/* Pages and tables, then what is in them. */
static enum kr_status check_store(
	struct store *store, struct check_counts *out, struct kr_error *err)
{
	struct checking c = {.counts = out};
	enum kr_status s = rebuild_new(&c.rebuild, err);

	if (s == KR_OK)
		s = store->backend->check(store, err);
	if (s == KR_OK)
		s = store->backend->load(store, 0, 0, check_row, &c, err);
	if (s == KR_OK) {
		out->studies = rebuild_studies(c.rebuild);
		out->trials = rebuild_trials(c.rebuild);
	}
	rebuild_free(c.rebuild);
	return s;
}

enum kr_status check_file(const char *path, struct check_counts *out, struct kr_error *err)
{
	const struct store_backend *b = store_find("sqlite");
	struct store *store;
	enum kr_status s;
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st) != 0)
		return kr_fail(err, KR_NOT_FOUND, "database '%.200s': %s", path, strerror(errno));
	s = b->open(&store, path, err);
	if (s != KR_OK)
		return s;
	s = check_store(store, out, err);
	if (s != KR_OK)
		kr_prefix(err, "database '%.160s'", path);
	b->close(store);
	return s;
}
