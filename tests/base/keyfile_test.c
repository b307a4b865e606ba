#include "base/keyfile.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Keys of rfc.zeromq.org/spec/26's example, as libzmq's documentation prints them. */
#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

static char folder[] = "/tmp/kriged-test-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *write_file(const char *name, const char *text, mode_t mode)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void what_is_written_is_read(void **state)
{
	char key[KEYFILE_SIZE], path[256];
	struct kr_error err;
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s", path_of("mine"));
	assert_int_equal(keyfile_write(path, PUBLIC, SECRET, "# a\n# b\n", &err), KR_OK);
	assert_int_equal(keyfile_read(path, KEYFILE_PUBLIC, key, &err), KR_OK);
	assert_string_equal(key, PUBLIC);
	assert_int_equal(keyfile_read(path_of("mine.secret"), KEYFILE_SECRET, key, &err), KR_OK);
	assert_string_equal(key, SECRET);
	assert_int_equal(stat(path_of("mine.secret"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static void nothing_is_overwritten(void **state)
{
	struct kr_error err;
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s", write_file("old", "mine\n", 0600));
	assert_int_equal(keyfile_write(path, PUBLIC, SECRET, "", &err), KR_ALREADY_EXISTS);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(access(path_of("old.secret"), F_OK), -1); /* no half of a pair */
	snprintf(path, sizeof(path), "%s", path_of("other"));
	write_file("other.secret", "mine\n", 0600);
	assert_int_equal(keyfile_write(path, PUBLIC, SECRET, "", &err), KR_ALREADY_EXISTS);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(keyfile_write("/no/such/folder/x", PUBLIC, SECRET, "", &err), KR_EIO);
}

static void assert_refused(
	const char *path, enum keyfile_kind kind, enum kr_status code, const char *words)
{
	char key[KEYFILE_SIZE] = "x";
	struct kr_error err = {0};

	if (keyfile_read(path, kind, key, &err) != code || !strstr(err.text, words))
		fail_msg("%s: %s: %s", path, kr_status_name(err.code), err.text);
	assert_int_equal(key[0], '\0');
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
	static const mode_t open_modes[] = {0644, 0640, 0604, 0660, 0620, 0601};

	(void)state;
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++)
		assert_refused(write_file("s", "secret " SECRET "\n", open_modes[i]), KEYFILE_SECRET,
			KR_FORBIDDEN, "chmod 600");
	assert_refused("/dev/null", KEYFILE_SECRET, KR_FORBIDDEN, "regular");
}

static void other_files_are_named(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{"", "no line 'secret KEY'"},
		{"# only this\n\n", "no line"},
		{"public " PUBLIC "\n", "FILE.secret"},
		{PUBLIC "\n", "not 'secret KEY'"},
		{"secret\n", "not 'secret KEY'"},
		{"secret short\n", "40 characters"},
		{"secret " SECRET "x\n", "40 characters"},
		{"secret " SECRET "\nsecret " SECRET "\n", "more than one"},
		{"secret \"~,;'`_|\\\"~,;'`_|\\\"~,;'`_|\\\"~,;'`_|\\\"~,;'`_|\\\n", "40 characters"},
	};
	char large[6000];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(write_file("bad", bad[i].text, 0600), KEYFILE_SECRET, KR_INVALID_ARGUMENT,
			bad[i].words);
	memset(large, '#', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_refused(write_file("bad", large, 0600), KEYFILE_SECRET, KR_INVALID_ARGUMENT, "too long");
	assert_refused(path_of("none"), KEYFILE_SECRET, KR_NOT_FOUND, "none");
	assert_refused(write_file("bad", "secret " SECRET, 0600), KEYFILE_PUBLIC, KR_INVALID_ARGUMENT,
		"public one is wanted");
}

/* Editors leave carriage returns, blanks, and no end of the last line. */
static void layout_does_not_matter(void **state)
{
	static const char *const texts[] = {
		"secret " SECRET, "secret\t" SECRET " \r\n", "\n# x\r\nsecret   " SECRET "\n\n# y"};
	char key[KEYFILE_SIZE];
	struct kr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (keyfile_read(write_file("k", texts[i], 0600), KEYFILE_SECRET, key, &err) != KR_OK)
			fail_msg("%s", err.text);
		assert_string_equal(key, SECRET);
	}
}

static int make_folder(void **state)
{
	(void)state;
	umask(0);
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static int remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(nothing_is_overwritten),
		cmocka_unit_test(a_secret_that_others_can_read_is_refused),
		cmocka_unit_test(other_files_are_named),
		cmocka_unit_test(layout_does_not_matter),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
