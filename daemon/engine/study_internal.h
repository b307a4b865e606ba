/* What the files of a study ask of each other. */
#ifndef KR_DAEMON_ENGINE_STUDY_INTERNAL_H
#define KR_DAEMON_ENGINE_STUDY_INTERNAL_H

#include "daemon/engine/study.h"

/* study_apply.c: the trial moves from the set of numbers where it was to where it is: running,
 * queued, taken, or none (the model sees its result, or it was deleted). A new one was nowhere
 * (NULL). The room has been reserved. */
void study__refile(struct study *s, const struct trial *was, const struct trial *is);

/* Does the model see its result? */
bool study__observed(const struct trial *t);

/* The trial, one with a result, is the best when none is better; ties go to the lowest number. */
void study__contend(struct study *s, const struct trial *t);

/* study_edit.c: each kind as study_reserve and study_apply do it. */
enum kr_status study__reserve_edited(
	struct study *s, const struct record_edited *r, struct kr_error *err);
void study__apply_edited(struct study *s, const struct row *row, const struct record_edited *r);
enum kr_status study__reserve_reported(
	struct study *s, const struct record_reported *r, struct kr_error *err);
void study__apply_reported(
	struct study *s, const struct row *row, const struct record_reported *r, int64_t now_ns);

#endif
