/* DeleteStudy: soft, and back again (undelete). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/engine/call.h"
#include "daemon/engine/quote.h"

static enum kr_status commit(struct call *c, enum study_state state, struct kr_error *err)
{
	struct change ch = call_change(c, RECORD_STUDY_UPDATED);
	struct study_view v = c->study->now;
	enum kr_status st;

	ch.record.u.updated.state = state;
	study_view_update(&v, &ch.record.u.updated, ch.row.seq);
	st = call_answer_study(c, &v, false, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}

static enum kr_status remove_study(struct call *c, struct kr_error *err)
{
	const struct msg_delete_study *m = &c->m->u.delete_study;
	enum kr_status st = call_study(c, m->study, err);

	if (st != KR_OK)
		return st;
	if (m->has_id && m->id != c->study->id)
		return kr_fail_field(err, KR_NOT_FOUND, "id",
			"study '%s' has the id %" PRIu64 ", not %" PRIu64 "; leave the id out, or correct it",
			m->study, c->study->id, m->id);
	return commit(c, STUDY_DELETED, err);
}

/* ---- undelete --------------------------------------------------------------- */

/* The deleted studies of a name: how many, how many of them are in ids; the one of the id when
 * has_id, else one of them; is the name taken? */
struct candidates {
	int n, n_shown;
	struct study *chosen;
	bool taken;
	char ids[120];
};

static void add_candidate(
	struct candidates *found, struct study *s, const struct msg_delete_study *m)
{
	char *end = found->ids + strlen(found->ids);
	size_t room = sizeof(found->ids) - (size_t)(end - found->ids);

	found->n++;
	if (found->n_shown == found->n - 1) {
		int len = snprintf(end, room, "%s%" PRIu64, found->n_shown ? ", " : "", s->id);

		if (len >= 0 && (size_t)len < room)
			found->n_shown++;
		else
			*end = '\0';
	}
	if (!m->has_id || m->id == s->id)
		found->chosen = s;
}

static struct candidates find(const struct call *c, const struct msg_delete_study *m)
{
	struct candidates found = {0};
	const struct studies *all = &c->e->studies;
	struct study *s = NULL;

	while ((s = studies_named(all, m->study, s)) != NULL)
		if (s->now.state != STUDY_DELETED)
			found.taken = true;
		else
			add_candidate(&found, s, m);
	return found;
}

static enum kr_status ambiguous(
	const struct candidates *found, const char *name, struct kr_error *err)
{
	char more[64] = "", quoted[72];

	if (found->n > found->n_shown)
		snprintf(more, sizeof(more), " and %d more; list the deleted studies",
			found->n - found->n_shown);
	quote_text(name, quoted, sizeof(quoted));
	return kr_fail_field(err, KR_INVALID_ARGUMENT, "id",
		"%d deleted studies are named %s; give the id of one: %s%s", found->n, quoted, found->ids,
		more);
}

static enum kr_status restore(struct call *c, struct kr_error *err)
{
	const struct msg_delete_study *m = &c->m->u.delete_study;
	struct candidates found;
	enum kr_status st;

	if (!m->study)
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, "study", "study is missing; give the name of a study");
	st = call_name_settled(c, m->study, err);
	if (st != KR_OK)
		return st;
	c->of_names = true;
	found = find(c, m);
	if (found.taken)
		return kr_fail_field(err, KR_ALREADY_EXISTS, "study",
			"there is a study '%s' that is not "
			"deleted; delete it first",
			m->study);
	if (!found.chosen && m->has_id)
		return kr_fail_field(err, KR_NOT_FOUND, "id",
			"there is no deleted study '%s' with the id %" PRIu64 "; list the deleted studies",
			m->study, m->id);
	if (!found.chosen)
		return kr_fail_field(err, KR_NOT_FOUND, "study",
			"there is no deleted study '%s'; list the deleted studies", m->study);
	if (found.n > 1 && !m->has_id)
		return ambiguous(&found, m->study, err);
	c->study = found.chosen;
	return commit(c, c->study->now.before_delete, err);
}

enum kr_status handle_delete_study(struct call *c, struct kr_error *err)
{
	return c->m->u.delete_study.undelete ? restore(c, err) : remove_study(c, err);
}
