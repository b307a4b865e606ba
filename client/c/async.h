/* Calls without blocking: tasks, the threads that run them, what is done. For this folder. */
#ifndef KR_CLIENT_C_ASYNC_H
#define KR_CLIENT_C_ASYNC_H

struct async;

/* End everything: what waits is dropped, what runs is interrupted, what is done and not
 * taken is freed. NULL does nothing. */
void async_free(struct async *a);

#endif
