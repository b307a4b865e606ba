#include "daemon/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/paths.h"

#define TCP "tcp://"

static bool loopback_host(const char *host, size_t len)
{
	char text[64];
	struct in_addr v4;
	struct in6_addr v6;

	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	if (text[0] != '[' || text[len - 1] != ']')
		return false;
	text[len - 1] = '\0';
	return inet_pton(AF_INET6, text + 1, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* A number up to 65535, or * (any free one). */
static bool valid_port(const char *port)
{
	char *end;
	unsigned long n;

	if (strcmp(port, "*") == 0)
		return true;
	if (port[0] < '0' || port[0] > '9')
		return false;
	n = strtoul(port, &end, 10);
	return *end == '\0' && n <= 65535;
}

static enum kr_status check_tcp(const char *address, bool open_ok, struct kr_error *err)
{
	const char *host = address + strlen(TCP);
	const char *colon = strrchr(host, ':');

	if (!colon || colon == host || !valid_port(colon + 1))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
			"endpoint '%.200s' must be tcp://HOST:PORT, with a port up to 65535 (0: any free one)",
			address);
	/* ZeroMQ binds to addresses and interfaces, not to names. */
	if (strncmp(host, "localhost:", strlen("localhost:")) == 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
			"endpoint '%.200s' must have an address to listen at, not a name: tcp://127.0.0.1%s",
			address, colon);
	if (open_ok || loopback_host(host, (size_t)(colon - host)))
		return KR_OK;
	return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
		"endpoint '%.160s' is not a loopback address: whoever reaches the port might do "
		"everything; give keys (--secret-key and --allow: krige keygen makes them), use ipc or "
		"tcp://127.0.0.1, or accept it with --insecure",
		address);
}

static enum kr_status check_ipc(const char *path, struct kr_error *err)
{
	size_t len = strlen(path);

	if (path[0] == '@' || path[0] == '*' || len == 0 || path[len - 1] == '/')
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
			"endpoint 'ipc://%.100s' must name a file, which alone can be protected", path);
	if (len > PATHS_SOCKET_MAX)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
			"endpoint 'ipc://%.40s...' has a path of %zu bytes; a socket's path has at most "
			"%d: choose a shorter one",
			path, len, PATHS_SOCKET_MAX);
	return KR_OK;
}

enum kr_status endpoint_check(const char *address, bool open_ok, struct kr_error *err)
{
	const char *path = paths_ipc(address);

	if (path)
		return check_ipc(path, err);
	if (strncmp(address, TCP, strlen(TCP)) == 0)
		return check_tcp(address, open_ok, err);
	return kr_fail_field(err, KR_INVALID_ARGUMENT, "endpoint",
		"endpoint '%.200s' must begin with ipc:// or tcp://", address);
}

/* Somebody answers on the socket at path, with or without our lock. */
static bool answers(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes;

	if (fd < 0)
		return false;
	memcpy(a.sun_path, path, strlen(path) + 1);
	/* EAGAIN: it listens, and is too busy to accept. */
	yes = connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 || errno == EAGAIN;
	close(fd);
	return yes;
}

bool endpoint_answers(const char *address)
{
	const char *path = paths_ipc(address);

	return path && strlen(path) <= PATHS_SOCKET_MAX && answers(path);
}

bool endpoint_claimed(const char *address)
{
	char file[PATHS_SOCKET_MAX + sizeof(".lock")];
	const char *path = paths_ipc(address);
	bool held;
	int fd;

	if (!path || strlen(path) > PATHS_SOCKET_MAX)
		return false;
	snprintf(file, sizeof(file), "%s.lock", path);
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
	if (fd >= 0)
		close(fd);
	return held;
}

static enum kr_status claim_ipc(struct endpoint *e, const char *path, struct kr_error *err)
{
	char file[PATHS_SOCKET_MAX + sizeof(".lock")];
	struct stat st;

	snprintf(file, sizeof(file), "%s.lock", path);
	e->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (e->lock < 0)
		return kr_fail(err, KR_EIO,
			"endpoint 'ipc://%s': cannot write '%s': %s; its folder must exist and be writable",
			path, file, strerror(errno));
	if (flock(e->lock, LOCK_EX | LOCK_NB) != 0 || answers(path))
		return kr_fail(err, KR_ELOCKED,
			"endpoint 'ipc://%s' is taken: another daemon "
			"listens there; stop it, or give another --endpoint",
			path);
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return kr_fail(err, KR_EIO,
			"endpoint 'ipc://%s': there is a file of that name that is "
			"not a socket; move it, or give another --endpoint",
			path);
	return KR_OK;
}

enum kr_status endpoint_claim(struct endpoint *e, const char *address, struct kr_error *err)
{
	const char *path = paths_ipc(address);
	enum kr_status s = KR_OK;

	*e = (struct endpoint){.address = address, .lock = -1};
	if (path)
		s = claim_ipc(e, path, err);
	if (s != KR_OK)
		endpoint_release(e);
	return s;
}

void endpoint_release(struct endpoint *e)
{
	if (e->lock >= 0)
		close(e->lock);
	e->lock = -1;
}
