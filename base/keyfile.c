#include "base/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 4096 };

static const char *const words[] = {[KEYFILE_PUBLIC] = "public", [KEYFILE_SECRET] = "secret"};

bool keyfile_is_key(const char *text, size_t len)
{
	static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
							  ".-:+=^!/*?&<>()[]{}@%$#";

	return len == KEYFILE_CHARS && strspn(text, z85) >= len;
}

/* ---- reading ---- */

static void wipe(void *p, size_t size)
{
	explicit_bzero(p, size);
}

static enum kr_status check_owner(int fd, struct kr_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return kr_fail(err, KR_NOT_FOUND, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return kr_fail(err, KR_FORBIDDEN, "is not a regular file");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return kr_fail(err, KR_FORBIDDEN, "belongs to another user (uid %lu); make your own key",
			(unsigned long)st.st_uid);
	if (st.st_mode & 0077)
		return kr_fail(err, KR_FORBIDDEN,
			"is open to others (mode %04o); a secret key is its owner's alone: chmod 600, and a "
			"new key if somebody may have read it",
			(unsigned)st.st_mode & 07777);
	return KR_OK;
}

/* One line without its end: a comment, nothing, or the key. */
static enum kr_status take_line(const char *line, size_t len, enum keyfile_kind kind,
	char key[KEYFILE_SIZE], struct kr_error *err)
{
	size_t word = strlen(words[kind]), blank;
	const char *other = words[kind == KEYFILE_PUBLIC ? KEYFILE_SECRET : KEYFILE_PUBLIC];

	while (len && strchr(" \t\r", line[len - 1]))
		len--;
	if (len == 0 || line[0] == '#')
		return KR_OK;
	if (len > strlen(other) && strncmp(line, other, strlen(other)) == 0)
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"has a %s key, and a %s one is wanted: `krige keygen` writes the secret key into "
			"FILE.secret and the public one into FILE",
			other, words[kind]);
	blank = len > word && strncmp(line, words[kind], word) == 0 ? strspn(line + word, " \t") : 0;
	if (blank == 0 || !keyfile_is_key(line + word + blank, len - word - blank))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"has a line that is not '%s KEY' with the 40 characters of a key; `krige keygen` makes "
			"such files",
			words[kind]);
	if (key[0])
		return kr_fail(err, KR_INVALID_ARGUMENT, "has more than one key");
	memcpy(key, line + word + blank, KEYFILE_CHARS);
	key[KEYFILE_CHARS] = '\0';
	return KR_OK;
}

static enum kr_status take_text(const char *text, size_t len, enum keyfile_kind kind,
	char key[KEYFILE_SIZE], struct kr_error *err)
{
	enum kr_status s = KR_OK;

	while (s == KR_OK && len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		s = take_line(text, n, kind, key, err);
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
	if (s == KR_OK && !key[0])
		s = kr_fail(err, KR_INVALID_ARGUMENT,
			"has no line '%s KEY'; `krige keygen` makes such files", words[kind]);
	return s;
}

static enum kr_status read_open(
	int fd, enum keyfile_kind kind, char key[KEYFILE_SIZE], struct kr_error *err)
{
	char text[FILE_BYTES + 1];
	enum kr_status s = kind == KEYFILE_SECRET ? check_owner(fd, err) : KR_OK;
	ssize_t n;

	if (s != KR_OK)
		return s;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		s = kr_fail(err, KR_NOT_FOUND, "%s", strerror(errno));
	else if (n > FILE_BYTES)
		s = kr_fail(err, KR_INVALID_ARGUMENT, "is too long to be a file with one key");
	else {
		text[n] = '\0';
		s = take_text(text, (size_t)n, kind, key, err);
	}
	wipe(text, sizeof(text));
	return s;
}

enum kr_status keyfile_read(
	const char *path, enum keyfile_kind kind, char key[KEYFILE_SIZE], struct kr_error *err)
{
	/* Without O_NONBLOCK a FIFO would hold us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum kr_status s;

	key[0] = '\0';
	if (fd < 0)
		s = kr_fail(err, KR_NOT_FOUND, "%s", strerror(errno));
	else
		s = read_open(fd, kind, key, err);
	if (fd >= 0)
		close(fd);
	if (s != KR_OK)
		wipe(key, KEYFILE_SIZE);
	return s == KR_OK ? s : (kr_prefix(err, "key file '%.160s'", path), s);
}

/* ---- writing ---- */

static enum kr_status write_one(const char *path, mode_t mode, enum keyfile_kind kind,
	const char *key, const char *comment, struct kr_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	bool ok;

	if (fd < 0 && errno == EEXIST)
		return kr_fail(err, KR_ALREADY_EXISTS,
			"'%.200s' exists, and keys are not overwritten; give another name, or move it away",
			path);
	if (fd < 0)
		return kr_fail(err, KR_EIO, "cannot make '%.200s': %s", path, strerror(errno));
	/* Whatever the umask: the public one is for others to read. */
	ok = fchmod(fd, mode) == 0 && dprintf(fd, "%s%s %s\n", comment, words[kind], key) > 0 &&
		fsync(fd) == 0;
	if (!ok)
		kr_fail(err, KR_EIO, "cannot write '%.200s': %s", path, strerror(errno));
	close(fd);
	if (ok)
		return KR_OK;
	unlink(path);
	return KR_EIO;
}

enum kr_status keyfile_write(const char *path, const char *public_key, const char *secret_key,
	const char *comment, struct kr_error *err)
{
	char secret_path[PATH_MAX];
	enum kr_status s;

	if (snprintf(secret_path, sizeof(secret_path), "%s.secret", path) >= PATH_MAX)
		return kr_fail(err, KR_EIO, "the name of the key file is too long");
	s = write_one(secret_path, 0600, KEYFILE_SECRET, secret_key, comment, err);
	if (s != KR_OK)
		return s;
	s = write_one(path, 0644, KEYFILE_PUBLIC, public_key, comment, err);
	if (s != KR_OK)
		unlink(secret_path);
	return s;
}
