/* What every family of kernel_list.def must be: symmetric, positive definite, a
 * correlation that falls with distance, with slopes that are those of differences,
 * and indifferent to the order of points and to the units of a column. */
#include "gp/kernels/radial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "gp/linalg/blas.h"

enum { N = 24, M = 9, D = 5, TRIALS = 20 };

static const unsigned char third_is_categorical[D] = {0, 0, 1, 0, 0};
static struct arena *arena;
static struct rng rng;

/* One random kernel and two sets of points. */
struct fixture {
	struct kernel kernel;
	struct kernel_term root;
	struct kernel_tape *tape; /* of K */
	double value[D + 2], x[N * D], z[M * D], k[N * M], self[N * N];
	struct mat X, Z, K, S;
};

static void make(struct fixture *f, const struct kernel_family *family, int trial)
{
	f->root = kernel_scaled(family);
	f->kernel = (struct kernel){&f->root, D, trial % 2 ? third_is_categorical : NULL, f->value};
	f->value[kernel_parameters(&f->root, D) - 1] = exp(rng_normal(&rng));
	f->X = mat_view(f->x, N, D, N);
	f->Z = mat_view(f->z, M, D, M);
	f->K = mat_view(f->k, N, M, N);
	f->S = mat_view(f->self, N, N, N);
	for (int c = 0; c < D; c++) {
		f->value[c] = exp(0.5 * rng_normal(&rng));
		for (int i = 0; i < N; i++)
			*mat_at(f->X, i, c) = c == 2 ? rng_below(&rng, 3) : rng_uniform(&rng);
		for (int i = 0; i < M; i++)
			*mat_at(f->Z, i, c) = c == 2 ? rng_below(&rng, 3) : rng_uniform(&rng);
	}
}

static void cross(struct fixture *f)
{
	assert_int_equal(kernel_cross(&f->kernel, f->X, f->Z, f->K, NULL, arena, NULL), KR_OK);
}

static void self(struct fixture *f)
{
	assert_int_equal(kernel_self(&f->kernel, f->X, f->S, NULL, arena, NULL), KR_OK);
}

static void near(double got, double want, double tol)
{
	if (fabs(got - want) <= tol * (1 + fabs(want)))
		return;
	print_error("got %.17g, expected %.17g\n", got, want);
	fail();
}

static void symmetric_with_the_outputscale_on_the_diagonal(const struct kernel_family *family)
{
	for (int trial = 0; trial < TRIALS; trial++) {
		double k[N * N];
		struct mat K = mat_view(k, N, N, N);
		struct fixture f;

		make(&f, family, trial);
		self(&f);
		kernel_cross(&f.kernel, f.X, f.X, K, NULL, arena, NULL);
		for (int i = 0; i < N; i++) {
			assert_true(*mat_at(f.S, i, i) == f.value[D]);
			for (int j = 0; j <= i; j++) {
				assert_true(*mat_at(K, i, j) == *mat_at(K, j, i));
				assert_true(*mat_at(K, i, j) == *mat_at(f.S, i, j));
				assert_true(*mat_at(K, i, j) <= f.value[D] && *mat_at(K, i, j) >= 0);
			}
		}
	}
}

/* x' (K + eps) x > 0 for all x: the Cholesky factor exists. */
static void positive_definite(const struct kernel_family *family)
{
	for (int trial = 0; trial < TRIALS; trial++) {
		struct fixture f;

		make(&f, family, trial);
		if (trial % 3 == 0) /* long lengthscales: nearly singular */
			for (int c = 0; c < D; c++)
				f.value[c] *= 30;
		self(&f);
		for (int i = 0; i < N; i++)
			*mat_at(f.S, i, i) += 1e-12 * f.value[D];
		assert_int_equal(blas_potrf(f.S), 0);
	}
}

/* 1/2 <W, K> under theta. */
static double inner(struct fixture *f, const double *W, const double *theta)
{
	double sum = 0;

	kernel_values(&f->root, D, theta, f->value);
	self(f);
	for (int j = 0; j < N; j++)
		for (int i = j; i < N; i++)
			sum += (i == j ? 0.5 : 1) * W[j * N + i] * *mat_at(f->S, i, j);
	return sum;
}

static void slopes_in_the_hyperparameters(const struct kernel_family *family)
{
	const double h = 1e-5;

	for (int trial = 0; trial < TRIALS; trial++) {
		double W[N * N], V[N * N], theta[D + 2], grad[D + 2];
		struct arena_mark mark = arena_mark(arena);
		struct kernel_tape *tape;
		struct fixture f;
		int n;

		make(&f, family, trial);
		n = kernel_parameters(&f.root, D);
		for (int i = 0; i < n; i++)
			theta[i] = log(f.value[i]);
		for (int i = 0; i < N * N; i++)
			V[i] = W[i] = rng_normal(&rng);
		tape = kernel_tape_new(&f.root, N, N, arena);
		assert_int_equal(kernel_self(&f.kernel, f.X, f.S, tape, arena, NULL), KR_OK);
		assert_int_equal(kernel_slope(&f.kernel, f.X, tape, mat_view(V, N, N, N),
							 inner(&f, W, theta), grad, arena, NULL),
			KR_OK);
		for (int i = 0; i < n; i++) {
			double keep = theta[i], up, down;

			theta[i] = keep + h;
			up = inner(&f, W, theta);
			theta[i] = keep - h;
			down = inner(&f, W, theta);
			theta[i] = keep;
			near(grad[i], (up - down) / (2 * h), 1e-7);
		}
		arena_release(arena, mark);
	}
}

/* sum_ij C_ij k(x_i, z_j) as a function of Z. */
static double weighed(struct fixture *f, const double *C)
{
	double sum = 0;

	cross(f);
	for (int i = 0; i < N * M; i++)
		sum += C[i] * f->k[i];
	return sum;
}

static void slopes_in_the_points(const struct kernel_family *family)
{
	const double h = 1e-5;

	for (int trial = 0; trial < TRIALS; trial++) {
		double C[N * M], W[N * M], d[M * D];
		struct fixture f;

		make(&f, family, trial);
		for (int i = 0; i < N * M; i++)
			W[i] = C[i] = rng_normal(&rng);
		f.tape = kernel_tape_new(&f.root, N, M, arena);
		assert_int_equal(kernel_cross(&f.kernel, f.X, f.Z, f.K, f.tape, arena, NULL), KR_OK);
		kernel_input_adjoint(
			&f.kernel, f.X, f.Z, f.tape, mat_view(W, N, M, N), mat_view(d, M, D, M), arena, NULL);
		for (int c = 0; c < D; c++)
			for (int j = 0; j < M; j++) {
				double *z = mat_at(f.Z, j, c), keep = *z, up, down;

				if (f.kernel.categorical && c == 2) {
					assert_true(d[c * M + j] == 0);
					continue;
				}
				*z = keep + h;
				up = weighed(&f, C);
				*z = keep - h;
				down = weighed(&f, C);
				*z = keep;
				near(d[c * M + j], (up - down) / (2 * h), 1e-7);
			}
	}
}

static void order_of_points_does_not_matter(const struct kernel_family *family)
{
	for (int trial = 0; trial < TRIALS; trial++) {
		struct fixture f, turned;

		make(&f, family, trial);
		turned = f;
		turned.X = mat_view(turned.x, N, D, N);
		turned.K = mat_view(turned.k, N, M, N);
		turned.kernel.value = turned.value;
		for (int c = 0; c < D; c++)
			for (int i = 0; i < N; i++)
				*mat_at(turned.X, i, c) = *mat_at(f.X, N - 1 - i, c);
		cross(&f);
		cross(&turned);
		for (int i = 0; i < N; i++)
			for (int j = 0; j < M; j++) /* to the last bit */
				assert_true(*mat_at(turned.K, i, j) == *mat_at(f.K, N - 1 - i, j));
	}
}

static void units_and_names_of_choices_do_not_matter(const struct kernel_family *family)
{
	for (int trial = 0; trial < TRIALS; trial++) {
		struct fixture f, other;

		make(&f, family, trial);
		other = f;
		other.X = mat_view(other.x, N, D, N);
		other.Z = mat_view(other.z, M, D, M);
		other.K = mat_view(other.k, N, M, N);
		other.kernel.value = other.value;
		for (int c = 0; c < D; c++) {
			bool choice = f.kernel.categorical && c == 2;

			other.value[c] *= choice ? 1 : 1e6;
			for (int i = 0; i < N + M; i++) {
				double *x = i < N ? mat_at(other.X, i, c) : mat_at(other.Z, i - N, c);

				*x = choice ? 10 - *x : *x * 1e6;
			}
		}
		cross(&f);
		cross(&other);
		for (int i = 0; i < N * M; i++)
			near(other.k[i], f.k[i], 1e-13);
	}
}

static void farther_is_less(const struct kernel_family *family)
{
	double before = 2;

	for (double r2 = 0; r2 < 1e5; r2 = r2 * 1.3 + 1e-3) {
		double f, g;

		family->radial->eval(1, (double[]){1.5}, &r2, &f, &g);
		assert_true(f <= before && f >= 0 && g >= 0);
		before = f;
	}
}

static void for_each(void (*contract)(const struct kernel_family *))
{
	int n = 0;

	for (; kernel_at(n); n++) {
		print_message("%s\n", kernel_at(n)->name);
		contract(kernel_at(n));
	}
	assert_true(n > 0);
}

#define CONTRACT(name)                    \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                      \
		for_each(name);                   \
	}
CONTRACT(symmetric_with_the_outputscale_on_the_diagonal)
CONTRACT(positive_definite)
CONTRACT(slopes_in_the_hyperparameters)
CONTRACT(slopes_in_the_points)
CONTRACT(order_of_points_does_not_matter)
CONTRACT(units_and_names_of_choices_do_not_matter)
CONTRACT(farther_is_less)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symmetric_with_the_outputscale_on_the_diagonal),
		cmocka_unit_test(test_positive_definite),
		cmocka_unit_test(test_slopes_in_the_hyperparameters),
		cmocka_unit_test(test_slopes_in_the_points),
		cmocka_unit_test(test_order_of_points_does_not_matter),
		cmocka_unit_test(test_units_and_names_of_choices_do_not_matter),
		cmocka_unit_test(test_farther_is_less),
	};
	const char *text = getenv("KRIGED_TEST_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : 1;
	int failed;

	printf("KRIGED_TEST_SEED=%llu\n", (unsigned long long)seed);
	rng = rng_make(seed, 0, RNG_TEST, 0);
	blas_init();
	arena = arena_new(1 << 24);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
