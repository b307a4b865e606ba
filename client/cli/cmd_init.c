/* krige init [KIND]: a study file with comments, to start from. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/text.h"

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
	"    \"lr\":      {\"type\": \"float\", \"low\": 1e-5, \"high\": 0.1, \"log\": true},\n"
	"    \"dropout\": {\"type\": \"float\", \"low\": 0, \"high\": 0.5, \"step\": 0.05},\n"
	"    \"layers\":  {\"type\": \"int\", \"low\": 1, \"high\": 8},\n"
	"    // Choices are told apart by type: 1, 1.0, \"1\", true and null are five values.\n"
	"    \"opt\":     {\"type\": \"categorical\", \"choices\": [\"sgd\", \"adam\", null]}\n"
	"  },\n"
	"\n"
	"  # \"minimize NAME\" or \"maximize NAME\". Your program prints a line NAME=VALUE.\n"
	"  \"objective\": \"minimize loss\",\n"
	"\n"
	"  # Everything below may be left out.\n"
	"  \"budget\": 50,           // most trials; left out: no limit\n"
	"  \"lease\": 600,           // seconds without a sign of life until a trial is given up\n"
	"  \"seed\": 7,              // same seed, same answers in the same order: same suggestions\n"
	"  \"if_exists\": \"fail\"     // or \"attach\" (same settings only), \"replace\"\n"
	"}\n";

static const char constrained[] =
	"# A study with limits: on what is measured, and among the parameters.\n"
	"#   krige init constrained > study.json\n"
	"#   krige study create study.json\n"
	"#   krige run server -- ./load-test --threads {threads} --cache {cache_mb}\n"
	"{\n"
	"  \"name\": \"server\",\n"
	"\n"
	"  \"space\": {\n"
	"    \"threads\":  {\"type\": \"int\", \"low\": 1, \"high\": 64, \"log\": true},\n"
	"    \"cache_mb\": {\"type\": \"int\", \"low\": 16, \"high\": 4096, \"log\": true},\n"
	"    \"batch\":    {\"type\": \"ordinal\", \"values\": [16, 32, 64, 128]},\n"
	"    \"compress\": {\"type\": \"bool\"}\n"
	"  },\n"
	"\n"
	"  \"objective\": \"maximize throughput\",\n"
	"\n"
	"  # Measured with the objective: the program prints latency=.. and memory=.., too. The best\n"
	"  # trial is one that keeps to all of them.\n"
	"  \"constraints\": [\"latency <= 50\", \"memory <= 8000\"],\n"
	"\n"
	"  # Known before anything is run: linear, <= or >=. No suggestion breaks them.\n"
	"  \"parameter_constraints\": [\"64 * threads + cache_mb <= 6000\"],\n"
	"\n"
	"  # Combinations that are never suggested.\n"
	"  \"forbidden\": [\"compress and batch >= 128\"],\n"
	"\n"
	"  \"budget\": 60\n"
	"}\n";

static const char conditional[] =
	"# A study whose parameters depend on each other.\n"
	"#   krige init conditional > study.json\n"
	"#   krige study create study.json\n"
	"#   krige run classifier -- sh -c './train.py \"$KRIGE_PARAMS\"'   # only what is active\n"
	"{\n"
	"  \"name\": \"classifier\",\n"
	"\n"
	"  # `when` says for which values of others a parameter is there at all. Conditions have\n"
	"  # and, or, not, == != < <= > >=, in (..); they may nest.\n"
	"  \"space\": {\n"
	"    \"model\":    {\"type\": \"categorical\", \"choices\": [\"svm\", \"forest\"]},\n"
	"    \"C\":        {\"type\": \"float\", \"low\": 1e-3, \"high\": 1000, \"log\": true,\n"
	"                 \"when\": \"model == 'svm'\"},\n"
	"    \"kernel\":   {\"type\": \"categorical\", \"choices\": [\"linear\", \"rbf\"],\n"
	"                 \"when\": \"model == 'svm'\"},\n"
	"    \"gamma\":    {\"type\": \"float\", \"low\": 1e-5, \"high\": 10, \"log\": true,\n"
	"                 \"when\": \"kernel == 'rbf'\"},\n"
	"    \"trees\":    {\"type\": \"int\", \"low\": 10, \"high\": 1000, \"log\": true,\n"
	"                 \"when\": \"model == 'forest'\"},\n"
	"    \"depth\":    {\"type\": \"ordinal\", \"values\": [4, 8, 16, 32],\n"
	"                 \"when\": \"model == 'forest'\"}\n"
	"  },\n"
	"\n"
	"  \"objective\": \"minimize error\",\n"
	"  \"budget\": 80\n"
	"}\n";

static const char noisy[] =
	"# A study whose results vary when a point is run again.\n"
	"#   krige init noisy > study.json\n"
	"#   krige study create study.json\n"
	"#   krige ask reactor; krige tell reactor 0 'yield=0.71+-0.02'\n"
	"{\n"
	"  \"name\": \"reactor\",\n"
	"\n"
	"  \"space\": {\n"
	"    \"temperature\": {\"type\": \"float\", \"low\": 20, \"high\": 90},\n"
	"    \"flow\":        {\"type\": \"float\", \"low\": 0.1, \"high\": 5, \"log\": true},\n"
	"    \"catalyst\":    {\"type\": \"categorical\", \"choices\": [\"A\", \"B\", \"C\"]}\n"
	"  },\n"
	"\n"
	"  \"objective\": \"maximize yield\",\n"
	"\n"
	"  # Left out: the noise is learnt. 0: there is none. A number: its standard deviation,\n"
	"  # when it is known. A result may also bring its own standard error: yield=0.71+-0.02.\n"
	"  \"noise\": 0.02,\n"
	"\n"
	"  \"budget\": 40\n"
	"}\n";

static const struct {
	const char *name, *text;
} kinds[] = {{"single", single}, {"constrained", constrained}, {"conditional", conditional},
	{"noisy", noisy}};
enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

int cmd_init(struct cli *cli, int argc, char **argv)
{
	static const char *const planned[] = {"multi", "fidelity", "mixture"};
	const char *kind, *names[N_KINDS], *near;

	if (!options_words(cli, argc, argv, 0, 1))
		return cli->code;
	kind = optind < argc ? argv[optind] : "single";
	for (int i = 0; i < N_KINDS; i++) {
		names[i] = kinds[i].name;
		if (strcmp(kind, names[i]) != 0)
			continue;
		fputs(kinds[i].text, stdout);
		return cli_flush();
	}
	for (int i = 0; i < 3; i++)
		if (strcmp(kind, planned[i]) == 0)
			return cli_usage(cli,
				"kind '%s' is not built yet; use single, constrained, conditional "
				"or noisy",
				kind);
	near = text_nearest(kind, names, N_KINDS);
	return cli_usage(cli, "unknown kind '%s'%s%s%s; use single, constrained, conditional or noisy",
		kind, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
