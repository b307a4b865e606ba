/* A VFS of SQLite that fails or records what goes to the disk.
 *
 * Fail: the k-th write, sync or truncate from now on gives an error (once, or
 * for ever). Record: every operation is kept, and syncs are not done, so that a
 * disk can be made as a power cut would leave it (after limits/powerloss.c).
 * The shim is SQLite's default VFS from shim_install on. */
#ifndef KR_TESTS_CONTRACTS_SHIM_H
#define KR_TESTS_CONTRACTS_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shim_kind { SHIM_WRITE, SHIM_SYNC, SHIM_TRUNCATE, SHIM_ACK };

void shim_install(void);

/* rc: an extended result code, as SQLITE_IOERR_WRITE. k = 0: nothing fails. */
void shim_fail(enum shim_kind kind, long k, int rc, bool for_ever);

/* Operations of that kind since shim_fail. */
long shim_count(enum shim_kind kind);

/* From now on operations are kept; syncs are recorded, not done. */
void shim_record(bool on);
void shim_forget(void);

/* Something was acknowledged; n is how much. */
void shim_acknowledge(uint64_t n);

/* Recorded operations so far. */
size_t shim_recorded(void);

/* What the disk may hold when the power goes before operation `at`: all before a
 * file's last sync, and of the rest each 512-byte sector or not, by a coin.
 * wal: PATH-wal. Answers the last acknowledged n. */
uint64_t shim_cut(size_t at, uint64_t coin, const char *path);

#endif
