/* Requests about studies. */
#include <inttypes.h>

#include "proto/decode_request.h"
#include "proto/limits.h"

enum kr_status decode_request__create_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__CreateStudyRequest *pb = item;
	struct msg_create_study *m = &out->u.create_study;
	unsigned if_exists = IF_EXISTS_FAIL;
	enum kr_status st = decode_part__required_name(d, AT("name"), pb->has_name, pb->name, &m->name);

	if (st == KR_OK && pb->has_namespace_ && pb->namespace_.len)
		st = decode_part__unsupported(d, AT("namespace"));
	if (st == KR_OK && pb->has_if_exists)
		st = decode_part__enum(d, AT("if_exists"),
			&kriged__create_study_request__if_exists__descriptor, (int)pb->if_exists, &if_exists);
	if (st == KR_OK && pb->has_clone_of)
		st = decode_part__required_name(d, AT("clone_of"), true, pb->clone_of, &m->clone_of);
	if (st != KR_OK)
		return st;
	m->if_exists = if_exists;
	if (!pb->spec)
		return decode_part__missing(d, AT("spec"), "give parameters and metrics");
	return decode_spec__read(d, AT("spec"), pb->spec, &m->spec);
}

enum kr_status decode_request__get_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__GetStudyRequest *pb = item;
	struct msg_get_study *m = &out->u.get_study;
	enum kr_status st = READ_STUDY(d, pb, m);

	m->since_seq = pb->since_seq;
	return st == KR_OK ? decode_part__wait_ms(d, pb->has_wait_ms, pb->wait_ms, &m->wait_ms) : st;
}

enum kr_status decode_request__list_studies(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ListStudiesRequest *pb = item;
	struct msg_list_studies *m = &out->u.list_studies;

	(void)d;
	m->deleted = pb->has_deleted && pb->deleted;
	m->after_id = pb->after_id;
	m->limit = pb->limit;
	return KR_OK;
}

static enum kr_status check_update(const struct decoder *d, const struct msg_update_study *m)
{
	if (m->has_budget && m->budget == 0)
		return decode_part__fail(d, AT("budget"), KR_INVALID_ARGUMENT,
			"is 0; give at least 1, or no_budget to take the limit away");
	if (m->has_budget && m->no_budget)
		return decode_part__fail(d, AT("no_budget"), KR_INVALID_ARGUMENT,
			"contradicts budget %" PRIu64 "; give one of the two", m->budget);
	if (!m->action && !m->has_budget && !m->no_budget && !m->has_lease && !m->on_expiry &&
		!m->has_retry_limit && !m->labels.n && !m->remove_labels.n && !m->has_stop &&
		!m->acquisition.name && !m->acquisition.has_level && !m->acquisition.has_beta)
		return decode_part__missing(d, AT("action"),
			"there is nothing to change: give action, budget, no_budget, lease_s, on_expiry, "
			"retry_limit, labels, remove_labels, stop or acquisition");
	return KR_OK;
}

enum kr_status decode_request__update_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__UpdateStudyRequest *pb = item;
	struct msg_update_study *m = &out->u.update_study;
	unsigned action = ACTION_NONE, on_expiry = 0;
	enum kr_status st = READ_STUDY(d, pb, m);

	if (st == KR_OK && pb->has_action)
		st = decode_part__enum(d, AT("action"), &kriged__update_study_request__action__descriptor,
			(int)pb->action, &action);
	if (st == KR_OK && pb->has_on_expiry)
		st = decode_part__enum(
			d, AT("on_expiry"), &kriged__on_expiry__descriptor, (int)pb->on_expiry, &on_expiry);
	if (st == KR_OK)
		st = decode_part__lease_s(d, AT("lease_s"), pb->has_lease_s, pb->lease_s);
	if (st == KR_OK)
		st = decode_part__label_change(d, NULL, pb->n_labels, pb->labels, pb->n_remove_labels,
			pb->remove_labels, &m->labels, &m->remove_labels);
	if (st == KR_OK)
		st = decode_spec__stop(d, AT("stop"), pb->stop, &m->has_stop, &m->stop);
	if (st == KR_OK)
		st = READ_ACQUISITION(d, NULL, pb, &m->acquisition);
	m->action = action;
	m->has_budget = pb->has_budget;
	m->budget = pb->budget;
	m->no_budget = pb->has_no_budget && pb->no_budget;
	m->has_lease = pb->has_lease_s;
	m->lease_s = pb->lease_s;
	m->on_expiry = on_expiry;
	m->has_retry_limit = pb->has_retry_limit;
	m->retry_limit = pb->retry_limit;
	m->has_expected_version = pb->has_expected_version;
	m->expected_version = pb->expected_version;
	return st == KR_OK ? check_update(d, m) : st;
}

enum kr_status decode_request__delete_study(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__DeleteStudyRequest *pb = item;
	struct msg_delete_study *m = &out->u.delete_study;
	enum kr_status st = READ_STUDY(d, pb, m);

	m->undelete = pb->has_undelete && pb->undelete;
	m->has_id = pb->has_id;
	m->id = pb->id;
	return st;
}

enum kr_status decode_request__why(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__WhyRequest *pb = item;

	return READ_STUDY(d, pb, &out->u.why);
}

enum kr_status decode_request__get_model(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__GetModelRequest *pb = item;

	return READ_STUDY(d, pb, &out->u.get_model);
}
