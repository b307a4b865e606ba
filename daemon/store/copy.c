/* The destination has no journal and no syncs of SQLite's: until it has its name, nobody
 * needs it whole, and then it was synced by us. */
#include "daemon/store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/store/fault.h"
#include "daemon/store/place.h"

enum {
	STEP_PAGES = 64, /* 256 KiB */
	SYNC_STEPS = 16  /* 4 MiB that the disk has to write at once, at most */
};

enum phase { PAGES, SYNC, NAME, DONE };

struct copy {
	char path[PATH_MAX], part[PATH_MAX];
	struct sqlite3 *to;
	sqlite3_backup *backup;
	int fd; /* of the part, for syncs */
	bool made;
	enum phase phase;
	unsigned steps;
	uint64_t bytes;
};

/* ---- where ---- */

static enum kr_status check_name(const char *live, const char *path, struct kr_error *err)
{
	static const char *const ends[] = {"", "-wal", "-journal", "-shm", ".lock"};
	char real[PATH_MAX], copy[PATH_MAX], again[PATH_MAX], file[2 * PATH_MAX];
	size_t len = strlen(live);

	if (path[0] != '/')
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "path",
			"path '%.200s' must be absolute: it is on the daemon's machine", path);
	if (strlen(path) >= PATH_MAX - sizeof(".part") || path[strlen(path) - 1] == '/')
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, "path", "path '%.200s' must be the name of a file", path);
	memcpy(copy, path, strlen(path) + 1);
	memcpy(again, path, strlen(path) + 1);
	if (!realpath(dirname(copy), real))
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, "path", "path '%.200s': folder: %s", path, strerror(errno));
	snprintf(file, sizeof(file), "%s/%s", strcmp(real, "/") == 0 ? "" : real, basename(again));
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strncmp(file, live, len) == 0 && strcmp(file + len, ends[i]) == 0)
			return kr_fail_field(err, KR_INVALID_ARGUMENT, "path",
				"path '%.200s' is a file of the database in use; give another name", path);
	return KR_OK;
}

static enum kr_status check_free(const char *path, struct kr_error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? KR_OK
							   : kr_fail_field(err, KR_INVALID_ARGUMENT, "path",
									 "path '%.200s': %s", path, strerror(errno));
	return kr_fail_field(err, KR_ALREADY_EXISTS, "path",
		"path '%.200s' exists, and backups overwrite nothing; give a new name", path);
}

/* A part that was left by a kill, and nothing else, makes room. */
static enum kr_status make_part(struct copy *c, struct kr_error *err)
{
	struct stat st;

	if (lstat(c->part, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		unlink(c->part) == 0)
		log_at(LOG_LEVEL_INFO, "unfinished backup removed", "file=\"%s\"", c->part);
	c->fd = open(c->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	c->made = c->fd >= 0;
	if (c->made)
		return KR_OK;
	if (errno == ENOSPC || errno == EDQUOT)
		return kr_fail(err, KR_EFULL, "cannot make '%.200s': %s", c->part, strerror(errno));
	return kr_fail_field(err, KR_INVALID_ARGUMENT, "path",
		"cannot make '%.200s': %s; the daemon (user %lu) must be able to write there", c->part,
		strerror(errno), (unsigned long)geteuid());
}

/* ---- the copying ---- */

static enum kr_status connect(struct copy *c, struct sqlite3 *db, struct kr_error *err)
{
	int rc = sqlite3_open_v2(c->part, &c->to,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	enum kr_status s;

	if (rc != SQLITE_OK)
		return fault_from(c->to, rc, "opening the copy", err);
	sqlite3_extended_result_codes(c->to, 1);
	s = fault_exec(c->to,
		"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; "
		"PRAGMA cache_size=-1024",
		err);
	if (s != KR_OK)
		return s;
	c->backup = sqlite3_backup_init(c->to, "main", db, "main");
	return c->backup ? KR_OK : fault_from(c->to, sqlite3_extended_errcode(c->to), "copying", err);
}

enum kr_status copy_open(
	struct copy **out, struct sqlite3 *db, const char *live, const char *path, struct kr_error *err)
{
	struct copy *c = KR_NEW(struct copy);
	enum kr_status s;

	if (!c)
		return kr_fail(err, KR_ENOMEM, "no memory for a backup");
	c->fd = -1;
	s = check_name(live, path, err);
	if (s == KR_OK)
		s = check_free(path, err);
	if (s == KR_OK) {
		memcpy(c->path, path, strlen(path) + 1);
		snprintf(c->part, sizeof(c->part), "%.*s.part", (int)(PATH_MAX - sizeof(".part")), path);
		s = check_name(live, c->part, err);
	}
	if (s == KR_OK)
		s = make_part(c, err);
	if (s == KR_OK)
		s = connect(c, db, err);
	if (s == KR_OK)
		*out = c;
	else
		copy_close(c);
	return s;
}

static enum kr_status sync_part(struct copy *c, struct kr_error *err)
{
	if (fsync(c->fd) == 0)
		return KR_OK;
	return kr_fail(err, errno == ENOSPC || errno == EDQUOT ? KR_EFULL : KR_EIO,
		"sync of '%.200s': %s", c->part, strerror(errno));
}

/* The connection has no text for what comes of a backup's step; and a fault of the copy's
 * file is no word about the database. */
static enum kr_status fault(const struct copy *c, int rc, struct kr_error *err)
{
	enum kr_status s = KR_EIO;

	if ((rc & 0xff) == SQLITE_FULL)
		s = KR_EFULL;
	else if ((rc & 0xff) == SQLITE_NOMEM)
		s = KR_ENOMEM;
	else if ((rc & 0xff) == SQLITE_CORRUPT)
		s = KR_ECORRUPT;
	return kr_fail(
		err, s, "copying to '%.200s': %s (SQLite code %d)", c->part, sqlite3_errstr(rc), rc);
}

static enum kr_status copy_pages(struct copy *c, struct kr_error *err)
{
	int rc = sqlite3_backup_step(c->backup, STEP_PAGES);

	if (rc == SQLITE_OK)
		return ++c->steps % SYNC_STEPS == 0 ? sync_part(c, err) : KR_OK;
	if (rc != SQLITE_DONE)
		return fault(c, rc, err);
	rc = sqlite3_backup_finish(c->backup);
	c->backup = NULL;
	if (rc == SQLITE_OK)
		rc = sqlite3_close(c->to);
	if (rc != SQLITE_OK)
		return fault(c, rc, err);
	c->to = NULL;
	c->phase = SYNC;
	return KR_OK;
}

/* Some file systems know no rename that overwrites nothing. */
static int rename_new(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (lstat(to, &st) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(from, to);
}

static enum kr_status give_name(struct copy *c, struct kr_error *err)
{
	struct stat st;

	if (rename_new(c->part, c->path) != 0)
		return errno == EEXIST
			? check_free(c->path, err)
			: kr_fail(err, KR_EIO, "cannot name '%.200s': %s", c->path, strerror(errno));
	c->made = false; /* it is the user's */
	c->phase = DONE;
	c->bytes = fstat(c->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	if (place_sync_folder(c->path, err) == KR_OK)
		return KR_OK;
	return err ? (err->code = KR_EIO) : KR_EIO;
}

enum kr_status copy_step(struct copy *c, bool *done, struct kr_error *err)
{
	enum kr_status s = KR_OK;

	switch (c->phase) {
	case PAGES: s = copy_pages(c, err); break;
	case SYNC:
		s = sync_part(c, err);
		c->phase = NAME;
		break;
	case NAME: s = give_name(c, err); break;
	case DONE: break;
	}
	*done = s == KR_OK && c->phase == DONE;
	return s;
}

uint64_t copy_bytes(const struct copy *c)
{
	return c->bytes;
}

void copy_close(struct copy *c)
{
	if (!c)
		return;
	sqlite3_backup_finish(c->backup);
	sqlite3_close(c->to);
	if (c->fd >= 0)
		close(c->fd);
	if (c->made)
		unlink(c->part);
	kr_free(c);
}
