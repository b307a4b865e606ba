#include "tests/contracts/shim.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"

enum { SECTOR = 512, FILE_DB = 0, FILE_WAL = 1, FILE_OTHER = 2 };

struct op {
	enum shim_kind kind;
	int file;
	sqlite3_int64 at;
	int n;
	unsigned char *data;
};

struct shim_file {
	sqlite3_file base;
	int file;
	sqlite3_file *real; /* in the memory behind this struct */
};

static sqlite3_vfs *real_vfs;
static struct op *ops;
static size_t n_ops, cap_ops;
static bool recording;
static struct {
	enum shim_kind kind;
	long k;
	int rc;
	bool for_ever;
} failing;
static long counts[SHIM_ACK];

/* ---- recording and failing ---- */

static void record(enum shim_kind kind, int file, sqlite3_int64 at, int n, const void *data)
{
	struct op o = {.kind = kind, .file = file, .at = at, .n = n};

	if (!recording)
		return;
	if (n_ops == cap_ops) {
		cap_ops = cap_ops ? 2 * cap_ops : 4096;
		ops = realloc(ops, cap_ops * sizeof(*ops));
	}
	if (data) {
		o.data = malloc((size_t)n);
		if (o.data)
			memcpy(o.data, data, (size_t)n);
	}
	if (!ops || (data && !o.data))
		abort();
	ops[n_ops++] = o;
}

static int verdict(enum shim_kind kind)
{
	long n = ++counts[kind];

	if (failing.k == 0 || failing.kind != kind)
		return SQLITE_OK;
	return n == failing.k || (failing.for_ever && n > failing.k) ? failing.rc : SQLITE_OK;
}

void shim_fail(enum shim_kind kind, long k, int rc, bool for_ever)
{
	failing.kind = kind;
	failing.k = k;
	failing.rc = rc;
	failing.for_ever = for_ever;
	memset(counts, 0, sizeof(counts));
}

long shim_count(enum shim_kind kind)
{
	return counts[kind];
}

void shim_record(bool on)
{
	recording = on;
}

void shim_forget(void)
{
	for (size_t i = 0; i < n_ops; i++)
		free(ops[i].data);
	free(ops);
	ops = NULL;
	n_ops = cap_ops = 0;
}

void shim_acknowledge(uint64_t n)
{
	record(SHIM_ACK, FILE_OTHER, (sqlite3_int64)n, 0, NULL);
}

size_t shim_recorded(void)
{
	return n_ops;
}

/* ---- the methods of a file ---- */

static struct shim_file *shim(sqlite3_file *f)
{
	return (struct shim_file *)f;
}

static sqlite3_file *real(sqlite3_file *f)
{
	return shim(f)->real;
}

static int file_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
	int rc = verdict(SHIM_WRITE);

	/* A failed write may have got half way. */
	if (rc != SQLITE_OK && n > 1)
		real(f)->pMethods->xWrite(real(f), data, n / 2, at);
	if (rc != SQLITE_OK)
		return rc;
	record(SHIM_WRITE, shim(f)->file, at, n, data);
	return real(f)->pMethods->xWrite(real(f), data, n, at);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = verdict(SHIM_TRUNCATE);

	if (rc != SQLITE_OK)
		return rc;
	record(SHIM_TRUNCATE, shim(f)->file, size, 0, NULL);
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	record(SHIM_SYNC, shim(f)->file, 0, 0, NULL);
	return verdict(SHIM_SYNC);
}

static int file_close(sqlite3_file *f)
{
	return real(f)->pMethods ? real(f)->pMethods->xClose(real(f)) : SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return real(f)->pMethods->xRead(real(f), p, n, at);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int file_lock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xLock(real(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
	return real(f)->pMethods->xUnlock(real(f), level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int file_sector(sqlite3_file *f)
{
	(void)f;
	return SECTOR;
}

/* Promises nothing: a sector half written may hold anything. */
static int file_characteristics(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	static const sqlite3_io_methods methods = {
		.iVersion = 1,
		.xClose = file_close,
		.xRead = file_read,
		.xWrite = file_write,
		.xTruncate = file_truncate,
		.xSync = file_sync,
		.xFileSize = file_size,
		.xLock = file_lock,
		.xUnlock = file_unlock,
		.xCheckReservedLock = file_reserved,
		.xFileControl = file_control,
		.xSectorSize = file_sector,
		.xDeviceCharacteristics = file_characteristics,
	};
	int rc;

	(void)vfs;
	shim(f)->real = (sqlite3_file *)(shim(f) + 1);
	shim(f)->file = FILE_OTHER;
	if (flags & SQLITE_OPEN_WAL)
		shim(f)->file = FILE_WAL;
	if (flags & SQLITE_OPEN_MAIN_DB)
		shim(f)->file = FILE_DB;
	rc = real_vfs->xOpen(real_vfs, name, shim(f)->real, flags, out);
	f->pMethods = rc == SQLITE_OK ? &methods : NULL;
	return rc;
}

void shim_install(void)
{
	static sqlite3_vfs vfs;

	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "shim";
	vfs.szOsFile = (int)sizeof(struct shim_file) + real_vfs->szOsFile;
	vfs.xOpen = vfs_open;
	sqlite3_vfs_register(&vfs, 1);
}

/* ---- the disk after a power cut ---- */

struct image {
	unsigned char *data;
	size_t size, cap;
};

static void grow(struct image *m, size_t size)
{
	if (size > m->cap || !m->data) {
		m->cap = 2 * size + 1;
		m->data = realloc(m->data, m->cap);
		if (!m->data)
			abort();
	}
	if (size > m->size) {
		memset(m->data + m->size, 0, size - m->size);
		m->size = size;
	}
}

/* coins: NULL for what was synced. */
static void apply(struct image *m, const struct op *o, struct rng *coins)
{
	if (o->kind == SHIM_TRUNCATE) {
		if (!coins || rng_below(coins, 2)) {
			grow(m, (size_t)o->at);
			m->size = (size_t)o->at;
		}
		return;
	}
	for (int i = 0, n; i < o->n; i += n) {
		size_t at = (size_t)o->at + (size_t)i;

		n = SECTOR - (int)(at % SECTOR);
		if (n > o->n - i)
			n = o->n - i;
		if (coins && !rng_below(coins, 2))
			continue;
		grow(m, at + (size_t)n);
		memcpy(m->data + at, o->data + i, (size_t)n);
	}
}

static void write_image(const struct image *m, const char *path)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(m->data, 1, m->size, f) != m->size || fclose(f) != 0)
		abort();
}

uint64_t shim_cut(size_t at, uint64_t coin, const char *path)
{
	struct rng coins = rng_make(coin, 0, RNG_TEST, 0);
	struct image db = {0}, log = {0};
	size_t synced[2] = {0, 0};
	uint64_t acknowledged = 0;
	char wal[1024];

	for (size_t i = 0; i < at; i++) {
		if (ops[i].kind == SHIM_SYNC && ops[i].file != FILE_OTHER)
			synced[ops[i].file] = i;
		if (ops[i].kind == SHIM_ACK)
			acknowledged = (uint64_t)ops[i].at;
	}
	for (size_t i = 0; i < at; i++)
		if ((ops[i].kind == SHIM_WRITE || ops[i].kind == SHIM_TRUNCATE) &&
			ops[i].file != FILE_OTHER)
			apply(ops[i].file == FILE_DB ? &db : &log, &ops[i],
				i < synced[ops[i].file] ? NULL : &coins);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	write_image(&db, path);
	write_image(&log, wal);
	free(db.data);
	free(log.data);
	return acknowledged;
}
