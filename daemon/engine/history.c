#include "daemon/engine/history.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"

enum { CHUNK = 128 };

struct history_chunk {
	size_t refs;
	uint64_t trials[CHUNK];
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

static size_t chunk_numbers(const struct history *h)
{
	return CHUNK * ((size_t)h->d + 2 * (size_t)h->n_metrics);
}

static struct history_chunk *chunk_new(const struct history *h)
{
	struct history_chunk *c = kr_malloc(sizeof(*c) + chunk_numbers(h) * sizeof(double));

	if (c)
		c->refs = 1;
	return c;
}

static int add_chunk(struct history *h)
{
	struct history_chunk *c;

	if (KR_GROW(&h->chunks, h->n_chunks, &h->cap))
		return -1;
	c = chunk_new(h);
	if (!c)
		return -1;
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

static double *point(const struct history *h, size_t i)
{
	return points(h->chunks[i / CHUNK], h->n_metrics) + (i % CHUNK) * (size_t)h->d;
}

void history_set(struct history *h, size_t i, const double *metrics, const double *sems)
{
	struct history_chunk *c = h->chunks[i / CHUNK];

	for (int k = 0; k < h->n_metrics; k++) {
		metric(c, k)[i % CHUNK] = metrics[k];
		sem(c, h->n_metrics, k)[i % CHUNK] = sems ? sems[k] : NAN;
	}
}

void history_append(struct history *h, uint64_t number, const double *values, const double *metrics,
	const double *sems)
{
	assert(h->n < h->n_chunks * CHUNK);
	history_set(h, h->n, metrics, sems);
	memcpy(point(h, h->n), values, (size_t)h->d * sizeof(double));
	h->chunks[h->n / CHUNK]->trials[h->n % CHUNK] = number;
	h->n++;
}

/* ---- corrections ------------------------------------------------------------ */

uint64_t history_trial(const struct history *h, size_t i)
{
	return h->chunks[i / CHUNK]->trials[i % CHUNK];
}

size_t history_find(const struct history *h, uint64_t number)
{
	for (size_t i = h->n; i > 0; i--)
		if (history_trial(h, i - 1) == number)
			return i - 1;
	return h->n;
}

enum kr_status history_own(struct history *h, size_t first, size_t last, struct kr_error *err)
{
	for (size_t i = first / CHUNK; i <= last / CHUNK; i++) {
		struct history_chunk *shared = h->chunks[i], *own;

		if (shared->refs == 1)
			continue;
		own = chunk_new(h);
		if (!own)
			return kr_fail(err, KR_ENOMEM, "no memory for observations");
		memcpy(own->trials, shared->trials, sizeof(own->trials));
		memcpy(own->numbers, shared->numbers, chunk_numbers(h) * sizeof(double));
		shared->refs--;
		h->chunks[i] = own;
	}
	return KR_OK;
}

/* The observation after i takes its place. */
static void shift(struct history *h, size_t i)
{
	struct history_chunk *to = h->chunks[i / CHUNK], *from = h->chunks[(i + 1) / CHUNK];
	size_t a = i % CHUNK, b = (i + 1) % CHUNK;

	for (int k = 0; k < 2 * h->n_metrics; k++)
		metric(to, k)[a] = metric(from, k)[b];
	memcpy(point(h, i), point(h, i + 1), (size_t)h->d * sizeof(double));
	to->trials[a] = from->trials[b];
}

void history_remove(struct history *h, size_t i)
{
	for (; i + 1 < h->n; i++)
		shift(h, i);
	h->n--;
}

/* ---- views ------------------------------------------------------------------ */

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

uint64_t history_view_trial(const struct history_view *v, size_t i)
{
	return v->chunks[i / CHUNK]->trials[i % CHUNK];
}
