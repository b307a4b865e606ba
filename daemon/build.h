/* What a recorded suggestion's bits depend on beside its inputs. */
#ifndef KR_DAEMON_BUILD_H
#define KR_DAEMON_BUILD_H

#include <stddef.h>

/* "0.1.0 5f0c2a91b3d4e6f7 OpenBLAS/Haswell glibc-2.36": version, the linker's build
 * id of this program, the variant of BLAS, libm. Cut to size. */
void build_describe(char *out, size_t size, const char *blas_core);

#endif
