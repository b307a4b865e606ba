/* Rows to store, and what came back: helpers of the store tests. */
#ifndef KR_TESTS_CONTRACTS_ROWS_H
#define KR_TESTS_CONTRACTS_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/store/store.h"

/* A row whose every field follows from (study, seq, len); body is made with malloc. */
struct row rows_make(uint64_t study, uint64_t seq, size_t len);

/* Aborts the test when r is not what rows_make gives. */
void rows_assert_made(const struct row *r);

/* The (study, seq, len) of all rows in the order of load. */
struct rows_seen {
	struct {
		uint64_t study, seq;
		size_t len;
	} * at;
	size_t n, cap;
};

/* Load everything (study 0) or one study; each row is checked. The caller frees at. */
enum kr_status rows_load(
	struct store *s, uint64_t study, struct rows_seen *out, struct kr_error *err);

/* append of rows_make(study, seq .. seq + n - 1, len). */
enum kr_status rows_append(
	struct store *s, uint64_t study, uint64_t seq, size_t n, size_t len, struct kr_error *err);

/* A new folder below TMPDIR; rows_remove_folder removes the files in it, and it. */
void rows_make_folder(char *out, size_t size);
void rows_remove_folder(const char *folder);

/* Bytes of a file to another; a missing source removes the target. */
void rows_copy_file(const char *from, const char *to);

/* db and WAL as they are now, as a kill would leave them. */
void rows_copy_database(const char *from, const char *to);

#endif
