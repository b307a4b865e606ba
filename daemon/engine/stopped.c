#include "daemon/engine/stopped.h"

#include "base/alloc.h"

enum kr_status stopped_reserve(struct stopped_list *l, struct kr_error *err)
{
	if (KR_GROW(&l->p, l->n, &l->cap))
		return kr_fail(err, KR_ENOMEM, "no memory for the reports of a study");
	return KR_OK;
}

void stopped_add(struct stopped_list *l, uint64_t seq, enum stop_reason why)
{
	l->p[l->n++] = (struct stopped){seq, why};
}

enum stop_reason stopped_at(const struct stopped_list *l, uint64_t seq)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->p[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->n && l->p[lo].seq == seq ? l->p[lo].why : STOP_NONE;
}

void stopped_fini(struct stopped_list *l)
{
	kr_free(l->p);
}
