/* A standard normal variable that is known to be below a bound g: what the information in a
 * maximum is made of. Pure, thread-safe. */
#ifndef KR_ACQUISITION_TRUNCATED_H
#define KR_ACQUISITION_TRUNCATED_H

struct truncated {
	double r;     /* phi(g) / Phi(g): minus the mean */
	double w;     /* g + r: the bound less the mean, > 0 */
	double lost;  /* r w: the part of the variance that the bound takes */
	double var;   /* 1 - r w: the variance */
	double dvar;  /* its slope in g, r (w^2 - var) */
	double info;  /* entropy lost in nats, g r / 2 - ln Phi(g) */
	double dinfo; /* its slope in g, -r (1 + g w) / 2 */
};

/* Moments and entropy below g (Johnson, Kotz & Balakrishnan 1994, sec. 13.10.1). Finite for |g|
 * up to 1e100; relative errors below 2e-11, those of dvar below 1e-8. */
struct truncated truncated_below(double g);

#endif
