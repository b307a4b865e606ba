#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "daemon/endpoint.h"

enum { MAX_THREADS = 1024, MAX_IDLE_S = 100000000, LINE_BYTES = 199 /* of inih */ };

/* In the order of enum config_setting. */
static const struct {
	const char *name, *argument, *help;
} settings[CONFIG_N_SETTINGS] = {
	{"db", "FILE", "database; :memory: keeps nothing"},
	{"endpoint", "ENDPOINT", "ipc://PATH or tcp://HOST:PORT"},
	{"threads", "N", "compute workers (default: one a core)"},
	{"prepare", "on|off", "compute the next suggestion before it is asked for (default: on)"},
	{"insecure", NULL, "listen on tcp beyond loopback, without encryption"},
	{"secret-key", "FILE", "encrypt (CURVE) with this key; krige keygen makes it"},
	{"allow", "FILE", "the keys that may connect: KEY ROLE NAME, one a line"},
	{"idle-exit", "SECONDS", "stop after so long without requests and running trials; 0: never"},
	{"log-level", "LEVEL", "error, warn, info or debug"},
};

static const struct {
	const char *name, *argument;
	enum config_action action;
	const char *help;
} actions[] = {
	{"local", NULL, CONFIG_LOCAL, "start this user's daemon unless it runs, and exit"},
	{"check", "FILE", CONFIG_CHECK, "verify a database that no daemon uses, and exit"},
	{"restore", "BACKUP", CONFIG_RESTORE, "put a backup in the place of --db, and exit"},
	{"check-config", NULL, CONFIG_CHECK_CONFIG, "verify flags and file, and exit"},
	{"print-config", NULL, CONFIG_PRINT_CONFIG, "print the settings with their origin, and exit"},
	{"version", NULL, CONFIG_VERSION, "print the version, and exit"},
	{"help", NULL, CONFIG_HELP, "print this, and exit"},
};

enum { N_ACTIONS = sizeof(actions) / sizeof(actions[0]) };

static const char *const levels[] = {"error", "warn", "info", "debug"};

/* ---- values ---- */

static enum kr_status set_string(
	char **out, const char *name, const char *value, struct kr_error *err)
{
	char *copy;

	if (value[0] == '\0')
		return kr_fail_field(err, KR_INVALID_ARGUMENT, name, "%s must not be empty", name);
	copy = kr_strdup(value);
	if (!copy)
		return kr_fail(err, KR_ENOMEM, "no memory for %s", name);
	kr_free(*out);
	*out = copy;
	return KR_OK;
}

static enum kr_status set_int(
	int *out, const char *name, const char *value, int low, int high, struct kr_error *err)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || n < low || n > high)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, name,
			"%s must be a whole number from %d to %d, not '%.80s'", name, low, high, value);
	*out = (int)n;
	return KR_OK;
}

static enum kr_status set_bool(bool *out, const char *name, const char *value, struct kr_error *err)
{
	*out = strcmp(value, "true") == 0;
	if (*out || strcmp(value, "false") == 0)
		return KR_OK;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, name, "%s must be true or false, not '%.80s'", name, value);
}

static enum kr_status set_switch(
	bool *out, const char *name, const char *value, struct kr_error *err)
{
	*out = strcmp(value, "on") == 0;
	if (*out || strcmp(value, "off") == 0)
		return KR_OK;
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, name, "%s must be on or off, not '%.80s'", name, value);
}

static enum kr_status set_level(
	enum log_level *out, const char *name, const char *value, struct kr_error *err)
{
	for (int i = 0; i < (int)(sizeof(levels) / sizeof(levels[0])); i++) {
		if (strcmp(levels[i], value) == 0) {
			*out = (enum log_level)i;
			return KR_OK;
		}
	}
	return kr_fail_field(err, KR_INVALID_ARGUMENT, name,
		"%s must be error, warn, info or debug, not '%.80s'", name, value);
}

static enum kr_status set(struct config *c, enum config_setting which, const char *value,
	enum config_origin origin, struct kr_error *err)
{
	const char *name = settings[which].name;

	/* The file is read after the flags, which win. */
	if (origin < c->origin[which])
		return KR_OK;
	c->origin[which] = origin;
	switch (which) {
	case CONFIG_DB: return set_string(&c->db, name, value, err);
	case CONFIG_ENDPOINT: return set_string(&c->endpoint, name, value, err);
	case CONFIG_THREADS: return set_int(&c->threads, name, value, 1, MAX_THREADS, err);
	case CONFIG_PREPARE: return set_switch(&c->prepare, name, value, err);
	case CONFIG_INSECURE: return set_bool(&c->insecure, name, value, err);
	case CONFIG_SECRET_KEY: return set_string(&c->secret_key, name, value, err);
	case CONFIG_ALLOW: return set_string(&c->allow, name, value, err);
	case CONFIG_IDLE_EXIT: return set_int(&c->idle_exit_s, name, value, 0, MAX_IDLE_S, err);
	case CONFIG_LOG_LEVEL: return set_level(&c->log_level, name, value, err);
	case CONFIG_N_SETTINGS: break;
	}
	return kr_fail(err, KR_INTERNAL, "no such setting");
}

static int find_setting(const char *name, size_t len)
{
	for (int i = 0; i < CONFIG_N_SETTINGS; i++)
		if (strlen(settings[i].name) == len && strncmp(settings[i].name, name, len) == 0)
			return i;
	return -1;
}

/* ---- flags ---- */

struct arguments {
	int n, at;
	char *const *v;
};

/* `--name=value` or `--name value`: the value, NULL when there is none. */
static const char *take_value(struct arguments *a, const char *equals)
{
	if (equals)
		return equals + 1;
	return a->at < a->n ? a->v[a->at++] : NULL;
}

/* The value that a flag must (or must not) have. */
static enum kr_status value_of(struct arguments *a, const char *flag, const char *equals,
	const char *argument, const char **value, struct kr_error *err)
{
	*value = NULL;
	if (!argument && equals)
		return kr_fail(err, KR_INVALID_ARGUMENT, "%.*s takes no value", (int)(equals - flag), flag);
	if (!argument)
		return KR_OK;
	*value = take_value(a, equals);
	return *value
		? KR_OK
		: kr_fail(err, KR_INVALID_ARGUMENT, "%s needs a value: %s %s", flag, flag, argument);
}

static enum kr_status read_action(struct config *c, struct arguments *a, const char *flag,
	const char *equals, size_t len, struct kr_error *err)
{
	enum kr_status s;
	const char *value;

	for (int i = 0; i < N_ACTIONS; i++) {
		if (strlen(actions[i].name) != len || strncmp(actions[i].name, flag + 2, len) != 0)
			continue;
		s = value_of(a, flag, equals, actions[i].argument, &value, err);
		c->action = actions[i].action;
		return s == KR_OK && value ? set_string(&c->subject, actions[i].name, value, err) : s;
	}
	return kr_fail(
		err, KR_INVALID_ARGUMENT, "unknown flag '%.80s'; kriged --help lists them", flag);
}

static enum kr_status read_flag(struct config *c, struct arguments *a, struct kr_error *err)
{
	const char *flag = a->v[a->at++], *equals = strchr(flag, '='), *value;
	size_t len = equals ? (size_t)(equals - flag) : strlen(flag);
	enum kr_status s;
	int which;

	if (len < 3 || strncmp(flag, "--", 2) != 0)
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "'%.80s' is not a flag; kriged --help lists them", flag);
	len -= 2;
	if (len == 6 && strncmp(flag + 2, "config", 6) == 0) {
		s = value_of(a, flag, equals, "FILE", &value, err);
		return s == KR_OK ? set_string(&c->file, "config", value, err) : s;
	}
	which = find_setting(flag + 2, len);
	if (which < 0)
		return read_action(c, a, flag, equals, len, err);
	s = value_of(a, flag, equals, settings[which].argument, &value, err);
	if (s != KR_OK)
		return s;
	s = set(c, (enum config_setting)which, value ? value : "true", CONFIG_FROM_FLAG, err);
	return s == KR_OK ? s : kr_prefix(err, "--%s", settings[which].name);
}

/* ---- the file ---- */

struct reading {
	struct config *c;
	bool seen[CONFIG_N_SETTINGS];
	enum kr_status status; /* of the first line at fault */
	struct kr_error *err;
};

static int read_line(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *r = ctx;
	int which = find_setting(name, strlen(name));

	if (r->status != KR_OK)
		return 0;
	if (section[0] != '\0' && strcmp(section, "kriged") != 0)
		r->status = kr_fail(r->err, KR_INVALID_ARGUMENT,
			"unknown section [%.80s]; settings stand at the top or below [kriged]", section);
	else if (which < 0)
		r->status = kr_fail(r->err, KR_INVALID_ARGUMENT,
			"unknown setting '%.80s'; kriged --print-config lists them", name);
	else if (r->seen[which])
		/* An indented line comes here too: for the parser it goes on with the one before. */
		r->status = kr_fail(r->err, KR_INVALID_ARGUMENT,
			"%s is set a second time; a setting is one line, which begins with its name", name);
	else
		r->status = set(
			r->c, (enum config_setting)which, value ? value : "", CONFIG_FROM_FILE, r->err);
	if (which >= 0)
		r->seen[which] = true;
	return r->status == KR_OK;
}

static enum kr_status read_file(struct config *c, struct kr_error *err)
{
	struct reading r = {.c = c, .status = KR_OK, .err = err};
	FILE *f = fopen(c->file, "re");
	int line;

	if (!f)
		return kr_fail(err, KR_INVALID_ARGUMENT, "--config '%.160s': %s", c->file, strerror(errno));
	line = ini_parse_file(f, read_line, &r);
	if (ferror(f))
		line = -1;
	fclose(f);
	if (line == 0)
		return KR_OK;
	if (line < 0)
		return kr_fail(err, KR_INVALID_ARGUMENT, "--config '%.160s' can't be read", c->file);
	if (r.status == KR_OK)
		r.status = kr_fail(
			err, KR_INVALID_ARGUMENT, "not 'name = value', or over %d bytes long", LINE_BYTES);
	kr_prefix(err, "%.160s:%d", c->file, line);
	return r.status;
}

/* ---- built-in values ---- */

/* $KRIGE_HOME, else $XDG_DATA_HOME/kriged, else ~/.local/share/kriged. */
static enum kr_status default_folder(char *out, size_t size, struct kr_error *err)
{
	const char *krige = getenv("KRIGE_HOME"), *xdg = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");
	int len;

	if (krige && krige[0])
		len = snprintf(out, size, "%s", krige);
	else if (xdg && xdg[0] == '/')
		len = snprintf(out, size, "%s/kriged", xdg);
	else if (home && home[0])
		len = snprintf(out, size, "%s/.local/share/kriged", home);
	else
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "neither KRIGE_HOME nor HOME is set; give --db FILE");
	if (len < 0 || (size_t)len >= size)
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "the path of the data folder is too long; give --db FILE");
	return KR_OK;
}

static enum kr_status complete(struct config *c, struct kr_error *err)
{
	char folder[PATH_MAX - 16], path[PATH_MAX];
	enum kr_status s = KR_OK;
	cpu_set_t cpus;

	if (!c->db) {
		s = default_folder(folder, sizeof(folder), err);
		snprintf(path, sizeof(path), "%s/kriged.db", folder);
		if (s == KR_OK)
			s = set_string(&c->db, "db", path, err);
	}
	if (s == KR_OK && !c->endpoint) {
		s = paths_default_endpoint(path, sizeof(path), err);
		if (s == KR_OK)
			s = set_string(&c->endpoint, "endpoint", path, err);
	}
	if (c->threads == 0)
		c->threads = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
	return s;
}

/* One without the other would let everybody in, or nobody. */
static enum kr_status check_keys(const struct config *c, struct kr_error *err)
{
	if (!c->secret_key == !c->allow)
		return KR_OK;
	return kr_fail_field(err, KR_INVALID_ARGUMENT, c->allow ? "secret-key" : "allow",
		"%s belong together: the daemon's secret key (krige keygen makes it) and the list of its "
		"clients' public keys",
		c->allow ? "--allow FILE is given and --secret-key FILE is not; they"
				 : "--secret-key FILE is given and --allow FILE is not; they");
}

enum kr_status config_read(struct config *c, int argc, char *const *argv, struct kr_error *err)
{
	struct arguments a = {.n = argc, .at = 1, .v = argv};
	enum kr_status s = KR_OK;

	*c = (struct config){.action = CONFIG_RUN, .prepare = true, .log_level = LOG_LEVEL_INFO};
	while (s == KR_OK && a.at < a.n)
		s = read_flag(c, &a, err);
	if (s == KR_OK && c->file)
		s = read_file(c, err);
	if (s == KR_OK && c->action != CONFIG_HELP && c->action != CONFIG_VERSION &&
		c->action != CONFIG_CHECK)
		s = complete(c, err);
	if (s == KR_OK)
		s = check_keys(c, err);
	if (s == KR_OK && c->endpoint)
		s = endpoint_check(c->endpoint, c->insecure || c->secret_key, err);
	if (s != KR_OK)
		config_fini(c);
	return s;
}

void config_fini(struct config *c)
{
	kr_free(c->subject);
	kr_free(c->file);
	kr_free(c->db);
	kr_free(c->endpoint);
	kr_free(c->secret_key);
	kr_free(c->allow);
	*c = (struct config){0};
}

/* ---- words ---- */

void config_print(const struct config *c, FILE *to)
{
	static const char *const origins[] = {"built in", "file", "flag"};

	fprintf(to, "db = %s ; %s\n", c->db, origins[c->origin[CONFIG_DB]]);
	fprintf(to, "endpoint = %s ; %s\n", c->endpoint, origins[c->origin[CONFIG_ENDPOINT]]);
	fprintf(to, "threads = %d ; %s\n", c->threads, origins[c->origin[CONFIG_THREADS]]);
	fprintf(
		to, "prepare = %s ; %s\n", c->prepare ? "on" : "off", origins[c->origin[CONFIG_PREPARE]]);
	fprintf(to, "insecure = %s ; %s\n", c->insecure ? "true" : "false",
		origins[c->origin[CONFIG_INSECURE]]);
	if (c->secret_key) {
		fprintf(to, "secret-key = %s ; %s\n", c->secret_key, origins[c->origin[CONFIG_SECRET_KEY]]);
		fprintf(to, "allow = %s ; %s\n", c->allow, origins[c->origin[CONFIG_ALLOW]]);
	}
	fprintf(to, "idle-exit = %d ; %s\n", c->idle_exit_s, origins[c->origin[CONFIG_IDLE_EXIT]]);
	fprintf(
		to, "log-level = %s ; %s\n", levels[c->log_level], origins[c->origin[CONFIG_LOG_LEVEL]]);
}

static void help_line(FILE *to, const char *name, const char *argument, const char *text)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s %s", name, argument ? argument : "");
	fprintf(to, "  %-22s %s\n", left, text);
}

void config_help(FILE *to)
{
	fputs("usage: kriged [FLAG...]\n\n"
		  "Bayesian optimization as a service, in the foreground; SIGTERM drains and stops it.\n"
		  "Says `kriged: ready ENDPOINT` on stderr when it answers.\n\n",
		to);
	for (int i = 0; i < CONFIG_N_SETTINGS; i++)
		help_line(to, settings[i].name, settings[i].argument, settings[i].help);
	help_line(to, "config", "FILE", "read settings from FILE (name = value); flags win");
	for (int i = 0; i < N_ACTIONS; i++)
		help_line(to, actions[i].name, actions[i].argument, actions[i].help);
	fputs("\nExit codes: 0 done, 1 could not start or failed check, 2 bad usage, 3 a write "
		  "to the disk\nis in doubt: start again. docs/operations.md says more.\n",
		to);
}

/* ---- folders ---- */

/* mkdir -p with mode 0700. */
static enum kr_status make_path(char *path, struct kr_error *err)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			break;
		*p = '/';
	}
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return kr_fail(err, KR_EIO, "cannot make the folder '%.200s': %s", path, strerror(errno));
	return KR_OK;
}

static enum kr_status make_folder_of(const char *path, bool private_folder, struct kr_error *err)
{
	char *copy = kr_strdup(path), *folder;
	enum kr_status s;

	if (!copy)
		return kr_fail(err, KR_ENOMEM, "no memory for a path");
	folder = dirname(copy);
	s = make_path(folder, err);
	if (s == KR_OK && private_folder)
		s = paths_check_private(folder, err);
	kr_free(copy);
	return s;
}

enum kr_status config_make_folders(const struct config *c, struct kr_error *err)
{
	enum kr_status s = KR_OK;

	if (c->origin[CONFIG_DB] == CONFIG_BUILT_IN)
		s = make_folder_of(c->db, false, err);
	if (s == KR_OK && c->origin[CONFIG_ENDPOINT] == CONFIG_BUILT_IN)
		s = make_folder_of(paths_ipc(c->endpoint), true, err);
	return s;
}
