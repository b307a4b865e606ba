/* krige study pause, resume, finish, set, delete, undelete: changes of one study. */
#include <stdio.h>
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/cli.h"
#include "client/cli/label.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/stop_rules.h"
#include "client/cli/text.h"
#include "proto/limits.h"

#define COMMAND(function) int cmd_study_##function(struct cli *cli, int argc, char **argv);
COMMAND(pause)
COMMAND(resume)
COMMAND(finish)
COMMAND(set)
COMMAND(delete)
COMMAND(undelete)
#undef COMMAND

/* One word, the name of the study. */
static int name_only(struct cli *cli, int argc, char **argv, const char **name)
{
	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	*name = argv[optind];
	return CLI_OK;
}

static int act(struct cli *cli, int argc, char **argv, enum study_action action)
{
	struct msg_request request = {.method = METHOD_UPDATE_STUDY, .u.update_study.action = action};
	const char *name = NULL;
	int code = name_only(cli, argc, argv, &name);

	request.u.update_study.study = name;
	return name ? change_study(cli, &request) : code;
}

int cmd_study_pause(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, ACTION_PAUSE);
}

int cmd_study_resume(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, ACTION_RESUME);
}

int cmd_study_finish(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, ACTION_FINISH);
}

int cmd_study_delete(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_DELETE_STUDY};
	const char *name = NULL;
	int code = name_only(cli, argc, argv, &name);

	request.u.delete_study.study = name;
	return name ? change_study(cli, &request) : code;
}

int cmd_study_undelete(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_DELETE_STUDY};
	struct msg_delete_study *m = &request.u.delete_study;
	int c;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		m->has_id = number_parse_u64(optarg, &m->id);
		if (!m->has_id)
			return cli_usage(cli,
				"--id: '%s' is not an id; `krige study list "
				"--deleted -o json` shows them",
				optarg);
	}
	if (argc - optind != 1)
		return cli_usage(cli, "give %s", cli->command->args);
	m->study = argv[optind];
	m->undelete = true;
	return change_study(cli, &request);
}

/* ---- set ----------------------------------------------------------------------------- */

struct settings {
	struct msg_update_study m;
	struct msg_named labels[LIMIT_LABELS];
	const char *removed[LIMIT_LABELS];
};

static int set_budget(struct cli *cli, struct msg_update_study *m, const char *value)
{
	m->no_budget = strcmp(value, "none") == 0;
	m->has_budget = !m->no_budget;
	if (m->has_budget && !number_parse_u64(value, &m->budget))
		return cli_usage(cli, "budget: '%s' is not a number of trials, nor none", value);
	if (m->has_budget && m->budget == 0)
		return cli_usage(
			cli, "budget is 0; give at least 1, or budget=none to take the limit away");
	return CLI_OK;
}

/* label.NAME=VALUE; without a value the label goes. */
static int set_label(struct cli *cli, struct settings *s, const char *text)
{
	struct kr_error err;
	size_t len = strlen(text);

	if (s->m.labels.n == LIMIT_LABELS || s->m.remove_labels.n == LIMIT_LABELS)
		return cli_usage(cli, "label: more than %d", LIMIT_LABELS);
	if (len > 1 && strchr(text, '=') == text + len - 1) {
		s->removed[s->m.remove_labels.n] = arena_strndup(cli->arena, text, len - 1);
		return s->removed[s->m.remove_labels.n++] ? CLI_OK : cli_no_memory();
	}
	if (label_parse(&s->labels[s->m.labels.n++], text, cli->arena, &err) == KR_OK)
		return CLI_OK;
	return cli_kr_error(&err);
}

static int set_expiry(struct cli *cli, struct msg_update_study *m, const char *value)
{
	if (strcmp(value, "expire") == 0)
		m->on_expiry = ON_EXPIRY_EXPIRE;
	else if (strcmp(value, "requeue") == 0)
		m->on_expiry = ON_EXPIRY_REQUEUE;
	else
		return cli_usage(cli, "on_expiry: '%s'; use expire or requeue", value);
	return CLI_OK;
}

static int set_retries(struct cli *cli, struct msg_update_study *m, const char *value)
{
	uint64_t n;

	if (!number_parse_u64(value, &n) || n > UINT32_MAX)
		return cli_usage(cli, "retry_limit: '%s' is not a whole number", value);
	m->has_retry_limit = true;
	m->retry_limit = (uint32_t)n;
	return CLI_OK;
}

/* stop=none, or one rule beside those that are there. */
static int set_stop(struct cli *cli, struct settings *s, const char *word)
{
	const struct msg_study *study;
	struct kr_error err;
	int code = CLI_OK;

	if (!s->m.has_stop && word[4] == '.')
		code = cli_study(cli, s->m.study, &study);
	if (code != CLI_OK)
		return code;
	if (!s->m.has_stop && word[4] == '.')
		s->m.stop = study->spec.stop;
	s->m.has_stop = true;
	if (word[4] == '.')
		return stop_rules_set(&s->m.stop, word + 5, &err) == KR_OK ? CLI_OK
																   : cli_usage(cli, "%s", err.text);
	if (strcmp(word, "stop=none") != 0)
		return cli_usage(cli, "stop: the only value is none; use stop.no_progress=N and the like");
	s->m.stop = (struct msg_stop_rules){0};
	return CLI_OK;
}

static int set_acquisition(struct cli *cli, struct msg_acquisition *a, const char *word)
{
	const char *value = strchr(word, '=') + 1;

	if (strncmp(word, "acquisition=", 12) == 0) {
		a->name = value;
		return *value ? CLI_OK : cli_usage(cli, "acquisition: give a name, or auto");
	}
	if (strncmp(word, "acquisition_level=", 18) == 0)
		a->has_level = options_real("acquisition_level", value, &a->level);
	else if (strncmp(word, "acquisition_beta=", 17) == 0)
		a->has_beta = options_real("acquisition_beta", value, &a->beta);
	else
		return cli_usage(cli, "'%s': use acquisition, acquisition_level or acquisition_beta", word);
	return a->has_level || a->has_beta ? CLI_OK : CLI_USAGE;
}

static int set_one(struct cli *cli, struct settings *s, const char *word)
{
	static const char *const keys[] = {"budget", "lease", "on_expiry", "retry_limit", "acquisition",
		"acquisition_level", "acquisition_beta", "stop.RULE", "label.NAME"};
	const char *equals = strchr(word, '='), *value = equals ? equals + 1 : NULL, *near;

	if (!equals)
		return cli_usage(cli, "'%s': write SETTING=VALUE", word);
	if (strncmp(word, "label.", 6) == 0)
		return set_label(cli, s, word + 6);
	if (strncmp(word, "stop.", 5) == 0 || strncmp(word, "stop=", 5) == 0)
		return set_stop(cli, s, word);
	if (strncmp(word, "budget=", 7) == 0)
		return set_budget(cli, &s->m, value);
	if (strncmp(word, "lease=", 6) == 0) {
		s->m.has_lease = options_seconds("lease", value, &s->m.lease_s);
		return s->m.has_lease ? CLI_OK : CLI_USAGE;
	}
	if (strncmp(word, "on_expiry=", 10) == 0)
		return set_expiry(cli, &s->m, value);
	if (strncmp(word, "retry_limit=", 12) == 0)
		return set_retries(cli, &s->m, value);
	if (strncmp(word, "acquisition", 11) == 0 && strchr("=_", word[11]))
		return set_acquisition(cli, &s->m.acquisition, word);
	near = text_nearest(arena_printf(cli->arena, "%.*s", (int)(equals - word), word), keys,
		sizeof(keys) / sizeof(*keys));
	return cli_usage(cli,
		"'%.*s' is no setting%s%s%s; use budget, lease, on_expiry, retry_limit, acquisition, "
		"acquisition_level, acquisition_beta, stop.RULE or label.NAME",
		(int)(equals - word), word, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

int cmd_study_set(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_UPDATE_STUDY};
	struct settings s = {0};
	int c, code = CLI_OK;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		s.m.has_expected_version = true;
		if (!options_count(cli, "--if-version", optarg, 1, &s.m.expected_version))
			return CLI_USAGE;
	}
	if (argc - optind < 2)
		return cli_usage(cli, "words are missing: give %s", cli->command->args);
	s.m.study = argv[optind];
	for (int i = optind + 1; i < argc && code == CLI_OK; i++)
		code = set_one(cli, &s, argv[i]);
	if (code != CLI_OK)
		return code;
	s.m.labels.p = s.labels;
	s.m.remove_labels.p = s.removed;
	request.u.update_study = s.m;
	return change_study(cli, &request);
}
