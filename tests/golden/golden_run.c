/* golden_run PATH...: check every case of every *.json file under the paths.
 * Prints failures and unknown cases, then one line of counts. Exit status: 0, 1
 * when a case failed, 2 when nothing could be checked. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gp/linalg/blas.h"
#include "tests/golden/golden_case.h"

static int counts[3]; /* by enum golden_outcome */

static const struct golden_kind *const groups[] = {
#define GROUP(name) golden_##name##_kinds,
#include "tests/golden/golden_list.def"
#undef GROUP
};

static const struct golden_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		for (const struct golden_kind *k = groups[i]; k->name; k++)
			if (strcmp(k->name, name) == 0)
				return k;
	return NULL;
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t len = 0;
	FILE *m = open_memstream(&text, &len);
	int ch;

	if (!f || !m) {
		fprintf(stderr, "golden_run: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	while ((ch = getc(f)) != EOF)
		putc(ch, m);
	fclose(m);
	fclose(f);
	return text;
}

static void run_file(const char *path)
{
	char *text = read_all(path), name[512];
	cJSON *json = cJSON_Parse(text);
	const cJSON *cases = cJSON_GetObjectItemCaseSensitive(json, "cases"), *item;
	const cJSON *suite = cJSON_GetObjectItemCaseSensitive(json, "suite"), *own;

	if (!cJSON_IsArray(cases)) {
		fprintf(stderr, "FAIL %s: not a file of cases\n", path);
		counts[GOLDEN_FAILED]++;
	}
	cJSON_ArrayForEach(item, cases)
	{
		own = cJSON_GetObjectItemCaseSensitive(item, "name");
		snprintf(name, sizeof(name), "%s/%s", cJSON_IsString(suite) ? suite->valuestring : path,
			cJSON_IsString(own) ? own->valuestring : "(no name)");
		counts[golden_case_run(item, find_kind(golden_case_kind(item)), name)]++;
	}
	cJSON_Delete(json);
	free(text);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* Directories in the order of their names, so that two runs print the same. */
static void run_path(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "golden_run: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	if (!S_ISDIR(st.st_mode)) {
		if (ends_with(path, ".json"))
			run_file(path);
		return;
	}
	n = scandir(path, &entries, visible, alphasort);
	for (int i = 0; i < n; i++) {
		char *inner;

		if (asprintf(&inner, "%s/%s", path, entries[i]->d_name) < 0)
			exit(2);
		run_path(inner);
		free(inner);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	blas_init();
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	if (counts[0] + counts[1] + counts[2] == 0) {
		fprintf(stderr, "usage: golden_run PATH... (files of cases, or folders of them)\n");
		return 2;
	}
	printf("%d passed, %d failed, %d unknown\n", counts[GOLDEN_PASSED], counts[GOLDEN_FAILED],
		counts[GOLDEN_NOT_KNOWN]);
	return counts[GOLDEN_FAILED] > 0;
}
