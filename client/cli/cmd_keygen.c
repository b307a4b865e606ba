/* krige keygen: a pair of keys in two files, and what goes where. No daemon is asked. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/keyfile.h"
#include "client/c/curve.h"
#include "client/cli/cli.h"
#include "client/cli/options.h"

int cmd_keygen(struct cli *cli, int argc, char **argv);

static const char default_file[] = "krige.key";

static const char *comment(char out[200])
{
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	snprintf(out, 200,
		"# A key of kriged (CURVE), made %s. The public key may be shown to anybody;\n"
		"# the secret key stays on this machine.\n",
		when);
	return out;
}

static void explain(const struct cli *cli, const char *file, const char *key)
{
	if (cli->quiet)
		return;
	cli_say("wrote %s (public) and %s.secret (secret: it stays here, mode 0600)", file, file);
	cli_say("for a daemon:  kriged --secret-key %s.secret --allow LIST, and each client gets\n"
			"                      KRIGE_SERVER_KEY='%s'",
		file, key);
	cli_say("for a client:  KRIGE_KEY_FILE=%s.secret, and the daemon's LIST gets the line\n"
			"                      %s worker NAME      (or admin, or viewer), then kill -HUP",
		file, key);
}

int cmd_keygen(struct cli *cli, int argc, char **argv)
{
	char public_key[KEYFILE_SIZE], secret_key[KEYFILE_SIZE], words[200];
	struct kr_error err = {0};
	struct krige_error why;
	const char *file;
	enum kr_status s;

	if (!options_words(cli, argc, argv, 0, 1))
		return cli->code;
	file = optind < argc ? argv[optind] : default_file;
	if (curve_make_pair(public_key, secret_key, &why) != KRIGE_OK)
		return cli_error(cli, &why);
	s = keyfile_write(file, public_key, secret_key, comment(words), &err);
	sodium_memzero(secret_key, sizeof(secret_key));
	if (s != KR_OK) {
		cli_kr_error(&err);
		return s == KR_ALREADY_EXISTS ? CLI_CONFLICT : CLI_FAILED;
	}
	puts(public_key);
	explain(cli, file, public_key);
	return cli_flush();
}
