#include "daemon/engine/reports.h"

#include "base/alloc.h"

enum kr_status reports_reserve(struct reports *l, struct kr_error *err)
{
	if (KR_GROW(&l->p, l->n, &l->cap))
		return kr_fail(err, KR_ENOMEM, "no memory for the reports of a study");
	return KR_OK;
}

void reports_add(struct reports *l, const struct report *r)
{
	l->p[l->n++] = *r;
}

const struct report *reports_at(const struct reports *l, uint64_t seq)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->p[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->n && l->p[lo].seq == seq ? &l->p[lo] : NULL;
}

void reports_fini(struct reports *l)
{
	kr_free(l->p);
}
