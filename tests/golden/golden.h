/* Golden cases: numbers that other libraries made, against ours.
 *
 * A kind is a function that reads a case's inputs, computes with the library and
 * answers every key with golden_values; a group is a file with a table of kinds and
 * one line in golden_list.def. A case passes when every expected key was answered
 * within its tolerance; a key without an answer fails the case. */
#ifndef KR_TESTS_GOLDEN_H
#define KR_TESTS_GOLDEN_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/arena.h"
#include "gp/linalg/mat.h"

struct golden_case; /* one case under way */

enum golden_verdict {
	GOLDEN_ANSWERED, /* every key that is known was answered */
	GOLDEN_UNKNOWN   /* the library has no such thing; golden_unknown said what */
};

struct golden_kind {
	const char *name;
	enum golden_verdict (*run)(struct golden_case *c, const cJSON *inputs);
};

/* A group: kinds up to one without a name. */
#define GROUP(name) extern const struct golden_kind golden_##name##_kinds[];
#include "tests/golden/golden_list.def"
#undef GROUP

/* Memory of the case; never NULL (the case fails when memory runs out). */
struct arena *golden_arena(struct golden_case *c);
double *golden_array(struct golden_case *c, int count);

/* The answer to a key ("mean") or a key in a key ("dlml_dlog.noise"), flattened row
 * by row. Keys that the case does not expect are ignored. */
void golden_values(struct golden_case *c, const char *key, const double *got, int count);
void golden_value(struct golden_case *c, const char *key, double got);
void golden_matrix(struct golden_case *c, const char *key, struct mat got);

/* As golden_value, but larger than expected is right too. */
void golden_at_least(struct golden_case *c, const char *key, double got);

/* The library answered an error: the case fails. */
enum golden_verdict golden_error(struct golden_case *c, const char *text);

/* Why a case is unknown, for example "kernel rq". */
enum golden_verdict golden_unknown(struct golden_case *c, const char *what, const char *name);

/* Inputs: a number ("inf", "-inf" and "nan" too), a list of numbers (*count), a
 * matrix from a list of rows. A missing or misshapen input fails the case. */
double golden_number(const cJSON *item);
const double *golden_list(struct golden_case *c, const cJSON *item, int *count);
struct mat golden_rows(struct golden_case *c, const cJSON *item);

#endif
