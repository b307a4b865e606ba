/* The disk: durable rows, one commit under way, a store thread that is slow,
 * fails, or dies with the commit half way (then it is there or not). */
#include <stdlib.h>
#include <string.h>

#include "proto/record.h"
#include "tests/sim/sim.h"

static struct stored_row copy_row(const struct world *w, const struct row *r)
{
	struct stored_row s = {.row = *r, .made_ns = world_moment(w, r->time_ms)};
	uint8_t *body = malloc(r->len + 1);
	char *actor = strdup(r->actor ? r->actor : "");
	if (!body || !actor)
		abort();
	if (r->len)
		memcpy(body, r->body, r->len);
	s.row.body = body;
	s.row.actor = actor;
	return s;
}

static void free_rows(struct stored_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((void *)rows[i].row.body);
		free((void *)rows[i].row.actor);
	}
	free(rows);
}

static void append(struct world *w, const struct stored_row *s)
{
	if (w->n_disk == w->cap_disk) {
		w->cap_disk = w->cap_disk ? 2 * w->cap_disk : 64;
		w->disk = realloc(w->disk, w->cap_disk * sizeof(*w->disk));
		if (!w->disk)
			abort();
	}
	w->disk[w->n_disk++] = *s;
	model_fold(w, s);
}

/* A study that was replaced and the one in its place: in one commit, or neither. */
static void replacements_are_whole(struct world *w, size_t from)
{
	for (size_t i = from; i < w->n_disk && !w->complaint[0]; i++) {
		const struct row *r = &w->disk[i].row;
		bool replaced = r->kind == RECORD_STUDY_UPDATED && !r->has_request && r->method;
		bool found = false;
		for (size_t k = from; replaced && k < w->n_disk; k++)
			found |= w->disk[k].row.kind == RECORD_STUDY_CREATED &&
				strcmp(model_find(w->model, w->disk[k].row.study)->name,
					model_find(w->model, r->study)->name) == 0;
		if (replaced && !found)
			world_complain(w, "study %d was replaced by none", (int)r->study);
	}
}

static void make_durable(struct world *w)
{
	size_t from = w->n_disk;
	for (size_t i = 0; i < w->n_flight; i++)
		append(w, &w->flight[i]);
	replacements_are_whole(w, from);
	free(w->flight);
	w->flight = NULL;
	w->n_flight = 0;
}

static void lose_flight(struct world *w)
{
	free_rows(w->flight, w->n_flight);
	w->flight = NULL;
	w->n_flight = 0;
}

static void note_loss(struct world *w)
{
	for (size_t i = 0; i < w->n_flight; i++) {
		struct model_study *f = model_find(w->model, w->flight[i].row.study);
		if (f)
			f->lost_ns = w->now_ns;
	}
}

void disk_commit(struct world *w, uint64_t group, const struct row *rows, size_t n)
{
	if (w->n_flight)
		world_complain(w, "two commits under way");
	if (n == 0)
		world_complain(w, "an empty commit");
	w->flight = calloc(n + 1, sizeof(*w->flight));
	if (!w->flight)
		abort();
	for (size_t i = 0; i < n; i++)
		w->flight[i] = copy_row(w, &rows[i]);
	w->n_flight = n;
	w->flight_group = group;
	world_push(w,
		(struct happening){.at = w->now_ns + (int64_t)world_below(w, 8000) * 1000,
			.kind = HAPPEN_COMMITTED,
			.id = group});
}

void disk_finish_commit(struct world *w, uint64_t group)
{
	struct event ev = {.kind = EVENT_COMMITTED, .u.committed = {.group = group}};
	if (w->loading) { /* one thread does both */
		world_push(w,
			(struct happening){.at = w->now_ns + 1000000, .kind = HAPPEN_COMMITTED, .id = group});
		return;
	}
	if (world_chance(w, w->profile->commit_fails)) {
		note_loss(w);
		lose_flight(w);
		world_trouble(w);
		ev.u.committed.status = world_below(w, 2) ? KR_EFULL : KR_EIO;
		ev.u.committed.text = "simulated";
	} else {
		make_durable(w);
	}
	world_event(w, &ev);
}

void disk_crash(struct world *w)
{
	if (w->n_flight && world_below(w, 2))
		make_durable(w);
	else
		lose_flight(w);
}

static int by_study(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->study != y->study)
		return x->study < y->study ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Rows of a study (0: all) among the first n_disk: the caller frees them. */
static struct row *rows_of(const struct world *w, uint64_t study, size_t n_disk, size_t *n)
{
	struct row *rows = calloc(n_disk + 1, sizeof(*rows));
	if (!rows)
		abort();
	*n = 0;
	for (size_t i = 0; i < n_disk; i++)
		if (study == 0 || w->disk[i].row.study == study)
			rows[(*n)++] = w->disk[i].row;
	qsort(rows, *n, sizeof(*rows), by_study);
	return rows;
}

static void tell_rows(
	struct world *w, const struct happening *h, const struct row *rows, size_t n, bool done)
{
	struct event ev = {
		.kind = EVENT_LOADED, .u.loaded = {.ticket = h->id, .rows = rows, .n = n, .done = done}};
	if (done && world_chance(w, w->profile->load_fails)) {
		ev.u.loaded.n = 0;
		ev.u.loaded.status = KR_EIO;
		ev.u.loaded.text = "simulated";
		world_trouble(w);
	}
	world_event(w, &ev);
}

/* A load comes in two parts, with requests, jobs and ticks between them. */
void disk_load(struct world *w, const struct happening *h)
{
	struct happening rest = *h;
	size_t n;
	rest.at = w->now_ns + (int64_t)world_below(w, 3000) * 1000;
	if (w->loading) { /* one at a time */
		rest.at += 1000;
		world_push(w, rest);
		return;
	}
	struct row *rows = rows_of(w, h->study, w->n_disk, &n);
	rest.kind = HAPPEN_LOADED_REST;
	rest.n_disk = w->n_disk;
	rest.from = world_below(w, (uint32_t)n + 1);
	w->loading = true;
	if (rest.from)
		tell_rows(w, h, rows, rest.from, false);
	world_push(w, rest);
	free(rows);
}

void disk_load_rest(struct world *w, const struct happening *h)
{
	size_t n;
	struct row *rows = rows_of(w, h->study, h->n_disk, &n);
	bool was_ready = engine_ready(w->engine);
	w->loading = false;
	w->n_loads--;
	tell_rows(w, h, rows + h->from, n - h->from, true);
	if (h->study)
		model_wake(w, h->study, false);
	else if (!was_ready && engine_ready(w->engine))
		model_wake(w, 0, true);
	free(rows);
}

const struct row *disk_row_of(const struct world *w, const uint8_t request[16], int *n)
{
	const struct row *found = NULL;
	int count = 0;
	for (size_t i = 0; i < w->n_disk; i++) {
		const struct row *r = &w->disk[i].row;
		if (r->has_request && memcmp(r->request, request, 16) == 0) {
			found = r;
			count++;
		}
	}
	if (n)
		*n = count;
	return found;
}

void disk_free(struct world *w)
{
	free_rows(w->disk, w->n_disk);
	lose_flight(w);
}
