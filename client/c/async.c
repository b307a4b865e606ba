/* A call that is started runs in a thread of its own (at most 64 of them; they are kept), as
 * the blocking call that it is: retries, sessions and limits are those of call.c. What is
 * done goes to a list, and an eventfd is readable while the list has something. */
#include "client/c/async.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client/c/clock.h"
#include "client/c/error.h"
#include "client/c/options.h"
#include "client/c/trial.h"
#include "client/c/value.h"

enum { MOST_THREADS = 64 };

struct task {
	struct task *next;
	struct memory *memory;    /* of the copies below */
	struct krige_study study; /* ASK: a view of its own, so that the study may be freed */
	struct krige_ask_options ask;
	const struct krige_metric *metrics;
	size_t n_metrics;
	int64_t step;
	double value;
	struct krige_done done;
};

struct tasks {
	struct task *head, *tail;
};

struct async {
	struct krige_client *client;
	int fd;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	struct tasks waiting, finished;
	pthread_t threads[MOST_THREADS];
	int n_threads, n_idle, n_left; /* threads made, waiting for work, gone */
	uint64_t next_ticket;
	bool closing;
};

static void push(struct tasks *q, struct task *t)
{
	t->next = NULL;
	if (q->tail)
		q->tail->next = t;
	else
		q->head = t;
	q->tail = t;
}

static struct task *pop(struct tasks *q)
{
	struct task *t = q->head;

	if (t) {
		q->head = t->next;
		if (!q->head)
			q->tail = NULL;
	}
	return t;
}

static void task_free(struct task *t)
{
	if (!t)
		return;
	memory_release(t->memory);
	memory_release(t->study.memory);
	kr_free(t);
}

/* ---- threads --------------------------------------------------------------- */

static void run(struct task *t)
{
	struct krige_done *d = &t->done;

	switch (d->kind) {
	case KRIGE_DONE_ASK: d->status = krige_ask(&d->trial, &t->study, &t->ask, &d->error); break;
	case KRIGE_DONE_TELL:
		d->status = krige_tell_metrics(d->trial, t->metrics, t->n_metrics, &d->error);
		break;
	case KRIGE_DONE_REPORT:
		d->status = krige_report(d->trial, t->step, t->value, &d->stop, &d->error);
		break;
	}
}

static void signal_done(struct async *a)
{
	const uint64_t one = 1;

	while (write(a->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *work(void *arg)
{
	struct async *a = arg;
	struct task *t;

	pthread_mutex_lock(&a->lock);
	while (!a->closing) {
		t = pop(&a->waiting);
		if (!t) {
			a->n_idle++;
			pthread_cond_wait(&a->work, &a->lock);
			a->n_idle--;
			continue;
		}
		pthread_mutex_unlock(&a->lock);
		run(t);
		pthread_mutex_lock(&a->lock);
		push(&a->finished, t);
		signal_done(a);
	}
	a->n_left++;
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static struct async *async_new(struct krige_client *c)
{
	struct async *a = KR_NEW(struct async);

	if (!a)
		return NULL;
	a->client = c;
	a->next_ticket = 1;
	a->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->fd < 0) {
		kr_free(a);
		return NULL;
	}
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	return a;
}

/* The client's, made at first use. */
static enum krige_status get(struct async **out, struct krige_client *c, struct krige_error *err)
{
	pthread_mutex_lock(&c->lock);
	if (!c->async)
		c->async = async_new(c);
	*out = c->async;
	pthread_mutex_unlock(&c->lock);
	return *out ? KRIGE_OK
				: error_set(err, KRIGE_NO_MEMORY,
					  "no memory or no file descriptor for calls "
					  "that do not block");
}

static void free_tasks(struct tasks *q)
{
	struct task *t;

	while ((t = pop(q)) != NULL) {
		if (t->done.kind == KRIGE_DONE_ASK)
			krige_trial_free(t->done.trial);
		task_free(t);
	}
}

/* A call that is about to begin does not see an interrupt that came before it: go on until
 * every thread has left. */
static void stop_threads(struct async *a)
{
	pthread_mutex_lock(&a->lock);
	a->closing = true;
	pthread_cond_broadcast(&a->work);
	while (a->n_left < a->n_threads) {
		pthread_mutex_unlock(&a->lock);
		krige_interrupt(a->client, 0);
		clock_sleep_ms(5);
		pthread_mutex_lock(&a->lock);
	}
	pthread_mutex_unlock(&a->lock);
}

void async_free(struct async *a)
{
	if (!a)
		return;
	stop_threads(a);
	for (int i = 0; i < a->n_threads; i++)
		pthread_join(a->threads[i], NULL);
	free_tasks(&a->waiting);
	free_tasks(&a->finished);
	close(a->fd);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	kr_free(a);
}

/* ---- start ----------------------------------------------------------------- */

static enum krige_status task_new(
	struct task **out, enum krige_done_kind kind, void *tag, struct krige_error *err)
{
	struct task *t = KR_NEW(struct task);
	enum krige_status st;

	*out = NULL;
	if (!t)
		return error_set(err, KRIGE_NO_MEMORY, "no memory for a call");
	t->done.kind = kind;
	t->done.tag = tag;
	st = memory_new(&t->memory, err);
	if (st != KRIGE_OK)
		task_free(t);
	else
		*out = t;
	return st;
}

/* Hand the task to a thread; it is freed on an error. */
static enum krige_status start(
	struct krige_client *c, struct task *t, uint64_t *ticket, struct krige_error *err)
{
	struct async *a;
	enum krige_status st = get(&a, c, err);

	if (st != KRIGE_OK) {
		task_free(t);
		return st;
	}
	pthread_mutex_lock(&a->lock);
	if (a->n_idle == 0 && a->n_threads < MOST_THREADS &&
		pthread_create(&a->threads[a->n_threads], NULL, work, a) == 0)
		a->n_threads++;
	if (a->n_threads > 0) {
		t->done.ticket = a->next_ticket++;
		if (ticket)
			*ticket = t->done.ticket;
		push(&a->waiting, t);
		pthread_cond_signal(&a->work);
	} else {
		task_free(t);
		st = error_set(err, KRIGE_NO_MEMORY, "no thread can be made for a call");
	}
	pthread_mutex_unlock(&a->lock);
	return st;
}

static bool copy_ask(struct task *t, const struct krige_study *s)
{
	struct arena *a = t->memory->arena;

	t->study = *s;
	memory_retain(s->memory);
	if (t->ask.n_fixed && !(t->ask.fixed = value_copy_named(a, t->ask.fixed, t->ask.n_fixed)))
		return false;
	return value_copy_text(a, t->ask.worker, &t->ask.worker);
}

enum krige_status krige_start_ask(struct krige_study *s, const struct krige_ask_options *options,
	void *tag, uint64_t *ticket, struct krige_error *err)
{
	struct task *t;
	enum krige_status st = task_new(&t, KRIGE_DONE_ASK, tag, err);

	if (!t)
		return st;
	st = options_read(&t->ask, sizeof(t->ask), options, "krige_ask_options", err);
	t->ask.size = sizeof(t->ask);
	if (st == KRIGE_OK && !copy_ask(t, s))
		st = error_set(err, KRIGE_NO_MEMORY, "no memory for a call");
	if (st == KRIGE_OK)
		return start(s->client, t, ticket, err);
	task_free(t);
	return st;
}

enum krige_status krige_start_tell(struct krige_trial *trial, const struct krige_metric *metrics,
	size_t n, void *tag, uint64_t *ticket, struct krige_error *err)
{
	struct task *t;
	enum krige_status st = task_new(&t, KRIGE_DONE_TELL, tag, err);

	if (!t)
		return st;
	t->done.trial = trial;
	t->n_metrics = n;
	t->metrics = value_copy_metrics(t->memory->arena, metrics, n);
	if (t->metrics)
		return start(trial->client, t, ticket, err);
	task_free(t);
	return error_set(err, KRIGE_NO_MEMORY, "no memory for a call");
}

enum krige_status krige_start_report(struct krige_trial *trial, int64_t step, double value,
	void *tag, uint64_t *ticket, struct krige_error *err)
{
	struct task *t;
	enum krige_status st = task_new(&t, KRIGE_DONE_REPORT, tag, err);

	if (!t)
		return st;
	t->done.trial = trial;
	t->step = step;
	t->value = value;
	return start(trial->client, t, ticket, err);
}

/* ---- done ------------------------------------------------------------------ */

int krige_fd(struct krige_client *c, struct krige_error *err)
{
	struct async *a;

	return get(&a, c, err) == KRIGE_OK ? a->fd : -1;
}

int krige_next(struct krige_client *c, struct krige_done *done)
{
	struct async *a;
	struct task *t;
	uint64_t count;
	size_t size = done->size;

	if (size < sizeof(done->size) || size > 4096 || get(&a, c, NULL) != KRIGE_OK)
		return 0;
	pthread_mutex_lock(&a->lock);
	t = pop(&a->finished);
	if (!a->finished.head)
		(void)!read(a->fd, &count, sizeof(count));
	pthread_mutex_unlock(&a->lock);
	if (!t)
		return 0;
	t->done.size = size;
	memcpy(done, &t->done, size < sizeof(*done) ? size : sizeof(*done));
	task_free(t);
	return 1;
}
