/* Orders come through a mailbox. A load copies rows into parts of about 1 MiB;
 * at most PARTS of them are on the way, so a large database does not pile up in
 * memory while the engine applies it. Of one study, which is read while others
 * are served, it copies one part, and takes its place behind the other orders. */
#include "daemon/writer.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/log.h"
#include "daemon/store/copy.h"

enum { PARTS = 4, PART_ROWS = 2048, PART_BYTES = 1 << 20, PART_CAP = 64 << 20 };

enum order_kind { ORDER_COMMIT, ORDER_LOAD, ORDER_BACKUP };

struct part {
	struct report report;
	struct arena *arena;
	struct row *rows;
};

struct order {
	struct mail mail;
	enum order_kind kind;
	uint64_t group; /* commit */
	const struct row *rows;
	size_t n;
	uint64_t ticket, study; /* load */
	uint64_t after;         /* load: rows up to this seq were sent */
	struct part *last;      /* load: made with the order, so that its end can be told */
};

struct backing {
	struct report report; /* first: it is given back as one */
	struct order order;
	struct copy *copy; /* NULL before the first step */
	char path[];
};

struct writer {
	struct store *store;
	struct mailbox orders;
	struct mailbox *inbox;
	pthread_t thread;
	struct order commit; /* one group at a time: never allocated */
	struct report committed;
	struct kr_error commit_error;
	pthread_mutex_t lock; /* of the four below */
	pthread_cond_t part_back;
	int n_parts;
	bool closing, no_backup;
	atomic_uint_fast64_t db_bytes, wal_bytes;
	const char *engine_version;
};

/* ---- the thread's side ---- */

static void die(const char *doing, const struct kr_error *err)
{
	log_at(LOG_LEVEL_ERROR,
		"fatal: the state of the disk is not known; stopping without an "
		"acknowledgement, the next start reads what is there",
		"doing=%s code=%s err=\"%s\"", doing, kr_status_name(err->code), err->text);
	fprintf(stderr, "kriged: fatal: %s: %s\n", doing, err->text);
	_exit(WRITER_EXIT_FATAL);
}

static bool fatal(enum kr_status s)
{
	return s == KR_INTERNAL || s == KR_ECORRUPT;
}

static void publish_info(struct writer *w)
{
	struct store_info info;

	w->store->backend->info(w->store, &info);
	atomic_store(&w->db_bytes, info.db_bytes);
	atomic_store(&w->wal_bytes, info.wal_bytes);
}

static void do_commit(struct writer *w, const struct order *o)
{
	const struct store_backend *b = w->store->backend;
	struct kr_error *err = &w->commit_error, later = {0};
	enum kr_status s = b->append(w->store, o->rows, o->n, err);

	if (fatal(s))
		die("commit", err);
	if (s != KR_OK)
		log_at(LOG_LEVEL_WARN, "commit failed: changes are refused", "rows=%zu code=%s err=\"%s\"",
			o->n, kr_status_name(s), err->text);
	w->committed = (struct report){.kind = REPORT_COMMITTED,
		.u.committed = {.group = o->group, .status = s, .text = s == KR_OK ? "" : err->text}};
	mailbox_put(w->inbox, &w->committed.mail);
	s = b->maintain(w->store, &later);
	if (fatal(s))
		die("checkpoint", &later);
	if (s != KR_OK)
		log_at(LOG_LEVEL_WARN, "checkpoint failed", "code=%s err=\"%s\"", kr_status_name(s),
			later.text);
	publish_info(w);
}

static void free_part(struct part *p)
{
	if (!p)
		return;
	arena_free(p->arena);
	kr_free(p->rows);
	kr_free(p);
}

static struct part *new_part(uint64_t ticket)
{
	struct part *p = KR_NEW(struct part);

	if (!p)
		return NULL;
	p->arena = arena_new(PART_CAP);
	p->rows = KR_ARRAY(struct row, PART_ROWS);
	if (!p->arena || !p->rows) {
		free_part(p);
		return NULL;
	}
	p->report = (struct report){.kind = REPORT_LOADED,
		.u.loaded = {.ticket = ticket, .rows = p->rows, .status = KR_OK, .text = ""}};
	return p;
}

struct loading {
	struct writer *w;
	const struct order *order;
	struct part *part; /* being filled */
	bool more;         /* it is full, and the rest has to wait for its turn */
};

/* Send the part, once few enough are on the way; false when the writer closes. */
static bool send_part(struct writer *w, struct part *p)
{
	bool go;

	pthread_mutex_lock(&w->lock);
	while (w->n_parts >= PARTS && !w->closing)
		pthread_cond_wait(&w->part_back, &w->lock);
	go = !w->closing;
	w->n_parts += go;
	pthread_mutex_unlock(&w->lock);
	if (go)
		mailbox_put(w->inbox, &p->report.mail);
	else
		free_part(p);
	return go;
}

/* An empty part, the full one sent; NULL with the reason in err. */
static struct part *next_part(struct loading *l, struct kr_error *err)
{
	struct part *full = l->part;

	l->part = NULL;
	if (full && !send_part(l->w, full)) {
		kr_fail(err, KR_UNAVAILABLE, "the daemon stops");
		return NULL;
	}
	l->part = new_part(l->order->ticket);
	if (!l->part)
		kr_fail(err, KR_ENOMEM, "no memory to read rows");
	return l->part;
}

static bool is_full(const struct part *p)
{
	return p->report.u.loaded.n == PART_ROWS || arena_used(p->arena) >= PART_BYTES;
}

static enum kr_status take_row(void *ctx, const struct row *r, struct kr_error *err)
{
	struct loading *l = ctx;
	struct part *p = l->part;
	struct row *copy;

	l->more = p && is_full(p) && l->order->study != 0;
	if (l->more)
		return kr_fail(err, KR_NOT_NOW, "the next part has its own turn");
	if (!p || is_full(p)) {
		p = next_part(l, err);
		if (!p)
			return err->code;
	}
	copy = &p->rows[p->report.u.loaded.n];
	*copy = *r;
	copy->actor = arena_strndup(p->arena, r->actor, strlen(r->actor));
	copy->body = arena_memdup(p->arena, r->body, r->len);
	if (!copy->actor || !copy->body)
		return kr_fail(err, KR_ENOMEM, "no memory for a row of %zu bytes", r->len);
	p->report.u.loaded.n++;
	return KR_OK;
}

/* A study is read one part a turn: commits that have come meanwhile are before the next.
 * False when the writer closes. */
static bool put_back(struct writer *w, struct order *o, struct part *full)
{
	o->after = full->rows[full->report.u.loaded.n - 1].seq;
	if (!send_part(w, full))
		return false;
	mailbox_put(&w->orders, &o->mail);
	return true;
}

static void do_load(struct writer *w, struct order *o)
{
	struct loading l = {.w = w, .order = o};
	struct part *last = o->last;
	struct kr_error err = {0};
	enum kr_status s = w->store->backend->load(w->store, o->study, o->after, take_row, &l, &err);

	if (l.more && put_back(w, o, l.part))
		return;
	if (l.more)
		s = kr_fail(&err, KR_UNAVAILABLE, "the daemon stops");
	else if (l.part)
		send_part(w, l.part);
	last->report = (struct report){.kind = REPORT_LOADED,
		.u.loaded = {.ticket = o->ticket, .rows = NULL, .done = true, .status = s, .text = ""}};
	if (s != KR_OK)
		last->report.u.loaded.text = arena_strndup(last->arena, err.text, strlen(err.text));
	if (!last->report.u.loaded.text)
		last->report.u.loaded.text = "no memory";
	send_part(w, last);
	kr_free(o);
	publish_info(w);
}

static bool may_back_up(struct writer *w)
{
	bool may;

	pthread_mutex_lock(&w->lock);
	may = !w->no_backup && !w->closing;
	pthread_mutex_unlock(&w->lock);
	return may;
}

/* One step of it, then its place is behind what has come meanwhile. */
static void do_backup(struct writer *w, struct order *o)
{
	struct backing *b = (struct backing *)((char *)o - offsetof(struct backing, order));
	struct kr_error *err = &b->report.u.backed_up.error;
	bool done = false;
	enum kr_status s;

	if (!may_back_up(w))
		s = kr_fail(err, KR_UNAVAILABLE, "the daemon stops; ask for the backup again");
	else if (!b->copy)
		s = w->store->backend->copy(w->store, b->path, &b->copy, err);
	else
		s = copy_step(b->copy, &done, err);
	if (s == KR_OK && !done) {
		mailbox_put(&w->orders, &o->mail);
		return;
	}
	err->code = s;
	b->report.u.backed_up.bytes = b->copy ? copy_bytes(b->copy) : 0;
	copy_close(b->copy);
	mailbox_put(w->inbox, &b->report.mail);
}

static void *run(void *ctx)
{
	struct writer *w = ctx;
	struct mail *m;

	while ((m = mailbox_wait(&w->orders)) != NULL) {
		struct order *o = (struct order *)m;

		switch (o->kind) {
		case ORDER_COMMIT: do_commit(w, o); break;
		case ORDER_LOAD: do_load(w, o); break;
		case ORDER_BACKUP: do_backup(w, o); break;
		}
	}
	if (fatal(w->store->backend->close(w->store))) {
		fprintf(stderr,
			"kriged: fatal: closing the database failed; what was acknowledged is in it "
			"or its WAL, check the disk\n");
		_exit(WRITER_EXIT_FATAL);
	}
	return NULL;
}

/* ---- the engine thread's side ---- */

static enum kr_status start(struct writer *w, struct kr_error *err)
{
	enum kr_status s = mailbox_init(&w->orders, false, err);

	if (s != KR_OK)
		return s;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->part_back, NULL);
	if (pthread_create(&w->thread, NULL, run, w) == 0)
		return KR_OK;
	pthread_cond_destroy(&w->part_back);
	pthread_mutex_destroy(&w->lock);
	mailbox_fini(&w->orders);
	return kr_fail(err, KR_ENOMEM, "no thread for the store");
}

enum kr_status writer_open(struct writer **out, const struct store_backend *backend,
	const char *path, struct mailbox *inbox, struct kr_error *err)
{
	struct writer *w = KR_NEW(struct writer);
	struct store_info info;
	enum kr_status s;

	if (!w)
		return kr_fail(err, KR_ENOMEM, "no memory for the store's thread");
	s = backend->open(&w->store, path, err);
	if (s != KR_OK)
		goto fail_writer;
	backend->info(w->store, &info);
	w->engine_version = info.engine_version;
	publish_info(w);
	w->inbox = inbox;
	s = start(w, err);
	if (s != KR_OK)
		goto fail_store;
	*out = w;
	return KR_OK;

fail_store:
	backend->close(w->store);
fail_writer:
	kr_free(w);
	return s;
}

void writer_commit(struct writer *w, uint64_t group, const struct row *rows, size_t n)
{
	w->commit = (struct order){.kind = ORDER_COMMIT, .group = group, .rows = rows, .n = n};
	mailbox_put(&w->orders, &w->commit.mail);
}

enum kr_status writer_load(struct writer *w, uint64_t ticket, uint64_t study, struct kr_error *err)
{
	struct order *o = KR_NEW(struct order);

	if (o)
		o->last = new_part(ticket);
	if (!o || !o->last) {
		kr_free(o);
		return kr_fail(err, KR_ENOMEM, "no memory to read a study");
	}
	o->kind = ORDER_LOAD;
	o->ticket = ticket;
	o->study = study;
	mailbox_put(&w->orders, &o->mail);
	return KR_OK;
}

enum kr_status writer_backup(struct writer *w, const char *path, struct kr_error *err)
{
	size_t len = strlen(path);
	struct backing *b;

	if (!w->store->backend->copy)
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"this daemon keeps nothing (--db :memory:): there is nothing to back up");
	b = kr_calloc(1, sizeof(*b) + len + 1);
	if (!b)
		return kr_fail(err, KR_ENOMEM, "no memory for a backup");
	memcpy(b->path, path, len + 1);
	b->report.kind = REPORT_BACKED_UP;
	b->report.u.backed_up.path = b->path;
	b->order.kind = ORDER_BACKUP;
	mailbox_put(&w->orders, &b->order.mail);
	return KR_OK;
}

void writer_cut_backup(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->no_backup = true;
	pthread_mutex_unlock(&w->lock);
}

void writer_backup_done(struct writer *w, struct report *backed_up)
{
	(void)w;
	kr_free((struct backing *)backed_up);
}

void writer_part_done(struct writer *w, struct report *part)
{
	free_part((struct part *)part);
	pthread_mutex_lock(&w->lock);
	w->n_parts--;
	pthread_cond_signal(&w->part_back);
	pthread_mutex_unlock(&w->lock);
}

void writer_info(struct writer *w, struct store_info *out)
{
	*out = (struct store_info){.db_bytes = atomic_load(&w->db_bytes),
		.wal_bytes = atomic_load(&w->wal_bytes),
		.engine_version = w->engine_version};
}

void writer_stop(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_cond_broadcast(&w->part_back);
	pthread_mutex_unlock(&w->lock);
	mailbox_close(&w->orders);
	pthread_join(w->thread, NULL);
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	pthread_cond_destroy(&w->part_back);
	pthread_mutex_destroy(&w->lock);
	mailbox_fini(&w->orders);
	kr_free(w);
}
