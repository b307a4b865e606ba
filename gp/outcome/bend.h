/* A bend: a second, nonlinear step of an outcome's transform, from standardized values s to
 * z = (f(s) - shift) / scale, standardized again. f is increasing and has every number as a value,
 * so that each z has its s.
 *
 *   power   Yeo-Johnson (power.h) between the smallest and the largest s it was learnt from; beyond
 *           them straight on with the slope at the end. A prediction beyond the data would else
 *           come to the end of the power's values, and be infinite on the way back.
 *   bilog   Ax's, for values that are compared with bounds: sign(s - B) ln(1 + |s - B|) about a
 *           bound B; of two bounds the one that is crossed, and s itself between them. In units of
 *           the deviation, where Ax has raw ones, so that units do not matter.
 *
 * Plain values, pure functions. */
#ifndef KR_GP_OUTCOME_BEND_H
#define KR_GP_OUTCOME_BEND_H

enum bend_kind { BEND_NONE, BEND_POWER, BEND_BILOG };

struct bend {
	enum bend_kind kind;
	double lambda;       /* power */
	double low, high;    /* power: the ends of the data; bilog: bounds, infinite where none */
	double shift, scale; /* of f(s) */
};

/* The power whose exponent, in [-2, 4], is the most likely for n values s (power_fit). BEND_NONE
 * for constant ones. z (n, may be s) <- the bent values. */
struct bend bend_power(const double *s, int n, double *z);

/* The same about bounds (lower <= upper, in units of s; infinite: none). BEND_NONE without any, and
 * for bounds more than 1,000 away, where it would be straight. */
struct bend bend_bilog(const double *s, int n, double lower, double upper, double *z);

/* s -> z, back, and ln dz/ds; the sum of these over a sample is the log-Jacobian. Infinities stay.
 * BEND_NONE: the identity. */
double bend_value(const struct bend *b, double s);
double bend_inverse(const struct bend *b, double z);
double bend_log_slope(const struct bend *b, double s);

#endif
