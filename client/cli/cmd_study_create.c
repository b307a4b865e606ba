/* krige study create FILE|-: a study from a study file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "client/c/call.h"
#include "client/cli/cli.h"
#include "client/cli/input.h"
#include "client/cli/options.h"
#include "client/cli/studyfile.h"
#include "client/cli/view.h"
#include "proto/limits.h"

int cmd_study_create(struct cli *cli, int argc, char **argv);

static const char *source_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "stdin" : path;
}

static int read_study(struct cli *cli, const char *path, struct msg_create_study *out)
{
	struct kr_error err;
	enum kr_status s;
	char *text;
	size_t len;

	if (input_file(&text, &len, path, &err) != KR_OK) {
		cli_kr_error(&err);
		return CLI_USAGE;
	}
	s = studyfile_parse(out, text, len, source_of(path), cli->arena, &err);
	kr_free(text);
	return s == KR_OK ? CLI_OK : cli_kr_error(&err);
}

/* The daemon's path of a field, as the study file has it: "spec.parameters[2].low" is
 * "space.lr.low". Returns where the path goes on; *name is what stands for the rest. */
static const char *file_path(const char *path, const struct msg_spec *spec, const char **name)
{
	static const struct {
		const char *wire, *file;
	} names[] = {
		{"spec.parameters", "space"},
		{"spec.metrics[0].name", "objective"},
		{"spec.metrics", "objective"},
		{"spec.budget", "budget"},
		{"spec.lease_s", "lease"},
		{"spec.seed", "seed"},
		{"spec.", ""},
	};
	static const char indexed[] = "spec.parameters[";
	char *end;
	long i;

	if (strncmp(path, indexed, strlen(indexed)) == 0) {
		i = strtol(path + strlen(indexed), &end, 10);
		if (*end == ']' && i >= 0 && i < spec->n_params) {
			*name = spec->params[i].name;
			return end + 1;
		}
	}
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
		*name = names[k].file;
		if (strncmp(path, names[k].wire, strlen(names[k].wire)) == 0)
			return path + strlen(names[k].wire);
	}
	return NULL;
}

static int refused(
	struct cli *cli, const struct krige_error *err, const char *source, const struct msg_spec *spec)
{
	struct krige_error ours = *err;
	const char *name = "", *rest = NULL;

	if (err->code == KRIGE_INVALID_ARGUMENT)
		rest = file_path(err->message, spec, &name);
	if (!rest)
		return cli_error(cli, err);
	ours.field[0] = '\0';
	snprintf(ours.message, sizeof(ours.message), "%s: %s%.300s%s", source,
		strncmp(err->message, "spec.parameters[", 16) == 0 ? "space." : "", name, rest);
	return cli_error(cli, &ours);
}

static int print_created(struct cli *cli, const struct msg_study_reply *reply)
{
	struct writer w = cli_writer(cli);

	if (cli_wants_json(cli)) {
		view_study_json(&w, &reply->study);
		writer_finish(&w);
	} else if (!cli->quiet) {
		cli_say(
			"study '%s' %s", reply->study.name, reply->attached ? "was there already" : "created");
	}
	return cli_flush();
}

/* to <- those behind its own. */
static bool add_sources(struct msg_texts *to, const struct msg_texts *more, struct arena *a)
{
	const char **all = ARENA_ARRAY(a, const char *, to->n + more->n);

	for (int i = 0; all && i < to->n + more->n; i++)
		all[i] = i < to->n ? to->p[i] : more->p[i - to->n];
	to->n += more->n;
	to->p = all;
	return all != NULL;
}

/* What the options say; the file says the rest. */
struct said {
	enum if_exists if_exists;
	struct msg_acquisition acquisition;
	const char *sources[LIMIT_WARM_START];
	int n_sources;
};

static int read_option(struct cli *cli, struct said *said, int c)
{
	struct msg_acquisition *a = &said->acquisition;

	switch (c) {
	case 'w':
		if (said->n_sources == LIMIT_WARM_START)
			return cli_usage(cli, "--warm-start: at most %d studies", LIMIT_WARM_START);
		said->sources[said->n_sources++] = optarg;
		return CLI_OK;
	case 'a': a->name = optarg; return CLI_OK;
	case 'l':
		a->has_level = options_real("--acquisition-level", optarg, &a->level);
		return a->has_level ? CLI_OK : CLI_USAGE;
	case 'b':
		a->has_beta = options_real("--acquisition-beta", optarg, &a->beta);
		return a->has_beta ? CLI_OK : CLI_USAGE;
	default: break;
	}
	said->if_exists = studyfile_if_exists(optarg);
	if (!said->if_exists)
		return cli_usage(cli, "--if-exists: '%s'; use fail, attach or replace", optarg);
	return CLI_OK;
}

/* Options over what the file says: a name comes with numbers of its own. */
static void put_acquisition(struct msg_acquisition *to, const struct msg_acquisition *said)
{
	if (said->name)
		*to = *said;
	if (said->has_level) {
		to->has_level = true;
		to->level = said->level;
	}
	if (said->has_beta) {
		to->has_beta = true;
		to->beta = said->beta;
	}
}

static bool put_options(struct msg_create_study *m, const struct said *said, struct arena *a)
{
	struct msg_texts sources = {said->n_sources, said->sources};

	put_acquisition(&m->spec.acquisition, &said->acquisition);
	if (said->if_exists)
		m->if_exists = said->if_exists;
	if (!m->if_exists)
		m->if_exists = IF_EXISTS_FAIL;
	return add_sources(&m->spec.warm_start, &sources, a);
}

int cmd_study_create(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_CREATE_STUDY};
	struct krige_error err;
	struct msg_reply reply;
	struct said said = {0};
	int c, code;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		code = read_option(cli, &said, c);
		if (code != CLI_OK)
			return code;
	}
	if (argc - optind != 1)
		return cli_usage(cli, "one study file, or - for standard input");
	code = read_study(cli, argv[optind], &request.u.create_study);
	if (code != CLI_OK)
		return code;
	if (!put_options(&request.u.create_study, &said, cli->arena))
		return cli_no_memory();
	if (!cli_client(cli, &code))
		return code;
	if (call_run(cli->client, &request, &reply, cli->arena, &err) == KRIGE_OK)
		return print_created(cli, &reply.u.study);
	return refused(cli, &err, source_of(argv[optind]), &request.u.create_study.spec);
}
