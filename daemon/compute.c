#include "daemon/compute.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"

/* Niceness of the workers beside the threads that answer. */
enum { STEP_BACK = 5 };

struct entry {
	struct report report; /* what the inbox gets; first: report is the entry */
	struct job *job;
	struct entry *next;
	uint64_t turn; /* when its study was served last */
	bool running, cut, unasked;
};

struct compute {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct entry *entries; /* all jobs of the pool */
	uint64_t turn;
	bool stopping;
	struct mailbox *inbox;
	int n_threads;
	pthread_t *threads;
};

static bool goes_before(const struct entry *a, const struct entry *b)
{
	return a->unasked != b->unasked ? b->unasked : a->turn < b->turn;
}

/* The waiting job whose study was served longest ago; older jobs first. Before those that nobody
 * asked for, the others. */
static struct entry *pick(struct compute *c)
{
	struct entry *best = NULL;

	for (struct entry *e = c->entries; e; e = e->next)
		if (!e->running && (!best || goes_before(e, best)))
			best = e;
	return best;
}

static void serve(struct compute *c, struct entry *e)
{
	c->turn++;
	for (struct entry *o = c->entries; o; o = o->next)
		if (o->unasked == e->unasked && job_study(o->job) == job_study(e->job))
			o->turn = c->turn;
	e->running = true;
}

static void unlink_entry(struct compute *c, struct entry *e)
{
	struct entry **at = &c->entries;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
}

/* One unit of a job, outside the lock. */
static void run_unit(struct compute *c, struct entry *e)
{
	bool cut = e->cut, more;

	pthread_mutex_unlock(&c->lock);
	if (cut)
		job_cut(e->job);
	more = job_step(e->job);
	pthread_mutex_lock(&c->lock);
	e->running = false;
	if (more) {
		pthread_cond_signal(&c->work);
		return;
	}
	unlink_entry(c, e);
	e->report = (struct report){.kind = REPORT_COMPUTED, .u.computed = {.job = e->job}};
	mailbox_put(c->inbox, &e->report.mail);
}

/* Requests come first where cores are short: the engine and the store thread hardly compute,
 * and a client waits for each of their turns. A kernel that will not is no reason to stop. */
static void step_back(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), STEP_BACK);
}

static void *work(void *ctx)
{
	struct compute *c = ctx;
	struct entry *e;

	step_back();
	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		e = pick(c);
		if (!e) {
			pthread_cond_wait(&c->work, &c->lock);
			continue;
		}
		serve(c, e);
		run_unit(c, e);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

enum kr_status compute_new(
	struct compute **out, int n_threads, struct mailbox *inbox, struct kr_error *err)
{
	struct compute *c = KR_NEW(struct compute);

	if (!c)
		return kr_fail(err, KR_ENOMEM, "no memory for the compute pool");
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->work, NULL);
	c->inbox = inbox;
	c->threads = KR_ARRAY(pthread_t, n_threads);
	while (c->threads && c->n_threads < n_threads &&
		pthread_create(&c->threads[c->n_threads], NULL, work, c) == 0)
		c->n_threads++;
	if (c->n_threads < n_threads) {
		int n = c->n_threads;

		compute_free(c);
		return kr_fail(err, KR_ENOMEM, "only %d of %d compute threads started", n, n_threads);
	}
	*out = c;
	return KR_OK;
}

enum kr_status compute_submit(struct compute *c, struct job *j, struct kr_error *err)
{
	struct entry *e = KR_NEW(struct entry);
	struct entry **at = &c->entries;

	if (!e) {
		job_free(j);
		return kr_fail(err, KR_ENOMEM, "no memory to queue a computation");
	}
	e->job = j;
	e->unasked = job_unasked(j);
	pthread_mutex_lock(&c->lock);
	/* Behind those who wait; with its study, if that was served just now. */
	e->turn = c->turn;
	while (*at)
		at = &(*at)->next;
	*at = e;
	pthread_cond_signal(&c->work);
	pthread_mutex_unlock(&c->lock);
	return KR_OK;
}

void compute_cut(struct compute *c, uint64_t job)
{
	pthread_mutex_lock(&c->lock);
	for (struct entry *e = c->entries; e; e = e->next)
		if (job_id(e->job) == job)
			e->cut = true;
	pthread_mutex_unlock(&c->lock);
}

void compute_raise(struct compute *c, uint64_t job)
{
	pthread_mutex_lock(&c->lock);
	for (struct entry *e = c->entries; e; e = e->next)
		if (job_id(e->job) == job)
			e->unasked = false;
	pthread_mutex_unlock(&c->lock);
}

void compute_cut_all(struct compute *c)
{
	pthread_mutex_lock(&c->lock);
	for (struct entry *e = c->entries; e; e = e->next)
		e->cut = true;
	pthread_mutex_unlock(&c->lock);
}

void compute_done(struct report *r)
{
	kr_free((struct entry *)r);
}

void compute_free(struct compute *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (int i = 0; i < c->n_threads; i++)
		pthread_join(c->threads[i], NULL);
	while (c->entries) {
		struct entry *e = c->entries;

		c->entries = e->next;
		job_free(e->job);
		kr_free(e);
	}
	kr_free(c->threads);
	pthread_cond_destroy(&c->work);
	pthread_mutex_destroy(&c->lock);
	kr_free(c);
}
