/* krige run NAME -- CMD ..: tune a program with no code. Here: options, the slots'
 * threads, and signals; what a slot does is in run.c. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/child.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/run.h"
#include "client/cli/template.h"
#include "client/cli/view.h"

int cmd_run(struct cli *cli, int argc, char **argv);

enum {
	RETRY_MS = 60000,
	MAX_FAILURES = 5,
	GRACE_MS = 3000, /* for answers under way at the first signal */
	AGAIN_MS = 200,
	SLOT_STACK = 1 << 20
};

struct slot {
	struct run *run;
	pthread_t waiter, thread;
};

/* ---- options ----------------------------------------------------------------------- */

static bool read_option(struct cli *cli, struct run *r, uint64_t *slots, int c)
{
	switch (c) {
	case 'j':
		if (number_parse_u64(optarg, slots) && *slots >= 1 && *slots <= RUN_SLOTS_MAX)
			return true;
		cli_usage(cli, "-j: '%s'; give a number from 1 to %d", optarg, RUN_SLOTS_MAX);
		return false;
	case 'm': return options_count(cli, "--max", optarg, 1, &r->max);
	case 'f': return options_count(cli, "--max-failures", optarg, 1, &r->max_failures);
	case 't': return options_ms("--timeout", optarg, &r->timeout_ms);
	case 'r': r->result_file = optarg; return true;
	case 'l': r->log_dir = optarg; return true;
	default: r->worker = optarg; return true;
	}
}

static int read_options(struct cli *cli, struct run *r, uint64_t *slots, int argc, char **argv)
{
	int c;

	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		if (!read_option(cli, r, slots, c))
			return CLI_USAGE;
	}
	if (argc - optind < 2)
		return cli_usage(cli, "a study name, -- and a command");
	r->command = (const char *const *)argv + optind + 1;
	r->n_words = argc - optind - 1;
	r->retry_ms = cli->has_retry ? cli->retry_ms : RETRY_MS;
	return CLI_OK;
}

/* What can be known to be wrong before the first trial is asked for. */
static int check(struct cli *cli, struct run *r, uint64_t slots)
{
	const struct msg_spec *spec = &r->study->spec;
	const char *file = r->result_file;
	struct kr_error err;
	enum kr_status s;

	r->objective = view_objective(spec);
	if (r->objective < 0) {
		cli_say("study '%s' has no objective", r->study->name);
		return CLI_FAILED;
	}
	s = template_check(r->command, r->n_words, spec, cli->arena, &err);
	if (s == KR_OK && file)
		s = template_check(&file, 1, spec, cli->arena, &err);
	if (s != KR_OK)
		return cli_kr_error(&err);
	if (file && slots > 1 && !strstr(file, "{number}"))
		return cli_usage(cli,
			"--result: with -j each trial needs a file of its own; put "
			"{number} into its name");
	if (!strchr(r->command[0], '{') && child_find(r->command[0], &err) != KR_OK) {
		cli_kr_error(&err);
		return CLI_COMMAND_FAILED;
	}
	if (r->log_dir && mkdir(r->log_dir, 0777) != 0 && errno != EEXIST)
		return cli_usage(cli, "--logs: %s: %s", r->log_dir, strerror(errno));
	return CLI_OK;
}

/* ---- threads and signals ----------------------------------------------------------- */

static void *slot_main(void *ctx)
{
	struct slot *s = ctx;

	run_slot(s->run);
	pthread_mutex_lock(&s->run->lock);
	s->run->running--;
	pthread_mutex_unlock(&s->run->lock);
	pthread_kill(s->waiter, SIGUSR1);
	return NULL;
}

static int start_slots(struct run *r, struct slot *slots, int n)
{
	pthread_attr_t attr;
	int started = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SLOT_STACK);
	for (; started < n; started++) {
		slots[started] = (struct slot){.run = r, .waiter = pthread_self()};
		pthread_mutex_lock(&r->lock);
		r->running++;
		pthread_mutex_unlock(&r->lock);
		if (pthread_create(&slots[started].thread, &attr, slot_main, &slots[started]) != 0)
			break;
	}
	pthread_attr_destroy(&attr);
	if (started < n) {
		pthread_mutex_lock(&r->lock);
		r->running--;
		pthread_mutex_unlock(&r->lock);
	}
	return started;
}

static int running(struct run *r)
{
	int n;

	pthread_mutex_lock(&r->lock);
	n = r->running;
	pthread_mutex_unlock(&r->lock);
	return n;
}

static void interrupt(struct run *r)
{
	if (atomic_load(&r->stop)) {
		atomic_store(&r->hurry, true);
		return;
	}
	cli_say("interrupted: ending the trials in hand");
	atomic_store(&r->stop, true);
	pthread_mutex_lock(&r->lock);
	r->code = CLI_INTERRUPTED;
	pthread_mutex_unlock(&r->lock);
}

/* Until the last slot has ended. */
static void wait_slots(struct run *r, const sigset_t *signals)
{
	struct timespec again = {.tv_nsec = AGAIN_MS * 1000000L};

	while (running(r) > 0) {
		int sig = sigtimedwait(signals, NULL, &again);

		if (sig == SIGINT || sig == SIGTERM || sig == SIGHUP)
			interrupt(r);
		/* Again and again: a call may begin between the look and the stop. */
		if (atomic_load(&r->stop))
			krige_interrupt(r->client, GRACE_MS);
	}
}

static int run_all(struct run *r, int n)
{
	struct slot slots[RUN_SLOTS_MAX];
	struct sigaction hangup;
	sigset_t signals;
	int started;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	/* Under nohup it is ignored, and stays so. */
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		sigaddset(&signals, SIGHUP);
	/* For all threads, and for good: nothing but wait_slots takes them. */
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (!beat_start(&r->beat, r->client, r->study->name)) {
		cli_say("cannot start a thread");
		return CLI_FAILED;
	}
	started = start_slots(r, slots, n);
	if (started < n)
		cli_say("only %d of %d slots could be started", started, n);
	wait_slots(r, &signals);
	for (int i = 0; i < started; i++)
		pthread_join(slots[i].thread, NULL);
	beat_stop(&r->beat);
	return started > 0 ? r->code : CLI_FAILED;
}

static void summarize(const struct run *r)
{
	char text[NUMBER_BYTES];

	if (r->cli->quiet)
		return;
	if (r->end[0])
		cli_say("%s", r->end);
	fprintf(stderr, "krige: %" PRIu64 " complete, %" PRIu64 " failed", r->complete, r->failed);
	if (r->released > 0)
		fprintf(stderr, ", %" PRIu64 " given back", r->released);
	if (r->cancelled > 0)
		fprintf(stderr, ", %" PRIu64 " cancelled", r->cancelled);
	if (r->has_best)
		fprintf(stderr, "; best %s %s in trial %" PRIu64, r->study->spec.metrics[r->objective].name,
			number_format(text, r->best), r->best_number);
	putc('\n', stderr);
}

int cmd_run(struct cli *cli, int argc, char **argv)
{
	struct run r = {.cli = cli, .max = UINT64_MAX, .max_failures = MAX_FAILURES};
	const struct msg_value *best;
	uint64_t slots = 1;
	int code = read_options(cli, &r, &slots, argc, argv);

	if (!r.command)
		return code; /* help, or a mistake */
	if (!cli->has_retry)
		cli->retry_ms = 0; /* a daemon that is not there now is a mistake, not a restart */
	code = cli_study(cli, argv[optind], &r.study);
	if (code == CLI_OK)
		code = check(cli, &r, slots);
	if (code != CLI_OK)
		return code;
	r.client = cli->client;
	best = r.study->best ? view_value(r.study->best, &r.study->spec, r.objective) : NULL;
	if (best) {
		r.has_best = true;
		r.best = best->value;
		r.best_number = r.study->best->number;
	}
	pthread_mutex_init(&r.lock, NULL);
	r.away = (struct away){
		.client = r.client, .retry_ms = r.retry_ms, .quiet = cli->quiet, .lock = &r.lock};
	code = run_all(&r, (int)slots);
	pthread_mutex_destroy(&r.lock);
	summarize(&r);
	return code;
}
