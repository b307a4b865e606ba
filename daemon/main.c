/* kriged: reads its flags and serves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/status.h"
#include "daemon/check.h"
#include "daemon/config.h"
#include "daemon/local.h"
#include "daemon/restore.h"
#include "daemon/shell.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

static int complain(int code, const struct kr_error *err)
{
	fprintf(stderr, "kriged: %s\n", err->text);
	return code;
}

static void print_counts(const struct check_counts *n)
{
	printf("%llu studies, %llu trials, %llu events, %llu bytes of records\n",
		(unsigned long long)n->studies, (unsigned long long)n->trials, (unsigned long long)n->rows,
		(unsigned long long)n->bytes);
}

static int check(const char *path)
{
	struct kr_error err = {0};
	struct check_counts n;

	if (check_file(path, &n, &err) != KR_OK)
		return complain(EXIT_FAILED, &err);
	printf("%s: ok: ", path);
	print_counts(&n);
	return EXIT_SUCCESS;
}

static int restore(const char *backup, const char *db)
{
	struct kr_error err = {0};
	struct restored r;

	if (strcmp(db, ":memory:") == 0) {
		kr_fail(&err, KR_INVALID_ARGUMENT, "--restore needs --db FILE: what the backup becomes");
		return complain(EXIT_USAGE, &err);
	}
	if (restore_file(backup, db, &r, &err) != KR_OK)
		return complain(EXIT_FAILED, &err);
	printf("%s: restored from %s: ", db, backup);
	print_counts(&r.counts);
	if (r.kept[0])
		printf("the database before it is %s\n", r.kept);
	return EXIT_SUCCESS;
}

static int act(const struct config *c)
{
	struct kr_error err = {0};

	switch (c->action) {
	case CONFIG_HELP: config_help(stdout); return EXIT_SUCCESS;
	case CONFIG_VERSION: puts("kriged " KRIGED_VERSION); return EXIT_SUCCESS;
	case CONFIG_CHECK_CONFIG: return EXIT_SUCCESS;
	case CONFIG_PRINT_CONFIG: config_print(c, stdout); return EXIT_SUCCESS;
	case CONFIG_CHECK: return check(c->subject);
	case CONFIG_RESTORE: return restore(c->subject, c->db);
	case CONFIG_LOCAL:
		return local_run(c, &err) == KR_OK ? EXIT_SUCCESS : complain(EXIT_FAILED, &err);
	case CONFIG_RUN: break;
	}
	return shell_run(c, &err) == KR_OK ? EXIT_SUCCESS : complain(EXIT_FAILED, &err);
}

/* A parent may close them; then the log would go into whatever is opened first. */
static void open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct kr_error err = {0};
	struct config c;
	int code;

	open_standard_streams();
	/* Files of the daemon are its user's only. */
	umask(077);
#ifndef NDEBUG
	/* For tests/faults: the n-th allocation of our own code fails. */
	const char *n = getenv("KRIGED_FAIL_ALLOC");

	if (n)
		kr_alloc_fail_at(atol(n), 0);
#endif
	if (config_read(&c, argc, argv, &err) != KR_OK)
		return complain(EXIT_USAGE, &err);
	log_set_level(c.log_level);
	code = act(&c);
	if (fflush(stdout) != 0 && code == EXIT_SUCCESS) {
		kr_fail(&err, KR_EIO, "cannot write the answer: %s", strerror(errno));
		code = complain(EXIT_FAILED, &err);
	}
	config_fini(&c);
	return code;
}
