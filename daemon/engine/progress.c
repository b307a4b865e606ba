#include "daemon/engine/progress.h"

#include <assert.h>

#include "base/alloc.h"

enum { FIRST = 8 };

enum kr_status progress_reserve(struct progress **p, struct kr_error *err)
{
	int n = *p ? (*p)->n : 0, cap = n ? 2 * n : FIRST;
	struct progress *grown;

	if (*p && n < (*p)->cap)
		return KR_OK;
	grown = kr_realloc(*p, 1, sizeof(**p) + (size_t)cap * sizeof((*p)->p[0]));
	if (!grown)
		return kr_fail(err, KR_ENOMEM, "no memory for the reports of a trial");
	grown->n = n;
	grown->cap = cap;
	if (!*p)
		grown->attempt = 0;
	*p = grown;
	return KR_OK;
}

int progress_kept(const struct progress *p, uint32_t attempt, int64_t step)
{
	int n = p ? p->n : 0;

	while (n > 0 && attempt != p->attempt && p->p[n - 1].step >= step)
		n--;
	return n;
}

void progress_add(struct progress *p, uint32_t attempt, const struct msg_progress *report)
{
	p->n = progress_kept(p, attempt, report->step);
	assert(p->n < p->cap);
	p->attempt = attempt;
	p->p[p->n++] = *report;
}

const struct msg_progress *progress_last(const struct progress *p, uint32_t attempt)
{
	return p && p->n > 0 && p->attempt == attempt ? &p->p[p->n - 1] : NULL;
}

void progress_free(struct progress *p)
{
	kr_free(p);
}
