/* The store that keeps nothing beyond the process: `--db :memory:` and tests.
 * Rows of a study are an array by seq, studies an array by id, so what arrives
 * in order is appended in constant time. */
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/store/store.h"

extern const struct store_backend store_memory;

struct study_rows {
	uint64_t id;
	struct row *rows; /* actor and body are owned */
	size_t n, cap;
};

struct memory {
	struct store base;
	struct study_rows *studies;
	size_t n, cap;
};

static struct memory *self(struct store *s)
{
	return (struct memory *)s;
}

/* First study whose id is >= id. */
static size_t find_study(const struct memory *m, uint64_t id)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->studies[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* First row whose seq is >= seq; looks at the end first. */
static size_t find_row(const struct study_rows *s, uint64_t seq)
{
	size_t low = 0, high = s->n;

	if (s->n && s->rows[s->n - 1].seq < seq)
		return s->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->rows[mid].seq < seq)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void free_row(struct row *r)
{
	kr_free((void *)r->actor);
	kr_free((void *)r->body);
}

static bool copy_row(struct row *out, const struct row *r)
{
	*out = *r;
	out->actor = kr_strdup(r->actor);
	out->body = kr_memdup(r->body, r->len);
	if (out->actor && out->body)
		return true;
	free_row(out);
	return false;
}

/* The study of this id, made when there is none; NULL without memory. */
static struct study_rows *study_of(struct memory *m, uint64_t id)
{
	size_t at = find_study(m, id);

	if (at < m->n && m->studies[at].id == id)
		return &m->studies[at];
	if (KR_GROW(&m->studies, m->n, &m->cap) != 0)
		return NULL;
	memmove(&m->studies[at + 1], &m->studies[at], (m->n - at) * sizeof(m->studies[0]));
	m->studies[at] = (struct study_rows){.id = id};
	m->n++;
	return &m->studies[at];
}

static enum kr_status insert(struct memory *m, const struct row *r, struct kr_error *err)
{
	struct study_rows *s = study_of(m, r->study);
	struct row copy;
	size_t at;

	if (!s || KR_GROW(&s->rows, s->n, &s->cap) != 0 || !copy_row(&copy, r))
		return kr_fail(err, KR_ENOMEM, "no memory for a row of %zu bytes", r->len);
	at = find_row(s, r->seq);
	if (at < s->n && s->rows[at].seq == r->seq) {
		free_row(&copy);
		return kr_fail(err, KR_CONFLICT, "study %llu has a row %llu already",
			(unsigned long long)r->study, (unsigned long long)r->seq);
	}
	memmove(&s->rows[at + 1], &s->rows[at], (s->n - at) * sizeof(s->rows[0]));
	s->rows[at] = copy;
	s->n++;
	return KR_OK;
}

static void take_back(struct memory *m, const struct row *r)
{
	struct study_rows *s = &m->studies[find_study(m, r->study)];
	size_t at = find_row(s, r->seq);

	free_row(&s->rows[at]);
	memmove(&s->rows[at], &s->rows[at + 1], (s->n - at - 1) * sizeof(s->rows[0]));
	s->n--;
}

static enum kr_status memory_append(
	struct store *st, const struct row *rows, size_t n, struct kr_error *err)
{
	for (size_t i = 0; i < n; i++) {
		enum kr_status s = insert(self(st), &rows[i], err);

		if (s != KR_OK) {
			while (i > 0)
				take_back(self(st), &rows[--i]);
			return s;
		}
	}
	return KR_OK;
}

static enum kr_status memory_load(struct store *st, uint64_t study, uint64_t after,
	enum kr_status (*row)(void *ctx, const struct row *r, struct kr_error *err), void *ctx,
	struct kr_error *err)
{
	const struct memory *m = self(st);

	for (size_t i = 0; i < m->n; i++) {
		const struct study_rows *s = &m->studies[i];

		if (study != 0 && s->id != study)
			continue;
		for (size_t k = find_row(s, after + 1); k < s->n; k++) {
			enum kr_status status = row(ctx, &s->rows[k], err);

			if (status != KR_OK)
				return status;
		}
	}
	return KR_OK;
}

static enum kr_status memory_open(struct store **out, const char *path, struct kr_error *err)
{
	struct memory *m = KR_NEW(struct memory);

	(void)path;
	if (!m)
		return kr_fail(err, KR_ENOMEM, "no memory for a store");
	m->base.backend = &store_memory;
	*out = &m->base;
	return KR_OK;
}

static enum kr_status memory_close(struct store *st)
{
	struct memory *m = self(st);

	if (!m)
		return KR_OK;
	for (size_t i = 0; i < m->n; i++) {
		for (size_t k = 0; k < m->studies[i].n; k++)
			free_row(&m->studies[i].rows[k]);
		kr_free(m->studies[i].rows);
	}
	kr_free(m->studies);
	kr_free(m);
	return KR_OK;
}

static enum kr_status memory_nothing_to_do(struct store *st, struct kr_error *err)
{
	(void)st;
	(void)err;
	return KR_OK;
}

static void memory_info(struct store *st, struct store_info *out)
{
	(void)st;
	*out = (struct store_info){.engine_version = "memory"};
}

const struct store_backend store_memory = {
	.name = "memory",
	.durable = false,
	.open = memory_open,
	.close = memory_close,
	.append = memory_append,
	.load = memory_load,
	.maintain = memory_nothing_to_do,
	.info = memory_info,
	.check = memory_nothing_to_do,
};
