/* A program with an event loop of its own: four evaluations at a time, here timers in the
 * place of instruments. Nothing blocks: calls are started, and krige_fd() says when one is
 * done.
 *
 *   cc event_loop.c $(pkg-config --cflags --libs krige) -o event_loop && ./event_loop
 */
#include <krige.h>

#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { BENCHES = 4, TRIALS = 24 };

/* One instrument: its timer, and the trial it works on. */
struct bench {
	int timer;
	struct krige_trial *trial;
};

struct loop {
	struct krige_client *client;
	struct krige_study *study;
	struct bench benches[BENCHES];
	int busy; /* benches with a trial, or a call under way */
	int told;
};

static int complain(const char *what, const struct krige_error *err)
{
	fprintf(stderr, "event_loop: %s: %s: %s\n", what, krige_status_name(err->code), err->message);
	return 1;
}

static double measure(const struct krige_trial *trial)
{
	double angle = 0, force = 0;

	krige_trial_real(trial, "angle", &angle, NULL);
	krige_trial_real(trial, "force", &force, NULL);
	return cos(angle) * force - 0.1 * force * force;
}

/* The trial takes 1 to 10 ms, by its number. */
static void work(struct bench *b, struct krige_trial *trial)
{
	struct itimerspec after = {0};

	after.it_value.tv_nsec = (long)(1 + krige_trial_number(trial) % 10) * 1000000;
	b->trial = trial;
	timerfd_settime(b->timer, 0, &after, NULL);
}

static int next_trial(struct loop *l, struct bench *b)
{
	struct krige_error err;

	if (krige_start_ask(l->study, NULL, b, NULL, &err) != KRIGE_OK)
		return complain("ask", &err);
	l->busy++;
	return 0;
}

/* A timer ran out: its trial has a result. */
static int finish(struct bench *b)
{
	struct krige_metric result = {"yield", measure(b->trial), 0};
	struct krige_error err;
	uint64_t ticks;

	if (read(b->timer, &ticks, sizeof(ticks)) < 0)
		return 0;
	if (krige_start_tell(b->trial, &result, 1, b, NULL, &err) != KRIGE_OK)
		return complain("tell", &err);
	return 0;
}

static int take_done(struct loop *l)
{
	struct krige_done done = {.size = sizeof(done)};

	while (krige_next(l->client, &done)) {
		struct bench *b = done.tag;

		if (done.kind == KRIGE_DONE_ASK) {
			if (done.status == KRIGE_OK) {
				work(b, done.trial);
				continue;
			}
			l->busy--;
			if (done.status != KRIGE_BUDGET_SPENT)
				return complain("ask", &done.error);
			continue;
		}
		if (done.status != KRIGE_OK)
			return complain("tell", &done.error);
		printf("trial %2" PRIu64 "  yield %8.5f\n", krige_trial_number(done.trial),
			krige_trial_metric(done.trial, 0).value);
		krige_trial_free(b->trial);
		b->trial = NULL;
		l->told++;
		l->busy--;
		if (next_trial(l, b))
			return 1;
	}
	return 0;
}

static int turn(struct loop *l)
{
	struct pollfd fds[BENCHES + 1];
	struct krige_error err;

	for (int i = 0; i < BENCHES; i++)
		fds[i] = (struct pollfd){.fd = l->benches[i].timer, .events = POLLIN};
	fds[BENCHES] = (struct pollfd){.fd = krige_fd(l->client, &err), .events = POLLIN};
	if (poll(fds, BENCHES + 1, -1) < 0)
		return 0; /* a signal: look again */
	for (int i = 0; i < BENCHES; i++)
		if (fds[i].revents && finish(&l->benches[i]))
			return 1;
	return fds[BENCHES].revents ? take_done(l) : 0;
}

static enum krige_status set_up(struct loop *l, struct krige_error *err)
{
	struct krige_study_options options = {
		.size = sizeof(options),
		.objective = "maximize yield",
		.budget = TRIALS,
		.if_exists = KRIGE_IF_EXISTS_REPLACE,
	};
	struct krige_space *space = krige_space_new();
	enum krige_status status = krige_open(&l->client, NULL, NULL, err);

	if (status == KRIGE_OK)
		status = krige_space_float(space, "angle", -1, 1, KRIGE_LINEAR, 0, err);
	if (status == KRIGE_OK)
		status = krige_space_float(space, "force", 0, 10, KRIGE_LINEAR, 0, err);
	if (status == KRIGE_OK)
		status = krige_create_study(&l->study, l->client, "benches", space, &options, err);
	krige_space_free(space);
	for (int i = 0; i < BENCHES; i++)
		l->benches[i].timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return status;
}

int main(void)
{
	struct loop l = {0};
	struct krige_error err;
	int failed = 0;

	if (set_up(&l, &err) != KRIGE_OK)
		return complain("set-up", &err);
	for (int i = 0; i < BENCHES && !failed; i++)
		failed = next_trial(&l, &l.benches[i]);
	while (l.busy > 0 && !failed)
		failed = turn(&l);
	printf("%d of %d trials told\n", l.told, TRIALS);
	krige_study_free(l.study);
	krige_close(l.client);
	return failed || l.told != TRIALS;
}
