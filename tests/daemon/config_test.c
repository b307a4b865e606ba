#include "daemon/config.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "daemon/endpoint.h"

static char folder[] = "/tmp/kriged-test-XXXXXX";

/* config_read of up to four arguments. */
static enum kr_status read_flags(struct config *c, struct kr_error *err, const char *a,
	const char *b, const char *d, const char *e)
{
	char *argv[] = {"kriged", (char *)a, (char *)b, (char *)d, (char *)e, NULL};
	int argc = 1;

	while (argv[argc])
		argc++;
	memset(err, 0, sizeof(*err));
	return config_read(c, argc, argv, err);
}

static void assert_bad(const char *a, const char *b, const char *words)
{
	struct kr_error err;
	struct config c;
	enum kr_status s = read_flags(&c, &err, a, b, NULL, NULL);

	if (s != KR_INVALID_ARGUMENT || !strstr(err.text, words) || strchr(err.text, '\n'))
		fail_msg("%s %s: %s: %s", a, b ? b : "", kr_status_name(s), err.text);
}

static const char *write_file(const char *text)
{
	static char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/kriged.conf", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static void built_in_values_come_from_the_environment(void **state)
{
	struct kr_error err;
	struct config c;

	(void)state;
	setenv("KRIGE_HOME", "/some/home", 1);
	setenv("XDG_RUNTIME_DIR", "/some/run", 1);
	assert_int_equal(read_flags(&c, &err, NULL, NULL, NULL, NULL), KR_OK);
	assert_string_equal(c.db, "/some/home/kriged.db");
	assert_string_equal(c.endpoint, "ipc:///some/run/kriged/kriged.sock");
	assert_true(c.threads >= 1);
	assert_true(c.prepare);
	assert_false(c.insecure);
	assert_int_equal(c.idle_exit_s, 0);
	config_fini(&c);
	unsetenv("KRIGE_HOME");
	setenv("XDG_DATA_HOME", "/some/data", 1);
	assert_int_equal(read_flags(&c, &err, NULL, NULL, NULL, NULL), KR_OK);
	assert_string_equal(c.db, "/some/data/kriged/kriged.db");
	config_fini(&c);
	unsetenv("XDG_DATA_HOME");
	setenv("HOME", "/some/user", 1);
	assert_int_equal(read_flags(&c, &err, NULL, NULL, NULL, NULL), KR_OK);
	assert_string_equal(c.db, "/some/user/.local/share/kriged/kriged.db");
	config_fini(&c);
}

static void flags_win_over_the_file(void **state)
{
	struct kr_error err;
	struct config c;
	const char *path = write_file("# ours\ndb = /a/b.db\n[kriged]\nthreads = 3\n"
								  "idle-exit=7\nlog-level = debug\n");

	(void)state;
	assert_int_equal(read_flags(&c, &err, "--threads", "5", "--config", path), KR_OK);
	assert_string_equal(c.db, "/a/b.db");
	assert_int_equal(c.threads, 5);
	assert_int_equal(c.idle_exit_s, 7);
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c.origin[CONFIG_DB], CONFIG_FROM_FILE);
	assert_int_equal(c.origin[CONFIG_THREADS], CONFIG_FROM_FLAG);
	assert_int_equal(c.origin[CONFIG_ENDPOINT], CONFIG_BUILT_IN);
	config_fini(&c);
}

static void what_is_printed_can_be_read(void **state)
{
	char path[256];
	struct kr_error err;
	struct config a, b;
	FILE *f;

	(void)state;
	assert_int_equal(read_flags(&a, &err, "--db=/x y/z.db", "--threads=2",
						 "--endpoint=tcp://127.0.0.1:5", "--prepare=off"),
		KR_OK);
	snprintf(path, sizeof(path), "%s/printed.conf", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	config_print(&a, f);
	fclose(f);
	assert_int_equal(read_flags(&b, &err, "--config", path, NULL, NULL), KR_OK);
	assert_string_equal(b.db, a.db);
	assert_string_equal(b.endpoint, a.endpoint);
	assert_int_equal(b.threads, 2);
	assert_false(b.prepare);
	config_fini(&a);
	config_fini(&b);
}

static void bad_flags_are_named(void **state)
{
	(void)state;
	assert_bad("--nonsense", NULL, "--nonsense");
	assert_bad("file.db", NULL, "file.db");
	assert_bad("-d", NULL, "-d");
	assert_bad("--", NULL, "--");
	assert_bad("--db", NULL, "--db needs a value");
	assert_bad("--db", "", "db must not be empty");
	assert_bad("--threads", "0", "threads must be a whole number from 1");
	assert_bad("--threads", "two", "'two'");
	assert_bad("--prepare", "yes", "prepare must be on or off, not 'yes'");
	assert_bad("--threads", "99999999999999999999", "threads");
	assert_bad("--idle-exit", "-1", "idle-exit");
	assert_bad("--idle-exit", "1.5", "idle-exit");
	assert_bad("--insecure=yes", NULL, "--insecure takes no value");
	assert_bad("--log-level", "loud", "error, warn, info or debug");
	assert_bad("--check", NULL, "--check needs a value");
	assert_bad("--config", "/no/such/file", "No such file");
}

static void bad_files_are_named_with_their_line(void **state)
{
	char text[400];

	(void)state;
	assert_bad(
		"--config", write_file("db = a\nthreds = 2\n"), "kriged.conf:2: unknown setting 'threds'");
	assert_bad("--config", write_file("\n\nthreads = many\n"), "kriged.conf:3: threads must be");
	assert_bad(
		"--config", write_file("insecure = maybe\n"), "kriged.conf:1: insecure must be true");
	assert_bad(
		"--config", write_file("[daemon]\ndb = x\n"), "kriged.conf:2: unknown section [daemon]");
	assert_bad(
		"--config", write_file("db = x\nwhat is this\n"), "kriged.conf:2: not 'name = value'");
	/* for the parser an indented line is more of the value before it */
	assert_bad("--config", write_file("db = x\n  threads = 3\n"),
		"kriged.conf:2: db is set a second time");
	assert_bad("--config", write_file("threads = 2\nthreads = 3\n"), "threads is set a second");
	snprintf(text, sizeof(text), "db = %0300d\n", 0);
	assert_bad("--config", write_file(text), "over 199 bytes");
	assert_bad("--config", "/tmp", "can't be read");
}

static void open_ports_want_a_word(void **state)
{
	static const char *const fine[] = {"tcp://127.0.0.1:5555", "tcp://127.8.9.1:0",
		"tcp://127.0.0.1:*", "tcp://[::1]:5555", "ipc://relative.sock"};
	static const char *const open_to_all[] = {"tcp://*:5555", "tcp://0.0.0.0:5555",
		"tcp://10.0.0.1:5555", "tcp://[::]:1", "tcp://eth0:5555", "tcp://128.0.0.1:1",
		"tcp://127.0.0.1.example.org:1", "tcp://lo:1", "tcp://[::ffff:127.0.0.1]:1",
		"tcp://[::1%lo]:1", "tcp://127.1:1", "tcp://2130706433:1", "tcp://example.org:1",
		"tcp://0:1", "tcp://0.0.0.0:*", "tcp://[fe80::1]:1", "tcp://0127.0.0.1:1"};
	static const char *const wrong[] = {"tcp://127.0.0.1", "tcp://127.0.0.1:port", "tcp://:5555",
		"tcp://127.0.0.1:65536", "inproc://a", "127.0.0.1:5555", "ipc://", "ipc://*",
		"ipc://@abstract", "ipc:///tmp/", "", "tcp://localhost:5555", "TCP://*:1", "udp://*:1",
		"ws://*:1", "pgm://eth0;239.0.0.1:1", "vmci://*:1", "tipc://{1,0,1}"};
	struct kr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		if (endpoint_check(fine[i], false, &err) != KR_OK)
			fail_msg("%s: %s", fine[i], err.text);
	for (size_t i = 0; i < sizeof(open_to_all) / sizeof(open_to_all[0]); i++) {
		if (endpoint_check(open_to_all[i], false, &err) != KR_INVALID_ARGUMENT)
			fail_msg("%s was taken", open_to_all[i]);
		assert_non_null(strstr(err.text, "--insecure"));
		assert_int_equal(endpoint_check(open_to_all[i], true, &err), KR_OK);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (endpoint_check(wrong[i], true, &err) != KR_INVALID_ARGUMENT)
			fail_msg("%s was taken", wrong[i]);
}

static void long_socket_paths_are_refused(void **state)
{
	char address[200] = "ipc:///tmp/";
	struct kr_error err;

	(void)state;
	memset(address + strlen(address), 'x', strlen("ipc://") + 107 - strlen(address));
	assert_int_equal(endpoint_check(address, false, &err), KR_OK);
	address[strlen(address)] = 'x';
	assert_int_equal(endpoint_check(address, false, &err), KR_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "108 bytes"));
	assert_non_null(strstr(err.text, "at most 107"));
}

static void a_taken_socket_is_not_stolen(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char address[200];
	struct endpoint one, two;
	struct kr_error err;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(address, sizeof(address), "ipc://%s/k.sock", folder);
	assert_int_equal(endpoint_claim(&one, address, &err), KR_OK);
	assert_int_equal(endpoint_claim(&two, address, &err), KR_ELOCKED);
	assert_non_null(strstr(err.text, "taken"));
	endpoint_release(&one);
	/* somebody who knows nothing of our lock */
	assert_in_range(
		snprintf(a.sun_path, sizeof(a.sun_path), "%s/k.sock", folder), 1, sizeof(a.sun_path) - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(endpoint_claim(&one, address, &err), KR_ELOCKED);
	close(fd);
	/* what a kill leaves behind is no obstacle */
	assert_int_equal(endpoint_claim(&one, address, &err), KR_OK);
	endpoint_release(&one);
	unlink(a.sun_path);
	/* a file of somebody's */
	fclose(fopen(a.sun_path, "w"));
	assert_int_equal(endpoint_claim(&one, address, &err), KR_EIO);
	assert_non_null(strstr(err.text, "not a socket"));
	snprintf(address, sizeof(address), "ipc://%s/none/k.sock", folder);
	assert_int_equal(endpoint_claim(&one, address, &err), KR_EIO);
}

static void default_folders_are_made_private(void **state)
{
	char path[256];
	struct kr_error err;
	struct config c;
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/data/deep", folder);
	setenv("KRIGE_HOME", path, 1);
	snprintf(path, sizeof(path), "%s/run", folder);
	setenv("XDG_RUNTIME_DIR", path, 1);
	assert_int_equal(read_flags(&c, &err, NULL, NULL, NULL, NULL), KR_OK);
	assert_int_equal(config_make_folders(&c, &err), KR_OK);
	snprintf(path, sizeof(path), "%s/data/deep", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/run/kriged", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	/* others could put their socket there */
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(config_make_folders(&c, &err), KR_FORBIDDEN);
	config_fini(&c);
}

static void the_nth_allocation_fails(void **state)
{
	const char *path = write_file("db = /a/b.db\nendpoint = ipc:///tmp/x\n");
	struct kr_error err;
	struct config c;
	enum kr_status s;
	long n = 0;

	(void)state;
	do {
		kr_alloc_fail_at(++n, 0);
		s = read_flags(&c, &err, "--config", path, "--db", "c.db");
		assert_true(s == KR_OK || s == KR_ENOMEM);
		if (s == KR_OK)
			config_fini(&c);
	} while (n <= kr_alloc_count());
	kr_alloc_fail_at(0, 0);
	assert_true(n > 3);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_values_come_from_the_environment),
		cmocka_unit_test(flags_win_over_the_file),
		cmocka_unit_test(what_is_printed_can_be_read),
		cmocka_unit_test(bad_flags_are_named),
		cmocka_unit_test(bad_files_are_named_with_their_line),
		cmocka_unit_test(open_ports_want_a_word),
		cmocka_unit_test(long_socket_paths_are_refused),
		cmocka_unit_test(a_taken_socket_is_not_stolen),
		cmocka_unit_test(default_folders_are_made_private),
		cmocka_unit_test(the_nth_allocation_fails),
	};
	int n_failed;

	if (!mkdtemp(folder))
		return 1;
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0 || n_failed;
}
