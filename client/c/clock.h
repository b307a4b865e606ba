/* Monotonic time for timeouts. */
#ifndef KR_CLIENT_C_CLOCK_H
#define KR_CLIENT_C_CLOCK_H

#include <stdint.h>

/* Milliseconds since some fixed moment; wall time plays no part. */
int64_t clock_ms(void);

/* Sleep for ms; a signal may end it early. */
void clock_sleep_ms(int64_t ms);

#endif
