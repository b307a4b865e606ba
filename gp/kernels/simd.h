/* How the element-wise loops of the kernels are compiled: for AVX2 where the
 * processor has it, and with the vector exp of glibc's libmvec (at most 4 ulp).
 *
 * No further instruction set is used, so that one OpenBLAS core type from Haswell
 * on means one sequence of bits. ThreadSanitizer cannot run the resolver of
 * target_clones; clang and builds without optimization use the plain loops. */
#ifndef KR_GP_KERNELS_SIMD_H
#define KR_GP_KERNELS_SIMD_H

#include <math.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__OPTIMIZE__) && \
	!defined(__SANITIZE_THREAD__)
__attribute__((simd("notinbranch"))) double exp(double x);
#define SIMD_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SIMD_CLONES
#endif

/* Elements are worked in blocks of this size, the last one padded: which
 * instructions an element goes through does not depend on its place, and so
 * neither does its last bit. */
enum { SIMD_BLOCK = 32 };

/* exp(-x) is a normal number up to here; below it exp would be ten times slower. */
static const double simd_exp_max = 708;

#endif
