/* The expected gain of the best of k lines: with Z standard normal,
 *
 *     KG = E max_i (a_i + b_i Z) - max_i a_i.
 *
 * Exact, from the upper envelope of the lines (Frazier, Powell & Dayanik 2009, alg. 1): with its
 * lines in the order of their slopes, meeting at cuts c_j,
 *
 *     KG = sum_j (b_{j+1} - b_j) h(-|c_j|),   h(u) = phi(u) + u Phi(u).
 *
 * All terms are positive: nothing cancels, and their logarithms are added in log space.
 * Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_KG_LINES_H
#define KR_ACQUISITION_KG_LINES_H

/* Room for one line. */
struct kg_lines_work {
	double a, b, cut, log_term;
	int index;
};

/* ln KG, -inf when KG is 0: all slopes equal, or a cut beyond 1e154. da and db (k each, both NULL
 * to skip) <- the derivatives of ln KG: 0 off the envelope, and everywhere when KG is 0. Where
 * max a changes hands KG has a kink; there they are a mean of both sides. NaN when any a or
 * b is not finite, with derivatives of 0. k >= 1. work: k, overwritten. Cost k ln k. */
double kg_lines_log(
	int k, const double *a, const double *b, double *da, double *db, struct kg_lines_work *work);

#endif
