#include "daemon/check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "daemon/store/store.h"
#include "proto/limits.h"
#include "proto/record.h"

struct checking {
	struct check_counts *counts;
	struct arena *arena;
	uint64_t study; /* of the row before */
};

static enum kr_status check_row(void *ctx, const struct row *r, struct kr_error *err)
{
	struct checking *c = ctx;
	struct record record;
	enum kr_status s;

	arena_reset(c->arena);
	s = record_decode(&record, r->kind, r->body, r->len, c->arena, err);
	if (s != KR_OK) {
		kr_prefix(err, "row %llu of study %llu", (unsigned long long)r->seq,
			(unsigned long long)r->study);
		return s;
	}
	if ((r->seq == 1) != (r->kind == RECORD_STUDY_CREATED))
		return kr_fail(err, KR_ECORRUPT, "study %llu does not begin with its creation",
			(unsigned long long)r->study);
	c->counts->studies += r->study != c->study;
	c->counts->rows++;
	c->counts->bytes += r->len;
	c->study = r->study;
	return KR_OK;
}

enum kr_status check_file(const char *path, struct check_counts *out, struct kr_error *err)
{
	const struct store_backend *b = store_find("sqlite");
	struct checking c = {.counts = out};
	struct store *store;
	enum kr_status s;
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st) != 0)
		return kr_fail(err, KR_NOT_FOUND, "database '%.200s': %s", path, strerror(errno));
	s = b->open(&store, path, err);
	if (s != KR_OK)
		return s;
	c.arena = arena_new(4 * (size_t)LIMIT_ARENA_BYTES);
	s = c.arena ? b->check(store, err) : kr_fail(err, KR_ENOMEM, "no memory");
	if (s == KR_OK)
		s = b->load(store, 0, 0, check_row, &c, err);
	if (s != KR_OK)
		kr_prefix(err, "database '%.160s'", path);
	arena_free(c.arena);
	b->close(store);
	return s;
}
