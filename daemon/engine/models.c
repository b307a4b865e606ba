#include "daemon/engine/models.h"

#include <string.h>

#include "base/alloc.h"

/* One block: the list, then lengthscales, then texts. */
struct models {
	int n;
	struct msg_model list[];
};

struct msg_models models_list(const struct models *m)
{
	return m ? (struct msg_models){m->n, m->list} : (struct msg_models){0};
}

void models_free(struct models *m)
{
	kr_free(m);
}

/* ---- what the new list is made of -------------------------------------------------- */

static bool same_metric(const struct msg_model *a, const struct msg_model *b)
{
	return a->name && b->name ? strcmp(a->name, b->name) == 0 : a->name == b->name;
}

static const struct msg_model *find(const struct msg_models *in, const struct msg_model *like)
{
	for (int i = 0; i < in->n; i++)
		if (same_metric(&in->p[i], like))
			return &in->p[i];
	return NULL;
}

/* list (room for both) <- those of `was`, as `is` has them if it does, then what only `is` has. */
static int merge(struct msg_model *list, const struct msg_models *is, const struct msg_models *was)
{
	int n = 0;

	for (int i = 0; i < was->n; i++) {
		const struct msg_model *now = find(is, &was->p[i]);

		list[n] = now ? *now : was->p[i];
		if (list[n].calibration.n == 0)
			list[n].calibration = was->p[i].calibration;
		n++;
	}
	for (int i = 0; i < is->n; i++)
		if (!find(was, &is->p[i]))
			list[n++] = is->p[i];
	return n;
}

/* ---- the copy ---------------------------------------------------------------------- */

static size_t text_bytes(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static size_t bytes_of(const struct msg_model *m)
{
	return (size_t)m->n_lengthscales * sizeof(double) + text_bytes(m->name) +
		text_bytes(m->kernel) + text_bytes(m->transform);
}

static const char *take_text(char **at, const char *s)
{
	char *copy = *at;

	if (!s)
		return NULL;
	memcpy(copy, s, text_bytes(s));
	*at += text_bytes(s);
	return copy;
}

static void take(struct models *m)
{
	double *numbers = (double *)(m->list + m->n);
	char *at;

	for (int i = 0; i < m->n; i++) {
		size_t n = (size_t)m->list[i].n_lengthscales;

		if (n)
			memcpy(numbers, m->list[i].lengthscales, n * sizeof(*numbers));
		m->list[i].lengthscales = numbers;
		numbers += n;
	}
	at = (char *)numbers;
	for (int i = 0; i < m->n; i++) {
		m->list[i].name = take_text(&at, m->list[i].name);
		m->list[i].kernel = take_text(&at, m->list[i].kernel);
		m->list[i].transform = take_text(&at, m->list[i].transform);
	}
}

enum kr_status models_new(struct models **out, const struct msg_models *is,
	const struct models *was, struct kr_error *err)
{
	struct msg_models before = models_list(was);
	size_t n = (size_t)is->n + (size_t)before.n, bytes = sizeof(**out);
	struct models *m;

	*out = NULL;
	for (int i = 0; i < is->n; i++)
		bytes += bytes_of(&is->p[i]);
	for (int i = 0; i < before.n; i++)
		bytes += bytes_of(&before.p[i]);
	m = kr_malloc(bytes + n * sizeof(*m->list));
	if (!m)
		return kr_fail(err, KR_ENOMEM, "no memory for the models of a study");
	m->n = merge(m->list, is, &before);
	take(m);
	*out = m;
	return KR_OK;
}
