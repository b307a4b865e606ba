/* CreateStudy: a new study, or (if_exists) the one that is there, or a new one in
 * its place.
 *
 * Attaching writes a row that changes nothing: the request is remembered, so a
 * repeat that comes late can't create the study anew. */
#include <string.h>

#include "base/utf8.h"
#include "daemon/engine/call.h"
#include "daemon/engine/claim.h"
#include "daemon/engine/warm_start.h"

/* A spec in the answer, together with its best trial and with the labels that both may get
 * later, must fit a message. */
enum { MOST_ANSWER_BYTES = LIMIT_MESSAGE_BYTES / 2 - 2 * LIMIT_LABELS_BYTES };

static enum kr_status check(struct call *c, struct kr_error *err)
{
	const struct msg_create_study *m = &c->m->u.create_study;
	uint64_t ms;

	if (!m->name || !utf8_name(m->name, strlen(m->name)))
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "name",
			"name is missing or not a name; give 1 to %d bytes of UTF-8 without control "
			"characters and without spaces at the ends",
			LIMIT_NAME_BYTES);
	if (m->spec.has_budget && m->spec.budget == 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "spec.budget",
			"spec.budget is 0; give at least 1, or leave it out for no limit");
	if (m->spec.has_lease && claim_term(m->spec.lease_s, "spec.lease_s", &ms, err) != KR_OK)
		return KR_INVALID_ARGUMENT;
	return labels_check(&m->spec.labels, "spec.labels", err);
}

static struct study *find_live(const struct call *c, const char *name)
{
	struct study *s = NULL;

	while ((s = studies_named(&c->e->studies, name, s)) != NULL)
		if (s->now.state != STUDY_DELETED)
			return s;
	return NULL;
}

static enum kr_status attach(struct call *c, struct kr_error *err)
{
	const struct msg_spec *spec = &c->m->u.create_study.spec;
	struct study_view v = c->study->now;
	struct change ch = call_change(c, RECORD_STUDY_UPDATED);
	struct msg_spec now = study_view_spec(c->study->def, &v);
	enum kr_status st = definition_agrees(c->study->def, spec, &now, err);

	if (st != KR_OK)
		return st;
	study_view_update(&v, &ch.record.u.updated, ch.row.seq);
	st = call_answer_study(c, &v, true, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}

/* 53 random bits: a seed that every client language can show. */
static uint64_t random_seed(struct engine *e)
{
	uint8_t bytes[16];
	uint64_t seed;

	e->o.random(e->o.random_ctx, bytes);
	memcpy(&seed, bytes, sizeof(seed));
	return seed >> 11;
}

static enum kr_status make_study(
	struct call *c, struct study **out, const struct record_source **sources, struct kr_error *err)
{
	const struct msg_create_study *m = &c->m->u.create_study;
	struct row row = {
		.study = studies_next_id(&c->e->studies),
		.seq = 1,
		.time_ms = c->e->now.wall_ms,
	};
	struct msg_spec spec = m->spec;
	struct definition *def;
	enum kr_status st;

	if (!spec.has_lease)
		spec.lease_s = DEFINITION_LEASE_S;
	if (!spec.has_seed)
		spec.seed = random_seed(c->e);
	spec.has_lease = spec.has_seed = true;
	st = definition_new(&def, m->name, &spec, err);
	if (st != KR_OK)
		return st;
	st = definition_check(def, err);
	if (st == KR_OK)
		st = warm_start_take(c, def, sources, err);
	if (st == KR_OK)
		st = study_new(out, &row, def, err);
	definition_release(def);
	return st;
}

/* Plan the new one and, when there is one, the end of the old one; apply both or none. */
static enum kr_status commit(
	struct call *c, struct study *old, const struct record_source *sources, struct kr_error *err)
{
	struct change create = call_change(c, RECORD_STUDY_CREATED);
	struct change replace = {
		.study = old,
		.record.kind = RECORD_STUDY_UPDATED,
		.record.u.updated.state = STUDY_DELETED,
		.method = METHOD_CREATE_STUDY,
		.actor = c->m->meta.worker_id,
	};
	enum kr_status st;

	create.record.u.created.name = c->study->def->name;
	create.record.u.created.spec = c->study->def->spec;
	create.record.u.created.n_sources = c->study->def->n_sources;
	create.record.u.created.sources = sources;
	st = call_answer_study(c, &c->study->now, false, err);
	if (st == KR_OK)
		st = change_plan(c->e, &create, err);
	if (st == KR_OK && create.answer.len > MOST_ANSWER_BYTES)
		return kr_fail_field(err, KR_TOO_LARGE, "spec",
			"spec takes %zu bytes; at most %d are allowed", create.answer.len, MOST_ANSWER_BYTES);
	if (st == KR_OK && old) {
		change_begin(c->e, &replace);
		st = change_plan(c->e, &replace, err);
		if (st == KR_OK)
			change_apply(c->e, &replace);
	}
	if (st != KR_OK)
		return st;
	change_apply(c->e, &create);
	c->answered = true;
	return KR_OK;
}

static enum kr_status create(struct call *c, struct study *old, struct kr_error *err)
{
	const struct record_source *sources;
	enum kr_status st = make_study(c, &c->study, &sources, err);

	if (st != KR_OK)
		return st;
	st = commit(c, old, sources, err);
	if (st != KR_OK) {
		study_free(c->study);
		c->study = NULL;
	}
	return st;
}

enum kr_status handle_create_study(struct call *c, struct kr_error *err)
{
	const struct msg_create_study *m = &c->m->u.create_study;
	struct study *old;
	enum kr_status st = check(c, err);

	if (st == KR_OK)
		st = call_name_settled(c, m->name, err);
	if (st != KR_OK)
		return st;
	old = find_live(c, m->name);
	if (!old || m->if_exists == IF_EXISTS_REPLACE)
		return create(c, old, err);
	c->study = old;
	if (m->if_exists == IF_EXISTS_ATTACH)
		return attach(c, err);
	return kr_fail_field(err, KR_ALREADY_EXISTS, "name",
		"study '%s' exists; give another name, or "
		"if_exists = attach or replace",
		m->name);
}
