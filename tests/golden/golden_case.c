#include "tests/golden/golden_case.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const size_t arena_cap = (size_t)256 << 20;
enum { MAX_COMPLAINTS = 3 };

/* Where a case that cannot be read ends, and why. */
static jmp_buf unreadable;
static const char *reason;

static _Noreturn void stop(const char *why)
{
	reason = why;
	longjmp(unreadable, 1);
}

/* ---- inputs ------------------------------------------------------------------ */

struct arena *golden_arena(struct golden_case *c)
{
	return c->arena;
}

double *golden_array(struct golden_case *c, int count)
{
	double *p = ARENA_ARRAY(c->arena, double, count > 0 ? count : 1);

	if (!p)
		stop("out of memory");
	return p;
}

double golden_number(const cJSON *item)
{
	if (cJSON_IsNumber(item))
		return item->valuedouble;
	if (cJSON_IsString(item) && strcmp(item->valuestring, "inf") == 0)
		return INFINITY;
	if (cJSON_IsString(item) && strcmp(item->valuestring, "-inf") == 0)
		return -INFINITY;
	if (cJSON_IsString(item) && strcmp(item->valuestring, "nan") == 0)
		return NAN;
	stop("a number is missing");
}

const double *golden_list(struct golden_case *c, const cJSON *item, int *count)
{
	double *p = golden_array(c, cJSON_GetArraySize(item));
	const cJSON *x;

	if (!cJSON_IsArray(item))
		stop("a list is missing");
	*count = 0;
	cJSON_ArrayForEach(x, item) p[(*count)++] = golden_number(x);
	return p;
}

struct mat golden_rows(struct golden_case *c, const cJSON *item)
{
	int rows = cJSON_GetArraySize(item), cols = cJSON_GetArraySize(cJSON_GetArrayItem(item, 0));
	struct mat m = mat_view(golden_array(c, rows * cols), rows, cols, rows > 0 ? rows : 1);
	const cJSON *row;
	int i = 0, count;

	if (!cJSON_IsArray(item))
		stop("a matrix is missing");
	cJSON_ArrayForEach(row, item)
	{
		const double *x = golden_list(c, row, &count);

		if (count != cols)
			stop("a matrix has rows of different lengths");
		for (int j = 0; j < cols; j++)
			*mat_at(m, i, j) = x[j];
		i++;
	}
	return m;
}

/* ---- answers ----------------------------------------------------------------- */

static void complain(struct golden_case *c, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct golden_case *c, const char *key, const char *format, ...)
{
	va_list ap;

	if (c->n_complaints++ >= MAX_COMPLAINTS)
		return;
	fprintf(stderr, "FAIL %s: %s: ", c->name, key);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* The item at "a" or "a.b"; NULL when there is none. */
static const cJSON *find(const cJSON *object, const char *key)
{
	const char *dot = strchr(key, '.');
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	char head[64];

	if (item || !dot || dot - key >= (ptrdiff_t)sizeof(head))
		return item;
	memcpy(head, key, (size_t)(dot - key));
	head[dot - key] = '\0';
	return cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(object, head), dot + 1);
}

static double tolerance(const struct golden_case *c, const char *key, const char *part)
{
	const cJSON *by_key = cJSON_GetObjectItemCaseSensitive(c->tol, "by_key"), *own = NULL;
	size_t head = strcspn(key, ".");
	const cJSON *item;

	cJSON_ArrayForEach(item, by_key) if (strcmp(item->string, key) == 0 ||
		(!own && strlen(item->string) == head && strncmp(item->string, key, head) == 0)) own = item;
	item = cJSON_GetObjectItemCaseSensitive(own ? own : c->tol, part);
	return item ? golden_number(item) : 0;
}

static bool near(double got, double want, double rtol, double atol)
{
	if (isnan(want))
		return isnan(got);
	if (isinf(want))
		return got == want;
	return fabs(got - want) <= atol + rtol * fabs(want);
}

/* Numbers of nested lists, in order. */
static int flatten(const cJSON *item, double *out, int at)
{
	const cJSON *x;

	if (!cJSON_IsArray(item)) {
		if (out)
			out[at] = cJSON_IsBool(item) ? cJSON_IsTrue(item) : golden_number(item);
		return at + 1;
	}
	cJSON_ArrayForEach(x, item) at = flatten(x, out, at);
	return at;
}

/* Note the key as answered and compare. */
static void answer(
	struct golden_case *c, const char *key, const double *got, int count, bool at_least)
{
	const cJSON *item = find(c->expected, key);
	double rtol, atol, *want;
	int n;

	if (!item)
		return;
	for (int i = 0; i < c->n_keys; i++)
		c->answered[i] |= strcmp(c->keys[i], key) == 0;
	n = flatten(item, NULL, 0);
	if (n != count) {
		complain(c, key, "%d values, expected %d", count, n);
		return;
	}
	want = golden_array(c, n);
	flatten(item, want, 0);
	rtol = tolerance(c, key, "rtol");
	atol = tolerance(c, key, "atol");
	for (int i = 0; i < n; i++)
		if (!near(got[i], want[i], rtol, atol) && !(at_least && got[i] > want[i]))
			complain(c, key, "[%d] got %.17g, expected %.17g (off by %.2e, rtol %g, atol %g)", i,
				got[i], want[i], fabs(got[i] - want[i]), rtol, atol);
}

void golden_values(struct golden_case *c, const char *key, const double *got, int count)
{
	answer(c, key, got, count, false);
}

void golden_value(struct golden_case *c, const char *key, double got)
{
	answer(c, key, &got, 1, false);
}

void golden_at_least(struct golden_case *c, const char *key, double got)
{
	answer(c, key, &got, 1, true);
}

void golden_matrix(struct golden_case *c, const char *key, struct mat got)
{
	double *rows = golden_array(c, got.rows * got.cols);

	for (int i = 0; i < got.rows; i++)
		for (int j = 0; j < got.cols; j++)
			rows[(size_t)i * (size_t)got.cols + (size_t)j] = *mat_at(got, i, j);
	golden_values(c, key, rows, got.rows * got.cols);
}

enum golden_verdict golden_error(struct golden_case *c, const char *text)
{
	complain(c, "error", "%s", text);
	return GOLDEN_ANSWERED;
}

enum golden_verdict golden_unknown(struct golden_case *c, const char *what, const char *name)
{
	snprintf(c->unknown, sizeof(c->unknown), "%s %s", what, name);
	return GOLDEN_UNKNOWN;
}

/* ---- one case ---------------------------------------------------------------- */

static void add_key(struct golden_case *c, const char *head, const char *tail)
{
	if (c->n_keys == GOLDEN_MAX_KEYS)
		stop("a case has too many keys");
	snprintf(c->keys[c->n_keys++], sizeof(c->keys[0]), "%s%s%s", head, tail ? "." : "",
		tail ? tail : "");
}

/* Every key, and every key in a key. */
static void list_keys(struct golden_case *c)
{
	for (const cJSON *item = c->expected->child; item; item = item->next) {
		if (!cJSON_IsObject(item))
			add_key(c, item->string, NULL);
		for (const cJSON *in = item->child; cJSON_IsObject(item) && in; in = in->next)
			add_key(c, item->string, in->string);
	}
}

/* Everything that may end in stop(). */
static bool run(struct golden_case *c, const cJSON *json, const struct golden_kind *kind)
{
	enum golden_verdict verdict;

	if (!c->arena)
		stop("out of memory");
	if (!cJSON_IsObject(c->expected) || !c->expected->child)
		stop("the case expects nothing");
	list_keys(c);
	verdict = kind ? kind->run(c, cJSON_GetObjectItemCaseSensitive(json, "inputs"))
				   : golden_unknown(c, "kind", golden_case_kind(json));
	for (int i = 0; verdict == GOLDEN_ANSWERED && i < c->n_keys; i++)
		if (!c->answered[i])
			complain(c, c->keys[i], "no answer");
	return verdict == GOLDEN_ANSWERED;
}

static enum golden_outcome judge(
	struct golden_case *c, const cJSON *json, const struct golden_kind *kind)
{
	if (setjmp(unreadable)) {
		complain(c, "inputs", "%s", reason);
		return GOLDEN_FAILED;
	}
	if (!run(c, json, kind)) {
		printf("unknown %s: %s\n", c->name, c->unknown);
		return GOLDEN_NOT_KNOWN;
	}
	return c->n_complaints ? GOLDEN_FAILED : GOLDEN_PASSED;
}

enum golden_outcome golden_case_run(
	const cJSON *json, const struct golden_kind *kind, const char *name)
{
	static struct golden_case c; /* static: its members outlive the jump */
	enum golden_outcome outcome;

	c = (struct golden_case){
		.name = name,
		.arena = arena_new(arena_cap),
		.expected = cJSON_GetObjectItemCaseSensitive(json, "expected"),
		.tol = cJSON_GetObjectItemCaseSensitive(json, "tol"),
	};
	outcome = judge(&c, json, kind);
	arena_free(c.arena);
	return outcome;
}

const char *golden_case_kind(const cJSON *json)
{
	const cJSON *kind = cJSON_GetObjectItemCaseSensitive(json, "kind");

	return cJSON_IsString(kind) ? kind->valuestring : "(none)";
}
