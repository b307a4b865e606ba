#include "tests/golden/kernel_spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Most parameters of a tree. */
enum { MAX_PARAMETERS = 4096 };

static const cJSON *get(const cJSON *json, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(json, name);
}

/* Input columns that a term may see; `dims` of a spec count among those of its parent. */
struct columns {
	int n;
	const int *at;
};

/* What reading a term goes by: where it stands and how the case calls it. */
struct context {
	struct kernel_spec *s;
	struct golden_case *c;
	struct columns columns;
	const char *path; /* "parts.0." */
};

static bool read_term(const struct context *x, const cJSON *json, struct kernel_term *t);

static struct context inside(const struct context *x, const char *name)
{
	struct context in = *x;

	in.path = arena_printf(golden_arena(x->c), "%s%s.", x->path, name);
	return in;
}

static struct kernel_term *terms(struct golden_case *c, int n)
{
	return ARENA_ARRAY(golden_arena(c), struct kernel_term, n + 1);
}

/* ---- columns ------------------------------------------------------------------- */

static int *integers(struct golden_case *c, int n)
{
	return (int *)golden_array(c, n);
}

static struct columns first_columns(struct golden_case *c, int n)
{
	int *at = integers(c, n);

	for (int i = 0; i < n; i++)
		at[i] = i;
	return (struct columns){n, at};
}

static bool listed(const double *list, int n, int i)
{
	for (int k = 0; k < n; k++)
		if ((int)list[k] == i)
			return true;
	return false;
}

/* Those of `columns` that json lists, or with `others` those that it does not. */
static bool choose(struct golden_case *c, struct columns columns, const cJSON *json, bool others,
	struct columns *out)
{
	int n, *at = integers(c, columns.n);
	const double *list = golden_list(c, json, &n);

	*out = (struct columns){0, at};
	for (int i = 0; !others && i < n; i++) {
		if (!(list[i] >= 0 && list[i] < columns.n) || out->n == columns.n)
			return false;
		at[out->n++] = columns.at[(int)list[i]];
	}
	for (int i = 0; others && i < columns.n; i++)
		if (!listed(list, n, i))
			at[out->n++] = columns.at[i];
	return out->n > 0;
}

static void see(struct kernel_term *t, const struct context *x)
{
	t->n_dims = x->columns.n;
	t->dims = x->columns.at;
	for (int i = 0; i < t->n_dims; i++)
		if (t->dims[i] != i)
			return;
	if (t->n_dims == x->s->d)
		t->n_dims = 0; /* all */
}

/* ---- parameters ------------------------------------------------------------------ */

/* The next parameters: a list, or one number for all of them. */
static bool read_values(const struct context *x, const cJSON *json, const char *name, int count)
{
	struct kernel_spec *s = x->s;
	const cJSON *item = get(json, name);
	const char *key = arena_printf(golden_arena(x->c), "%s%s", x->path, name);
	const double *list = NULL;
	int n = 1;

	if (count == 0)
		return true;
	if (cJSON_IsArray(item))
		list = golden_list(x->c, item, &n);
	if ((n != count && n != 1) || s->n + count > MAX_PARAMETERS) {
		golden_unknown(x->c, "kernel with so many values of", name);
		return false;
	}
	for (int i = 0; i < count; i++) {
		s->key[s->n] = key;
		s->shared[s->n] = n == 1;
		s->value[s->n++] = list ? list[n == 1 ? 0 : i] : golden_number(item);
	}
	return true;
}

static int count_of(const struct kernel_term *t, const struct kernel_parameter *p, int d)
{
	switch (p->count) {
	case KERNEL_ONE: break;
	case KERNEL_PER_COLUMN: return t->n_dims > 0 ? t->n_dims : d;
	case KERNEL_PER_SIZE: return t->size[0];
	case KERNEL_PER_SIZES: return t->size[0] * t->size[1];
	}
	return 1;
}

static bool read_outputscale(const struct context *x, const cJSON *json, struct kernel_term *t)
{
	t->scaled = get(json, "outputscale") != NULL;
	return !t->scaled || read_values(x, json, "outputscale", 1);
}

/* ---- terms ----------------------------------------------------------------------- */

static bool read_leaf(const struct context *x, const cJSON *json, struct kernel_term *t)
{
	see(t, x);
	if (get(json, "depth"))
		t->size[0] = (int)golden_number(get(json, "depth"));
	for (const struct kernel_parameter *p = t->family->parameters; p->name; p++)
		if (!read_values(x, json, p->name, count_of(t, p, x->s->d)))
			return false;
	return read_outputscale(x, json, t);
}

static bool read_parts(const struct context *x, const cJSON *json, struct kernel_term *t)
{
	const cJSON *parts = get(json, "parts");
	int n = cJSON_GetArraySize(parts);
	struct kernel_term *copy = terms(x->c, n);

	for (int i = 0; i < n; i++) {
		const char *name = arena_printf(golden_arena(x->c), "parts.%d", i);
		struct context in = inside(x, name);

		if (!read_term(&in, cJSON_GetArrayItem(parts, i), &copy[i]))
			return false;
	}
	t->n_parts = n;
	t->parts = copy;
	if (n == 0)
		golden_unknown(x->c, "kernel without parts:", t->family->name);
	return n > 0 && read_outputscale(x, json, t);
}

/* sum(unbiased, product(truncation, biased)), unbiased and biased on the other columns. */
static bool read_linear_truncated(const struct context *x, const cJSON *json, struct kernel_term *t)
{
	struct kernel_term *sum = terms(x->c, 2), *product = terms(x->c, 2);
	struct context unbiased = inside(x, "unbiased"), biased = inside(x, "biased"), coefficient = *x;
	const cJSON *fidelities = get(json, "fidelity_dims");

	if (!choose(x->c, x->columns, fidelities, false, &coefficient.columns) ||
		!choose(x->c, x->columns, fidelities, true, &unbiased.columns)) {
		golden_unknown(x->c, "kernel with such fidelity_dims", "linear_truncated");
		return false;
	}
	biased.columns = unbiased.columns;
	*t = (struct kernel_term){.family = kernel_find("sum"), .n_parts = 2, .parts = sum};
	sum[1] = (struct kernel_term){.family = kernel_find("product"), .n_parts = 2, .parts = product};
	product[0] = (struct kernel_term){.family = kernel_find("truncation")};
	see(&product[0], &coefficient);
	return read_term(&unbiased, get(json, "unbiased"), &sum[0]) &&
		read_values(x, json, "power", 1) && read_term(&biased, get(json, "biased"), &product[1]) &&
		read_outputscale(x, json, t);
}

static bool read_term(const struct context *x, const cJSON *json, struct kernel_term *t)
{
	const cJSON *type = get(json, "type"), *dims = get(json, "dims");
	const char *name = cJSON_IsString(type) ? type->valuestring : "(none)";
	struct context in = *x;

	if (dims && !choose(x->c, x->columns, dims, false, &in.columns)) {
		golden_unknown(x->c, "kernel with such dims:", name);
		return false;
	}
	if (strcmp(name, "linear_truncated") == 0)
		return read_linear_truncated(&in, json, t);
	*t = (struct kernel_term){.family = kernel_find(name)};
	if (!t->family) {
		golden_unknown(x->c, "kernel", name);
		return false;
	}
	return t->family->eval ? read_leaf(&in, json, t) : read_parts(&in, json, t);
}

/* ---- specs ----------------------------------------------------------------------- */

static void begin(struct kernel_spec *s, struct golden_case *c, int d)
{
	*s = (struct kernel_spec){.d = d};
	s->value = golden_array(c, MAX_PARAMETERS);
	s->theta = golden_array(c, MAX_PARAMETERS + 1);
	s->key = ARENA_ARRAY(golden_arena(c), const char *, MAX_PARAMETERS);
	s->shared = ARENA_ARRAY(golden_arena(c), bool, MAX_PARAMETERS);
	s->categorical = ARENA_ARRAY(golden_arena(c), unsigned char, d);
}

static void end(struct kernel_spec *s)
{
	for (int i = 0; i < s->n; i++)
		s->theta[i] = kernel_place(&s->root, s->d, i).positive ? log(s->value[i]) : s->value[i];
}

bool kernel_spec_read(struct kernel_spec *s, struct golden_case *c, const cJSON *json, int d)
{
	struct context x = {s, c, first_columns(c, d), ""};

	begin(s, c, d);
	if (!read_term(&x, json, &s->root))
		return false;
	end(s);
	return true;
}

bool kernel_spec_read_icm(struct kernel_spec *s, struct golden_case *c, const cJSON *json,
	const cJSON *W, const cJSON *v, int d)
{
	struct context x = {s, c, first_columns(c, d), ""};
	struct mat factor = golden_rows(c, W);
	struct kernel_term *parts = terms(c, 2);
	int n, *task = integers(c, 1);
	const double *variance = golden_list(c, v, &n);

	begin(s, c, d + 1);
	*task = d;
	s->root = (struct kernel_term){.family = kernel_find("product"), .n_parts = 2, .parts = parts};
	parts[1] = (struct kernel_term){.family = kernel_find("coregion"),
		.n_dims = 1,
		.dims = task,
		.size = {factor.rows, factor.cols}};
	if (!read_term(&x, json, &parts[0]) || n != factor.rows ||
		s->n + n * (factor.cols + 1) > MAX_PARAMETERS)
		return false;
	for (int i = 0; i < factor.rows * (factor.cols + 1); i++) {
		bool of_factor = i < factor.rows * factor.cols;

		s->key[s->n] = of_factor ? "W" : "v";
		s->value[s->n++] = of_factor ? *mat_at(factor, i / factor.cols, i % factor.cols)
									 : variance[i - factor.rows * factor.cols];
	}
	end(s);
	return true;
}

struct kernel kernel_spec_kernel(const struct kernel_spec *s)
{
	return (struct kernel){&s->root, s->d, s->categorical, s->value};
}

void kernel_spec_answer(
	const struct kernel_spec *s, struct golden_case *c, const char *prefix, const double *values)
{
	for (int i = 0, n; i < s->n; i += n) {
		const char *key = arena_printf(golden_arena(c), "%s.%s", prefix, s->key[i]);
		double sum = values[i];

		for (n = 1; i + n < s->n && s->key[i + n] == s->key[i]; n++)
			sum += values[i + n];
		if (s->shared[i])
			golden_value(c, key, sum);
		else
			golden_values(c, key, values + i, n);
	}
}
