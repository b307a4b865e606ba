#include "daemon/engine/history.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

enum { CHUNK = 128 };

struct history_chunk {
	size_t refs;
	double numbers[]; /* CHUNK objectives, then CHUNK points of d values */
};

static double *objective(struct history_chunk *c, size_t i)
{
	return c->numbers + i;
}

static double *point(struct history_chunk *c, int d, size_t i)
{
	return c->numbers + CHUNK + i * (size_t)d;
}

void history_init(struct history *h, int d)
{
	*h = (struct history){.d = d};
}

static void release(struct history_chunk **chunks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (--chunks[i]->refs == 0)
			kr_free(chunks[i]);
	kr_free(chunks);
}

void history_fini(struct history *h)
{
	release(h->chunks, h->n_chunks);
}

static int add_chunk(struct history *h)
{
	size_t numbers = CHUNK * ((size_t)h->d + 1);
	struct history_chunk *c;

	if (KR_GROW(&h->chunks, h->n_chunks, &h->cap))
		return -1;
	c = kr_malloc(sizeof(*c) + numbers * sizeof(double));
	if (!c)
		return -1;
	c->refs = 1;
	h->chunks[h->n_chunks++] = c;
	return 0;
}

enum kr_status history_reserve(struct history *h, size_t extra, struct kr_error *err)
{
	while (h->n_chunks * CHUNK - h->n < extra)
		if (add_chunk(h))
			return kr_fail(err, KR_ENOMEM, "no memory for observations");
	return KR_OK;
}

void history_append(struct history *h, const double *values, double y)
{
	size_t i = h->n % CHUNK;
	struct history_chunk *c;

	assert(h->n < h->n_chunks * CHUNK);
	c = h->chunks[h->n / CHUNK];
	*objective(c, i) = y;
	memcpy(point(c, h->d, i), values, (size_t)h->d * sizeof(double));
	h->n++;
}

enum kr_status history_view(const struct history *h, struct history_view *out, struct kr_error *err)
{
	size_t n = (h->n + CHUNK - 1) / CHUNK;

	*out = (struct history_view){.d = h->d};
	if (n == 0)
		return KR_OK;
	out->chunks = kr_memdup(h->chunks, n * sizeof(struct history_chunk *));
	if (!out->chunks)
		return kr_fail(err, KR_ENOMEM, "no memory for a snapshot");
	for (size_t i = 0; i < n; i++)
		out->chunks[i]->refs++;
	out->n_chunks = n;
	out->n = h->n;
	return KR_OK;
}

void history_view_fini(struct history_view *v)
{
	release(v->chunks, v->n_chunks);
}

void history_gather(const struct history_view *v, double *X, double *y)
{
	size_t d = (size_t)v->d;

	for (size_t c = 0, at = 0; at < v->n; c++, at += CHUNK) {
		size_t k = v->n - at < CHUNK ? v->n - at : CHUNK;

		memcpy(y + at, objective(v->chunks[c], 0), k * sizeof(double));
		memcpy(X + at * d, point(v->chunks[c], v->d, 0), k * d * sizeof(double));
	}
}
