/* Numbers in sentences for people. */
#ifndef KR_BASE_NUMBER_H
#define KR_BASE_NUMBER_H

enum { NUMBER_SHOWN = 32 };

/* out <- v in the fewest of 15 to 17 digits that read back as v: 0.1, not
 * 0.10000000000000001. Gives out. */
const char *number_show(double v, char out[NUMBER_SHOWN]);

/* out <- a probability: "36 %", "0.3 %", "under 0.01 %". Gives out. */
const char *number_percent(double p, char out[NUMBER_SHOWN]);

#endif
