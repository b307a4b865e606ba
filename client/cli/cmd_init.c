/* krige init [KIND]: a study file with comments, to start from. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"

int cmd_init(struct cli *cli, int argc, char **argv);

static const char single[] =
	"# A study file: JSON, with comments from # or // to the end of the line.\n"
	"#   krige init > study.json               write this file, then edit it\n"
	"#   krige study create study.json         create the study\n"
	"#   krige run mnist -- ./train.py --lr {lr} --layers {layers} --opt {opt}\n"
	"{\n"
	"  \"name\": \"mnist\",\n"
	"\n"
	"  # What to tune. Bounds are inclusive.\n"
	"  \"space\": {\n"
	"    \"lr\":     {\"type\": \"float\", \"low\": 1e-5, \"high\": 0.1, \"log\": true},\n"
	"    \"dropout\": {\"type\": \"float\", \"low\": 0, \"high\": 0.5, \"step\": 0.05},\n"
	"    \"layers\": {\"type\": \"int\", \"low\": 1, \"high\": 8},\n"
	"    // Choices are told apart by type: 1, 1.0, \"1\", true and null are five values.\n"
	"    \"opt\":    {\"type\": \"categorical\", \"choices\": [\"sgd\", \"adam\", null]}\n"
	"    // Also {\"type\": \"ordinal\", \"values\": [16, 32, 64]}, {\"type\": \"bool\"},\n"
	"    // {\"type\": \"fixed\", \"value\": 3}; and of any type, \"when\": \"opt == 'sgd'\".\n"
	"  },\n"
	"\n"
	"  # \"minimize NAME\" or \"maximize NAME\". Your program prints a line NAME=VALUE.\n"
	"  \"objective\": \"minimize loss\",\n"
	"\n"
	"  # Everything below may be left out.\n"
	"  // \"parameter_constraints\": [\"layers * 0.1 + dropout <= 1\"],\n"
	"  // \"forbidden\": [\"opt == 'sgd' and layers > 6\"],\n"
	"  \"budget\": 50,           // most trials; left out: no limit\n"
	"  \"lease\": 600,           // seconds without a sign of life until a trial is given up\n"
	"  \"seed\": 7,              // same seed, same answers in the same order: same suggestions\n"
	"  \"if_exists\": \"fail\"     // or \"attach\" (same settings only), \"replace\"\n"
	"}\n";

int cmd_init(struct cli *cli, int argc, char **argv)
{
	static const char *const planned[] = {"multi", "constrained", "fidelity", "mixture"};
	const char *kind;

	if (!options_words(cli, argc, argv, 0, 1))
		return cli->code;
	kind = optind < argc ? argv[optind] : "single";
	for (int i = 0; i < 4; i++)
		if (strcmp(kind, planned[i]) == 0)
			return cli_usage(cli, "kind '%s' is not built yet; the one kind is 'single'", kind);
	if (strcmp(kind, "single") != 0)
		return cli_usage(cli, "unknown kind '%s'; the one kind is 'single'", kind);
	fputs(single, stdout);
	return cli_flush();
}
