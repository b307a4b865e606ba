#include "tests/golden/kernel_spec.h"

#include <math.h>
#include <string.h>

/* exp(-mean_i [x_i != x'_i] / l_i) over d columns is the squared exponential of
 * categorical columns with lengthscales sqrt(l_i d / 2). */
static void read_categorical(struct kernel_spec *s, struct golden_case *c)
{
	int d = s->kernel.d;
	double *l = golden_array(c, d);
	unsigned char *flags = (unsigned char *)golden_array(c, d);

	for (int i = 0; i < d; i++) {
		l[i] = sqrt(s->kernel.lengthscale[i] * d / 2);
		flags[i] = 1;
	}
	s->kernel.family = kernel_find("rbf");
	s->kernel.lengthscale = l;
	s->kernel.categorical = flags;
}

bool kernel_spec_read(struct kernel_spec *s, struct golden_case *c, const cJSON *json, int d)
{
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "type");
	const cJSON *scale = cJSON_GetObjectItemCaseSensitive(json, "outputscale");
	const cJSON *dims = cJSON_GetObjectItemCaseSensitive(json, "dims");
	const char *name = cJSON_IsString(type) ? type->valuestring : "(none)";
	bool categorical = strcmp(name, "categorical") == 0;

	*s = (struct kernel_spec){.kernel.family = kernel_find(name)};
	if (!s->kernel.family && !categorical) {
		golden_unknown(c, "kernel", name);
		return false;
	}
	s->kernel.outputscale = scale ? golden_number(scale) : 1;
	if (dims)
		s->dims = golden_list(c, dims, &s->n_dims);
	s->kernel.lengthscale = golden_list(
		c, cJSON_GetObjectItemCaseSensitive(json, "lengthscale"), &s->kernel.d);
	if (s->kernel.d != (dims ? s->n_dims : d)) {
		golden_unknown(c, "kernel with shared lengthscales:", name);
		return false;
	}
	if (categorical)
		read_categorical(s, c);
	return true;
}

struct mat kernel_spec_columns(const struct kernel_spec *s, struct golden_case *c, struct mat X)
{
	struct mat Y = mat_view(NULL, X.rows, s->n_dims, X.rows);

	if (!s->dims)
		return X;
	Y.p = golden_array(c, X.rows * s->n_dims);
	for (int k = 0; k < s->n_dims; k++)
		memcpy(mat_col(Y, k), mat_col(X, (int)s->dims[k]), sizeof(double) * (size_t)X.rows);
	return Y;
}
