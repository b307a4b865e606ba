#include "daemon/engine/rebuild.h"

#include "base/alloc.h"
#include "daemon/engine/core.h"
#include "proto/limits.h"

struct rebuild {
	struct study *study; /* being read; NULL before the first */
	struct arena *scratch;
	uint64_t n_studies, n_trials; /* of the studies before */
};

enum kr_status rebuild_new(struct rebuild **out, struct kr_error *err)
{
	struct rebuild *r = KR_NEW(struct rebuild);

	if (r)
		r->scratch = arena_new(4 * (size_t)LIMIT_ARENA_BYTES);
	if (!r || !r->scratch) {
		kr_free(r);
		return kr_fail(err, KR_ENOMEM, "no memory to read studies");
	}
	*out = r;
	return KR_OK;
}

static void put_away(struct rebuild *r)
{
	r->n_studies += r->study != NULL;
	r->n_trials += r->study ? r->study->trials.n : 0;
	study_free(r->study);
	r->study = NULL;
}

void rebuild_free(struct rebuild *r)
{
	if (!r)
		return;
	study_free(r->study);
	arena_free(r->scratch);
	kr_free(r);
}

enum kr_status rebuild_row(struct rebuild *r, const struct row *row, struct kr_error *err)
{
	if (r->study && r->study->id != row->study)
		put_away(r);
	return load_row(&r->study, row, NULL, r->scratch, err);
}

uint64_t rebuild_studies(const struct rebuild *r)
{
	return r->n_studies + (r->study != NULL);
}

uint64_t rebuild_trials(const struct rebuild *r)
{
	return r->n_trials + (r->study ? r->study->trials.n : 0);
}
