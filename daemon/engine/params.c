#include "daemon/engine/params.h"

#include <string.h>

#include "daemon/engine/choices.h"

static enum kr_status no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for a study");
}

/* Binary insertion: a few hundred names at most, once a study. */
static enum kr_status index_names(struct params *ps, struct arena *a, struct kr_error *err)
{
	int *order = arena_calloc(a, (size_t)ps->n, sizeof(*order));

	if (!order)
		return no_memory(err);
	for (int i = 0; i < ps->n; i++) {
		int lo = 0, hi = i;

		while (lo < hi) {
			int mid = lo + (hi - lo) / 2;
			int c = strcmp(ps->p[order[mid]].name, ps->p[i].name);

			if (c == 0)
				return kr_fail_field(err, KR_INVALID_ARGUMENT, "spec.parameters",
					"spec.parameters has '%s' twice; names must differ", ps->p[i].name);
			if (c < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		memmove(order + lo + 1, order + lo, (size_t)(i - lo) * sizeof(*order));
		order[lo] = i;
	}
	ps->by_name = order;
	return KR_OK;
}

static enum kr_status index_choices(struct params *ps, struct arena *a, struct kr_error *err)
{
	enum { FRAMING = 16, NUMBER = 11 };
	const int **orders = ARENA_ARRAY(a, const int *, ps->n);

	if (!orders)
		return no_memory(err);
	for (int i = 0; i < ps->n; i++) {
		const struct msg_param *p = &ps->p[i];
		size_t value = NUMBER;

		if (p->n_choices && !(orders[i] = choices_order(a, p->choices, p->n_choices)))
			return no_memory(err);
		for (int k = 0; k < p->n_choices; k++)
			if (p->choices[k].kind == SCALAR_STRING && strlen(p->choices[k].s) > value)
				value = strlen(p->choices[k].s);
		ps->point_bytes += FRAMING + strlen(p->name) + value;
	}
	ps->choice_order = orders;
	return KR_OK;
}

enum kr_status params_init(
	struct params *out, const struct msg_param *p, int n, struct arena *a, struct kr_error *err)
{
	enum kr_status st;

	*out = (struct params){.n = n, .p = p};
	st = index_names(out, a, err);
	return st == KR_OK ? index_choices(out, a, err) : st;
}

int params_find(const struct params *ps, const char *name, int hint)
{
	int lo = 0, hi = ps->n;

	if (hint < ps->n && strcmp(ps->p[hint].name, name) == 0)
		return hint;
	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;
		int c = strcmp(ps->p[ps->by_name[mid]].name, name);

		if (c == 0)
			return ps->by_name[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

int params_choice(const struct params *ps, int i, const struct msg_scalar *v)
{
	const struct msg_param *p = &ps->p[i];

	if (p->kind == PARAM_BOOL)
		return v->kind == SCALAR_BOOL ? v->b : -1;
	return choices_find(p->choices, ps->choice_order[i], p->n_choices, v);
}
