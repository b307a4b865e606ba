#include "tests/client/fixture.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SEED = 4711 };

struct arena *arena;
struct rng rng;

int fixture_new(void **state)
{
	(void)state;
	print_message("seed %d\n", SEED);
	rng = rng_make(SEED, 0, RNG_TEST, 0);
	setlocale(LC_CTYPE, "C.UTF-8");
	arena = arena_new(64 << 20);
	return arena ? 0 : -1;
}

int fixture_free(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}
