/* The disk: durable rows, one commit under way, a store thread that is slow,
 * fails, or dies with the commit half way (then it is there or not). */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

static struct stored_row copy_row(const struct row *r)
{
	struct stored_row s = {.row = *r};
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

uint64_t disk_seq(const struct world *w, uint64_t study)
{
	uint64_t seq = 0;
	for (size_t i = 0; i < w->n_disk; i++)
		if (w->disk[i].row.study == study && w->disk[i].row.seq > seq)
			seq = w->disk[i].row.seq;
	return seq;
}

static void make_durable(struct world *w)
{
	for (size_t i = 0; i < w->n_flight; i++) {
		const struct row *r = &w->flight[i].row;
		if (r->seq != disk_seq(w, r->study) + 1)
			world_complain(w, "row %llu of study %llu after %llu",
				(unsigned long long)r->seq, (unsigned long long)r->study,
				(unsigned long long)disk_seq(w, r->study));
		if (w->n_disk == w->cap_disk) {
			w->cap_disk = w->cap_disk ? 2 * w->cap_disk : 64;
			w->disk = realloc(w->disk, w->cap_disk * sizeof(*w->disk));
			if (!w->disk)
				abort();
		}
		w->disk[w->n_disk++] = w->flight[i];
	}
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

void disk_commit(struct world *w, uint64_t group, const struct row *rows, size_t n)
{
	if (w->n_flight)
		world_complain(w, "two commits under way");
	if (n == 0)
		world_complain(w, "an empty commit");
	w->flight = calloc(n, sizeof(*w->flight));
	if (!w->flight)
		abort();
	for (size_t i = 0; i < n; i++)
		w->flight[i] = copy_row(&rows[i]);
	w->n_flight = n;
	w->flight_group = group;
	world_push(w, (struct happening){.at = w->now_ns + (int64_t)world_below(w, 8000) * 1000,
		.kind = HAPPEN_COMMITTED, .id = group});
}

void disk_finish_commit(struct world *w, uint64_t group)
{
	struct event ev = {.kind = EVENT_COMMITTED, .u.committed = {.group = group}};
	if (world_chance(w, w->profile->commit_fails)) {
		lose_flight(w);
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

void disk_load(struct world *w, uint64_t ticket, uint64_t study)
{
	struct event ev = {.kind = EVENT_LOADED, .u.loaded = {.ticket = ticket, .done = true}};
	struct row *rows = calloc(w->n_disk + 1, sizeof(*rows));
	if (!rows)
		abort();
	size_t n = 0;
	for (size_t i = 0; i < w->n_disk; i++)
		if (study == 0 || w->disk[i].row.study == study)
			rows[n++] = w->disk[i].row;
	qsort(rows, n, sizeof(*rows), by_study);
	if (world_chance(w, w->profile->load_fails)) {
		ev.u.loaded.status = KR_EIO;
		ev.u.loaded.text = "simulated";
		world_event(w, &ev);
	} else {
		size_t half = world_below(w, (uint32_t)n + 1); /* in two parts */
		if (half) {
			ev.u.loaded.rows = rows;
			ev.u.loaded.n = half;
			ev.u.loaded.done = false;
			world_event(w, &ev);
		}
		ev.u.loaded.rows = rows + half;
		ev.u.loaded.n = n - half;
		ev.u.loaded.done = true;
		world_event(w, &ev);
	}
	free(rows);
}

void disk_free(struct world *w)
{
	free_rows(w->disk, w->n_disk);
	lose_flight(w);
}
