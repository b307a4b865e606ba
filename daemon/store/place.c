#include "daemon/store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/alloc.h"

enum { FUSE_MAGIC = 0x65735546 };

const char *place_network_name(unsigned long magic)
{
	/* linux/magic.h, and statfs(2) for those it does not have */
	static const struct {
		unsigned long magic;
		const char *name;
	} known[] = {
		{0x6969, "NFS"},
		{0x517b, "SMB"},
		{0xff534d42, "CIFS"},
		{0xfe534d42, "SMB"},
		{0x0bd00bd0, "Lustre"},
		{0x47504653, "GPFS"},
		{0x5346414f, "AFS"},
		{0x00c36400, "Ceph"},
		{0x19830326, "BeeGFS"},
		{0xaad7aaea, "PanFS"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].magic == magic)
			return known[i].name;
	return NULL;
}

/* FUSE says what it stands for only in the mount table: "fuse.sshfs". */
static bool fuse_is_network(const char *folder)
{
	static const char *const known[] = {
		"fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph", "fuse.davfs"};
	char line[4096], device[32];
	struct stat st;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = false;

	if (!f)
		return false;
	if (stat(folder, &st) == 0) {
		snprintf(device, sizeof(device), " %u:%u ", major(st.st_dev), minor(st.st_dev));
		while (!found && fgets(line, sizeof(line), f))
			for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
				found |= strstr(line, device) && strstr(line, known[i]);
	}
	fclose(f);
	return found;
}

static enum kr_status check_file_system(const char *folder, struct kr_error *err)
{
	const char *force = getenv("KRIGED_FORCE_NETWORK_FS");
	const char *name;
	struct statfs fs;

	if (statfs(folder, &fs) != 0)
		return kr_fail(err, KR_EIO, "folder '%s': %s", folder, strerror(errno));
	name = place_network_name((unsigned long)fs.f_type & 0xffffffff);
	if (!name && fs.f_type == FUSE_MAGIC && fuse_is_network(folder))
		name = "a network file system under FUSE";
	if (!name || (force && strcmp(force, "1") == 0))
		return KR_OK;
	return kr_fail(err, KR_EIO,
		"folder '%.160s' is on %s, where locks and WAL are not safe; use a local disk: "
		"--db FILE, or KRIGE_HOME=FOLDER (KRIGED_FORCE_NETWORK_FS=1 takes the risk)",
		folder, name);
}

/* FOLDER/NAME of a file that is not there yet. The arguments are changed. */
static enum kr_status resolve_new(char **out, char *path, char *again, struct kr_error *err)
{
	char real[PATH_MAX];
	const char *folder = dirname(path), *name = basename(again);
	size_t size;

	if (!realpath(folder, real))
		return kr_fail(err, KR_EIO, "folder '%.200s': %s", folder, strerror(errno));
	size = strlen(real) + strlen(name) + sizeof("/");
	*out = kr_malloc(size);
	if (!*out)
		return kr_fail(err, KR_ENOMEM, "no memory for a path");
	snprintf(*out, size, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
	return KR_OK;
}

static enum kr_status resolve_old(char **out, const char *path, struct kr_error *err)
{
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(path, real) || stat(real, &st) != 0)
		return kr_fail(err, KR_EIO, "cannot be opened: %s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return kr_fail(err, KR_EIO, "is a folder; give the name of a file in it");
	*out = kr_strdup(real);
	return *out ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for a path");
}

enum kr_status place_resolve(char **out, const char *path, struct kr_error *err)
{
	char *a, *b;
	struct stat st;
	enum kr_status s;
	int fd;

	*out = NULL;
	if (lstat(path, &st) == 0) {
		/* Nobody has a lock on what is not there, so this close drops none. */
		fd = stat(path, &st) == 0 ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
		return resolve_old(out, path, err);
	}
	a = kr_strdup(path);
	b = kr_strdup(path);
	s = a && b ? resolve_new(out, a, b, err) : kr_fail(err, KR_ENOMEM, "no memory for a path");
	kr_free(a);
	kr_free(b);
	return s;
}

/* "FILE.lock" of path; NULL without memory. */
static char *lock_path(const char *path)
{
	size_t size = strlen(path) + sizeof(".lock");
	char *p = kr_malloc(size);

	if (p)
		snprintf(p, size, "%s.lock", path);
	return p;
}

/* The process id for whom the lock stops. */
static void sign(int fd)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	/* Only a message hangs on it. */
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return;
}

static enum kr_status take_lock(struct place *p, const char *file, struct kr_error *err)
{
	char owner[32] = "";
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return kr_fail(err, KR_EIO,
			"cannot write '%s': %s; kriged needs a folder in which it may create files", file,
			strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		sign(fd);
		p->lock = fd;
		return KR_OK;
	}
	if (pread(fd, owner, sizeof(owner) - 1, 0) < 0)
		owner[0] = '\0';
	owner[strcspn(owner, "\n")] = '\0';
	close(fd);
	return kr_fail(err, KR_ELOCKED,
		"in use by another kriged, process %s; stop that one, or give another --db",
		owner[0] ? owner : "unknown");
}

/* The file can be used, and is ours alone when we make it. It is closed before
 * SQLite opens it: a close drops every POSIX lock of the process on the file. */
static enum kr_status check_file(const char *path, struct kr_error *err)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	bool regular;

	if (fd < 0)
		return kr_fail(err, KR_EIO, "cannot be opened: %s; kriged needs to read and write it",
			strerror(errno));
	regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	close(fd);
	return regular ? KR_OK : kr_fail(err, KR_EIO, "is not a regular file");
}

enum kr_status place_lock(struct place *p, const char *path, struct kr_error *err)
{
	char *copy = kr_strdup(path), *file = lock_path(path);
	enum kr_status s;

	p->lock = -1;
	if (!copy || !file)
		s = kr_fail(err, KR_ENOMEM, "no memory for a path");
	else
		s = check_file_system(dirname(copy), err);
	if (s == KR_OK)
		s = take_lock(p, file, err);
	kr_free(copy);
	kr_free(file);
	return s;
}

enum kr_status place_claim(struct place *p, const char *path, struct kr_error *err)
{
	enum kr_status s = place_lock(p, path, err);

	if (s == KR_OK)
		s = check_file(path, err);
	if (s != KR_OK)
		place_release(p);
	return s;
}

void place_release(struct place *p)
{
	if (p->lock >= 0)
		close(p->lock);
	p->lock = -1;
}

enum kr_status place_sync_folder(const char *path, struct kr_error *err)
{
	char *copy = kr_strdup(path);
	int fd, rc;

	if (!copy)
		return kr_fail(err, KR_ENOMEM, "no memory for a path");
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	kr_free(copy);
	if (fd < 0)
		return kr_fail(err, KR_EIO, "opening the folder: %s", strerror(errno));
	rc = fsync(fd);
	close(fd);
	/* Some file systems have no sync of folders: nothing to wait for there. */
	if (rc != 0 && errno != EINVAL && errno != ENOTSUP)
		return kr_fail(err, KR_INTERNAL, "sync of the folder failed: %s", strerror(errno));
	return KR_OK;
}
