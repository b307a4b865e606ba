#include "daemon/engine/history.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum { CHUNK = 128 };

struct history_chunk {
	size_t refs;
	double numbers[]; /* CHUNK of each metric, CHUNK of each standard error, CHUNK points */
};

static double *metric(struct history_chunk *c, int k)
{
	return c->numbers + CHUNK * (size_t)k;
}

static double *sem(struct history_chunk *c, int n_metrics, int k)
{
	return metric(c, n_metrics + k);
}

static double *points(struct history_chunk *c, int n_metrics)
{
	return metric(c, 2 * n_metrics);
}

void history_init(struct history *h, int d, int n_metrics)
{
	*h = (struct history){.d = d, .n_metrics = n_metrics};
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
	size_t numbers = CHUNK * ((size_t)h->d + 2 * (size_t)h->n_metrics);
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

void history_append(
	struct history *h, const double *values, const double *metrics, const double *sems)
{
	size_t i = h->n % CHUNK, d = (size_t)h->d;
	struct history_chunk *c;

	assert(h->n < h->n_chunks * CHUNK);
	c = h->chunks[h->n / CHUNK];
	for (int k = 0; k < h->n_metrics; k++) {
		metric(c, k)[i] = metrics[k];
		sem(c, h->n_metrics, k)[i] = sems ? sems[k] : NAN;
	}
	memcpy(points(c, h->n_metrics) + i * d, values, d * sizeof(double));
	h->n++;
}

enum kr_status history_view(const struct history *h, struct history_view *out, struct kr_error *err)
{
	size_t n = (h->n + CHUNK - 1) / CHUNK;

	*out = (struct history_view){.d = h->d, .n_metrics = h->n_metrics};
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

void history_gather(const struct history_view *v, double *X, double *Y, double *S)
{
	size_t d = (size_t)v->d;

	for (size_t c = 0, at = 0; at < v->n; c++, at += CHUNK) {
		size_t k = v->n - at < CHUNK ? v->n - at : CHUNK;

		for (int m = 0; m < v->n_metrics; m++) {
			size_t to = (size_t)m * v->n + at;

			memcpy(Y + to, metric(v->chunks[c], m), k * sizeof(double));
			memcpy(S + to, sem(v->chunks[c], v->n_metrics, m), k * sizeof(double));
		}
		memcpy(X + at * d, points(v->chunks[c], v->n_metrics), k * d * sizeof(double));
	}
}
