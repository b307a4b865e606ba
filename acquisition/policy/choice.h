/* The acquisitions that a study can name: a line each in choice_list.def.
 * docs/acquisitions.md says what each is. Pure, thread-safe. */
#ifndef KR_ACQUISITION_CHOICE_H
#define KR_ACQUISITION_CHOICE_H

#include <stdbool.h>

enum choice {
#define CHOICE(NAME, name, what, make) CHOICE_##NAME,
#include "acquisition/policy/choice_list.def"
#undef CHOICE
	CHOICE_N
};

enum {
	CHOICE_LEVEL = 1,  /* needs a level of the objective */
	CHOICE_BETA = 2,   /* weighs deviations: takes a beta */
	CHOICE_ALONE = 4,  /* knows no outcome constraints */
	CHOICE_PLAIN = 8,  /* its values are no logarithms */
	CHOICE_LEARNS = 16 /* is there to learn the function, not to find its maximum */
};

/* The choice of that name ("log_ei"; "ei" is the same; NULL is auto). False when there is none. */
bool choice_find(const char *name, enum choice *out);

/* "log_ei". */
const char *choice_name(enum choice c);

/* Is one of these true of it? */
bool choice_has(enum choice c, unsigned what);

/* The weight of the deviation where none is given, squared; 0 when it takes none. */
double choice_beta(enum choice c);

/* to (size bytes) <- the names of those of which one of these is true, all for 0:
 * "ucb, straddle". */
void choice_list(unsigned what, char *to, int size);

#endif
