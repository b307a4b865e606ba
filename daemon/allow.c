#include "daemon/allow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

enum { LINE_BYTES = 512 };

struct allow {
	struct allow_client *clients; /* by key */
	size_t n, cap;
};

static const char blanks[] = " \t\r\n";

static enum kr_status read_role(enum msg_role *out, const char *word, struct kr_error *err)
{
	for (int r = MSG_ROLE_VIEWER; r <= MSG_ROLE_ADMIN; r++) {
		if (strcmp(word, msg_access_name((enum msg_role)r)) == 0) {
			*out = (enum msg_role)r;
			return KR_OK;
		}
	}
	return kr_fail(
		err, KR_INVALID_ARGUMENT, "a role is admin, worker or viewer, not '%.80s'", word);
}

/* The three words of a line, which is cut up. */
static enum kr_status read_client(struct allow_client *out, char *line, struct kr_error *err)
{
	char *rest, *key = strtok_r(line, blanks, &rest), *role = strtok_r(NULL, blanks, &rest);
	char *name = strtok_r(NULL, blanks, &rest);

	*out = (struct allow_client){0};
	if (!name || strtok_r(NULL, blanks, &rest))
		return kr_fail(err, KR_INVALID_ARGUMENT, "a line is KEY ROLE NAME: three words");
	if (!keyfile_is_key(key, strlen(key)))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"a key has 40 characters, those of the file that `krige keygen` made; this has %zu%s",
			strlen(key), strlen(key) == KEYFILE_CHARS ? ", not all of a key's alphabet" : "");
	if (strlen(name) > ALLOW_NAME_CHARS)
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "a name has at most %d characters", ALLOW_NAME_CHARS);
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == '"' || *p == 0x7f)
			return kr_fail(err, KR_INVALID_ARGUMENT, "a name has no quotes or control characters");
	memcpy(out->key, key, KEYFILE_SIZE);
	memcpy(out->name, name, strlen(name) + 1);
	return read_role(&out->role, role, err);
}

/* '#' is also a character of keys: a line that has a key for its first word is none. */
static bool is_comment(const char *line)
{
	size_t first = strspn(line, blanks);

	line += first;
	return line[0] == '\0' || (line[0] == '#' && !keyfile_is_key(line, strcspn(line, blanks)));
}

static enum kr_status read_lines(struct allow *a, FILE *f, int *line_number, struct kr_error *err)
{
	char line[LINE_BYTES];
	enum kr_status s;

	while (fgets(line, sizeof(line), f)) {
		++*line_number;
		if (!strchr(line, '\n') && !feof(f))
			return kr_fail(
				err, KR_INVALID_ARGUMENT, "a line is over %d bytes long", LINE_BYTES - 2);
		if (is_comment(line))
			continue;
		if (a->n == ALLOW_MAX_KEYS)
			return kr_fail(err, KR_TOO_LARGE, "over %d keys", ALLOW_MAX_KEYS);
		if (KR_GROW(&a->clients, a->n, &a->cap) != 0)
			return kr_fail(err, KR_ENOMEM, "no memory for the allow-list");
		s = read_client(&a->clients[a->n], line, err);
		if (s != KR_OK)
			return s;
		a->n++;
	}
	return ferror(f) ? kr_fail(err, KR_NOT_FOUND, "%s", strerror(errno)) : KR_OK;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct allow_client *)a)->key, ((const struct allow_client *)b)->key);
}

static enum kr_status sort(struct allow *a, struct kr_error *err)
{
	if (a->n)
		qsort(a->clients, a->n, sizeof(*a->clients), by_key);
	for (size_t i = 1; i < a->n; i++)
		if (strcmp(a->clients[i - 1].key, a->clients[i].key) == 0)
			return kr_fail(err, KR_INVALID_ARGUMENT,
				"the key %s is there twice, as '%s' and '%s'; which role it has would be chance",
				a->clients[i].key, a->clients[i - 1].name, a->clients[i].name);
	return KR_OK;
}

/* Who may write it gives rights. */
static enum kr_status check_mode(FILE *f, struct kr_error *err)
{
	struct stat st;

	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode))
		return kr_fail(err, KR_NOT_FOUND, "is not a regular file");
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 0022))
		return kr_fail(err, KR_FORBIDDEN,
			"may be written by others (owner %lu, mode %04o), who could let themselves in; chown "
			"it to you or root, and chmod go-w",
			(unsigned long)st.st_uid, (unsigned)st.st_mode & 07777);
	return KR_OK;
}

static FILE *open_list(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !f)
		close(fd);
	return f;
}

enum kr_status allow_read(struct allow **out, const char *path, struct kr_error *err)
{
	FILE *f = open_list(path);
	struct allow *a;
	enum kr_status s;
	int line = 0;

	if (!f)
		return kr_fail(err, KR_NOT_FOUND, "allow-list '%.160s': %s", path, strerror(errno));
	a = KR_NEW(struct allow);
	s = a ? check_mode(f, err) : kr_fail(err, KR_ENOMEM, "no memory for the allow-list");
	if (s == KR_OK)
		s = read_lines(a, f, &line, err);
	if (s == KR_OK) {
		line = 0;
		s = sort(a, err);
	}
	fclose(f);
	if (s == KR_OK) {
		*out = a;
		return KR_OK;
	}
	if (line)
		kr_prefix(err, "line %d", line);
	kr_prefix(err, "allow-list '%.160s'", path);
	allow_free(a);
	return s;
}

void allow_free(struct allow *a)
{
	if (!a)
		return;
	kr_free(a->clients);
	kr_free(a);
}

const struct allow_client *allow_find(const struct allow *a, const char *key)
{
	struct allow_client wanted = {0};

	if (!keyfile_is_key(key, strlen(key)) || a->n == 0)
		return NULL;
	memcpy(wanted.key, key, KEYFILE_SIZE);
	return bsearch(&wanted, a->clients, a->n, sizeof(*a->clients), by_key);
}

size_t allow_count(const struct allow *a)
{
	return a->n;
}
