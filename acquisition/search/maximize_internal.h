/* What the files of the maximizer share. */
#ifndef KR_ACQUISITION_MAXIMIZE_INTERNAL_H
#define KR_ACQUISITION_MAXIMIZE_INTERNAL_H

#include "acquisition/search/maximize.h"

enum { MAXIMIZE__MOST_STARTS = 16 };

enum maximize__stage {
	MAXIMIZE__SCREEN,
	MAXIMIZE__PICK,
	MAXIMIZE__ASCEND,
	MAXIMIZE__SWEEP,
	MAXIMIZE__POLISH,
	MAXIMIZE__DONE
};

struct maximizer {
	struct maximize_problem p;
	struct arena *arena;
	int d, n_raw, n_moving;
	enum maximize__stage stage;
	double *raw_value;
	int n_screened;
	int n, n_swept;         /* starts; how many of them join the sweeps */
	double *x, *f;          /* starts: d x n, n */
	double *best_x, best_f; /* start of the polish */
	struct ascend *ascent;  /* NULL between ascents, but for one that the polish resumes */
	double *scale;
	unsigned char *moving, *discrete;
	bool any_smooth, changed, polishing, sorted;
	int round, coordinate;
	int *order, n_order;           /* of raw candidates (< n_raw) and starts */
	struct projection *projection; /* the next four: under rules only */
	double *values;                /* d */
	long spent;                    /* by the region before */
	double *waking;                /* d coords: where parameters start that become active */
};

/* value (one a row) <- of the rows of X, in pieces. Errors: KR_ENOMEM, those of the function. */
enum kr_status maximize__evaluate(
	struct maximizer *m, struct mat X, double *value, struct kr_error *err);

/* ---- maximize_sweep.c: other values of the discrete coordinates ----------------------------- */

/* Under rules: where parameters start that a move wakes, from the candidates. False without
 * memory. */
bool maximize__find_waking(struct maximizer *m);

/* One coordinate of a sweep, for the best starts; after the last the next stage. *work grows by the
 * evaluations. Errors: as maximize__evaluate. */
enum kr_status maximize__sweep(struct maximizer *m, int *work, struct kr_error *err);

#endif
