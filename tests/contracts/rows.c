#include "tests/contracts/rows.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"

static const char *const actors[] = {"", "gpu-3", "worker \xc3\xa9 1"};

static uint8_t byte_at(uint64_t study, uint64_t seq, size_t i)
{
	return (uint8_t)(study * 131 + seq * 31 + i * 7 + (i >> 8));
}

struct row rows_make(uint64_t study, uint64_t seq, size_t len)
{
	uint8_t *body = malloc(len + 1);
	struct row r = {.study = study,
		.seq = seq,
		.time_ms = (int64_t)(1700000000000 + seq),
		.kind = (uint32_t)(1 + seq % 5),
		.actor = actors[seq % 3],
		.has_request = seq % 4 != 0,
		.method = (uint32_t)(seq % 50),
		.body = body,
		.len = len};

	if (!body)
		abort();
	for (size_t i = 0; i < sizeof(r.request) && r.has_request; i++)
		r.request[i] = byte_at(seq, study, i);
	for (size_t i = 0; i < len; i++)
		body[i] = byte_at(study, seq, i);
	return r;
}

void rows_assert_made(const struct row *r)
{
	struct row want = rows_make(r->study, r->seq, r->len);

	assert_int_equal(r->time_ms, want.time_ms);
	assert_int_equal(r->kind, want.kind);
	assert_string_equal(r->actor, want.actor);
	assert_int_equal(r->has_request, want.has_request);
	if (r->has_request)
		assert_memory_equal(r->request, want.request, sizeof(r->request));
	assert_int_equal(r->method, want.method);
	if (r->len)
		assert_memory_equal(r->body, want.body, r->len);
	free((void *)want.body);
}

static enum kr_status see(void *ctx, const struct row *r, struct kr_error *err)
{
	struct rows_seen *seen = ctx;

	(void)err;
	rows_assert_made(r);
	if (seen->n == seen->cap) {
		seen->cap = seen->cap ? 2 * seen->cap : 64;
		seen->at = realloc(seen->at, seen->cap * sizeof(*seen->at));
		if (!seen->at)
			abort();
	}
	seen->at[seen->n].study = r->study;
	seen->at[seen->n].seq = r->seq;
	seen->at[seen->n].len = r->len;
	seen->n++;
	return KR_OK;
}

enum kr_status rows_load(
	struct store *s, uint64_t study, struct rows_seen *out, struct kr_error *err)
{
	memset(out, 0, sizeof(*out));
	return s->backend->load(s, study, 0, see, out, err);
}

enum kr_status rows_append(
	struct store *s, uint64_t study, uint64_t seq, size_t n, size_t len, struct kr_error *err)
{
	struct row *rows = calloc(n, sizeof(*rows));
	enum kr_status status;

	if (!rows)
		abort();
	for (size_t i = 0; i < n; i++)
		rows[i] = rows_make(study, seq + i, len);
	status = s->backend->append(s, rows, n, err);
	for (size_t i = 0; i < n; i++)
		free((void *)rows[i].body);
	free(rows);
	return status;
}

void rows_make_folder(char *out, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(out, size, "%s/kriged-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(out))
		abort();
}

void rows_remove_folder(const char *folder)
{
	char path[1024];
	struct dirent *e;
	DIR *d = opendir(folder);

	while (d && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(folder);
}

void rows_copy_file(const char *from, const char *to)
{
	static char buffer[1 << 16];
	FILE *in = fopen(from, "rb"), *out;
	size_t n;

	unlink(to);
	if (!in)
		return;
	out = fopen(to, "wb");
	if (!out)
		abort();
	while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0)
		if (fwrite(buffer, 1, n, out) != n)
			abort();
	fclose(in);
	fclose(out);
}

void rows_copy_database(const char *from, const char *to)
{
	char a[1024], b[1024];

	rows_copy_file(from, to);
	snprintf(a, sizeof(a), "%s-wal", from);
	snprintf(b, sizeof(b), "%s-wal", to);
	rows_copy_file(a, b);
}
