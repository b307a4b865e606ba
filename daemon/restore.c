/* The old database may have a WAL, which must never meet the new file. Both get second
 * names first. Then it is opened, which moves the WAL into it; if it is too damaged for
 * that, the WAL stays beside the old file under its second name, where it still belongs. */
#include "daemon/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/store/place.h"
#include "daemon/store/store.h"

enum { BUFFER_BYTES = 1 << 20, NAME_BYTES = PATH_MAX };

struct restoring {
	const char *backup;
	char *db; /* the file itself, behind links */
	char fresh[NAME_BYTES];
	struct place place;
};

/* path with an ending, "" when it gets too long. */
static const char *with(char out[NAME_BYTES], const char *path, const char *end)
{
	if (snprintf(out, NAME_BYTES, "%s%s", path, end) >= NAME_BYTES)
		out[0] = '\0';
	return out;
}

static bool exists(const char *path)
{
	struct stat st;

	return path[0] && lstat(path, &st) == 0;
}

/* ---- the backup ---- */

/* A daemon that runs on it holds this lock. */
static enum kr_status check_unused(const char *backup, struct kr_error *err)
{
	char file[NAME_BYTES];
	int fd = open(with(file, backup, ".lock"), O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return KR_OK;
	rc = flock(fd, LOCK_SH | LOCK_NB);
	close(fd);
	if (rc == 0)
		return KR_OK;
	return kr_fail(err, KR_ELOCKED,
		"backup '%.200s' is a database in use; make a backup of it with `krige server backup`",
		backup);
}

static enum kr_status io_error(const char *what, const char *path, struct kr_error *err)
{
	return kr_fail(err, errno == ENOSPC || errno == EDQUOT ? KR_EFULL : KR_EIO, "%s '%.200s': %s",
		what, path, strerror(errno));
}

static enum kr_status pump(
	int from, int to, char *buffer, const char *source, const char *target, struct kr_error *err)
{
	for (;;) {
		ssize_t got = read(from, buffer, BUFFER_BYTES), put;

		if (got < 0)
			return io_error("reading", source, err);
		if (got == 0)
			return fsync(to) == 0 ? KR_OK : io_error("sync of", target, err);
		for (ssize_t at = 0; at < got; at += put) {
			put = write(to, buffer + at, (size_t)(got - at));
			if (put < 0)
				return io_error("writing", target, err);
		}
	}
}

/* A new file `to`, durable, with what is in `from`. */
static enum kr_status copy_file(const char *from, const char *to, struct kr_error *err)
{
	char *buffer = kr_malloc(BUFFER_BYTES);
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1;
	enum kr_status s = KR_OK;
	struct stat st;

	if (!buffer)
		s = kr_fail(err, KR_ENOMEM, "no memory to copy a file");
	else if (in < 0 || fstat(in, &st) != 0)
		s = kr_fail(err, KR_NOT_FOUND, "backup '%.200s': %s", from, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		s = kr_fail(err, KR_NOT_FOUND, "backup '%.200s' is not a regular file", from);
	if (s == KR_OK) {
		unlink(to);
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		s = out < 0 ? io_error("making", to, err) : pump(in, out, buffer, from, to, err);
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	kr_free(buffer);
	return s;
}

/* ---- the copy of it ---- */

static void remove_fresh(const struct restoring *r)
{
	static const char *const ends[] = {"", "-wal", "-journal", "-shm", ".lock"};
	char file[NAME_BYTES];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		unlink(with(file, r->fresh, ends[i]));
}

/* With its WAL, if somebody copied a database by hand; the check takes it in. */
static enum kr_status bring(struct restoring *r, struct check_counts *counts, struct kr_error *err)
{
	char from[NAME_BYTES], to[NAME_BYTES];
	enum kr_status s = check_unused(r->backup, err);

	if (s != KR_OK)
		return s;
	remove_fresh(r);
	s = copy_file(r->backup, r->fresh, err);
	if (s == KR_OK && exists(with(from, r->backup, "-wal")))
		s = copy_file(from, with(to, r->fresh, "-wal"), err);
	if (s != KR_OK)
		return s;
	s = check_file(r->fresh, counts, err);
	if (s != KR_OK) {
		kr_prefix(err, "backup '%.120s' is not whole; nothing was changed", r->backup);
		return s;
	}
	return exists(with(to, r->fresh, "-wal"))
		? kr_fail(err, KR_EIO, "the WAL of '%.200s' could not be taken in", r->backup)
		: KR_OK;
}

/* ---- the old one ---- */

struct kept {
	char db[NAME_BYTES], wal[NAME_BYTES]; /* "": none */
};

static enum kr_status keep(const char *from, const char *to, struct kr_error *err)
{
	return link(from, to) == 0 ? KR_OK : io_error("keeping the old database as", to, err);
}

/* Second names for the old database and its WAL. */
static enum kr_status keep_old(const struct restoring *r, struct kept *k, struct kr_error *err)
{
	char wal[NAME_BYTES], end[48];
	time_t now = time(NULL);
	enum kr_status s = KR_OK;
	struct tm tm;

	*k = (struct kept){.db = "", .wal = ""};
	if (!exists(r->db))
		return KR_OK;
	strftime(end, sizeof(end), ".before-restore-%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	if (!with(k->db, r->db, end)[0])
		return kr_fail(err, KR_EIO, "the name of the old database gets too long");
	s = keep(r->db, k->db, err);
	if (s != KR_OK)
		k->db[0] = '\0'; /* what is there is not ours */
	else if (exists(with(wal, r->db, "-wal")))
		s = keep(wal, with(k->wal, k->db, "-wal"), err);
	return s == KR_OK ? place_sync_folder(r->db, err) : s;
}

static void forget_kept(const struct kept *k)
{
	unlink(k->db);
	unlink(k->wal);
}

/* The WAL of the old database into it, if that can be opened: takes the lock for itself.
 * Errors: KR_ELOCKED (a daemon came first). */
static enum kr_status fold(struct restoring *r, struct kr_error *err)
{
	const struct store_backend *b = store_find("sqlite");
	struct store *store;
	enum kr_status s;

	place_release(&r->place);
	s = exists(r->db) ? b->open(&store, r->db, err) : KR_NOT_FOUND;
	if (s == KR_OK)
		b->close(store);
	if (s == KR_ELOCKED)
		return s;
	return place_lock(&r->place, r->db, err);
}

/* What is left of the WAL could not be taken in: it is the kept file's. From here to the
 * rename a start would find the old file without its last commits. */
static enum kr_status part_from_wal(
	const struct restoring *r, const struct kept *k, struct kr_error *err)
{
	char wal[NAME_BYTES];
	struct stat st;

	if (exists(with(wal, r->db, "-wal")) && unlink(wal) != 0)
		return io_error("removing", wal, err);
	if (k->wal[0] && stat(k->wal, &st) == 0 && st.st_size == 0)
		unlink(k->wal);
	return KR_OK;
}

static enum kr_status put_in_place(struct restoring *r, struct kr_error *err)
{
	char file[NAME_BYTES];

	if (rename(r->fresh, r->db) != 0)
		return io_error("naming", r->db, err);
	unlink(with(file, r->fresh, ".lock"));
	unlink(with(file, r->db, "-shm"));
	unlink(with(file, r->db, "-journal"));
	return place_sync_folder(r->db, err);
}

static enum kr_status same_file(const struct restoring *r, struct kr_error *err)
{
	struct stat a, b;

	if (stat(r->backup, &a) == 0 && stat(r->db, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino)
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "'%.200s' is the database itself, not a backup", r->backup);
	return KR_OK;
}

/* The lock is held, except while the old database is opened. */
static enum kr_status replace(struct restoring *r, struct restored *out, struct kr_error *err)
{
	struct kept kept = {.db = "", .wal = ""};
	enum kr_status s = bring(r, &out->counts, err);

	if (s == KR_OK)
		s = keep_old(r, &kept, err);
	if (s == KR_OK)
		s = fold(r, err);
	if (s != KR_OK) {
		forget_kept(&kept);
		return s;
	}
	/* From here on the second names may be all that is left of the old one. */
	memcpy(out->kept, kept.db, strlen(kept.db) + 1);
	s = part_from_wal(r, &kept, err);
	return s == KR_OK ? put_in_place(r, err) : s;
}

enum kr_status restore_file(
	const char *backup, const char *db, struct restored *out, struct kr_error *err)
{
	struct restoring r = {.backup = backup, .place.lock = -1};
	enum kr_status s;

	*out = (struct restored){.kept = ""};
	if (!exists(backup))
		return kr_fail(err, KR_NOT_FOUND, "backup '%.200s': %s", backup, strerror(errno));
	s = place_resolve(&r.db, db, err);
	if (s == KR_OK)
		s = same_file(&r, err);
	if (s == KR_OK && !with(r.fresh, r.db, ".restoring")[0])
		s = kr_fail(err, KR_EIO, "the name of the database is too long");
	if (s == KR_OK)
		s = place_lock(&r.place, r.db, err);
	if (s == KR_OK) {
		s = replace(&r, out, err);
		if (s != KR_OK)
			remove_fresh(&r);
	}
	place_release(&r.place);
	kr_free(r.db);
	return s;
}
