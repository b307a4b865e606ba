/* What the daemon asks of the operating system for its own process. */
#ifndef KR_DAEMON_PROCESS_H
#define KR_DAEMON_PROCESS_H

#include <stdint.h>

#include "base/status.h"

/* SIGTERM, SIGINT and SIGHUP come to *fd, a signalfd that the caller closes; SIGPIPE to nobody.
 * Before the first thread is made. Errors: KR_EIO. */
enum kr_status process_catch_signals(int *fd, struct kr_error *err);

/* As many descriptors as the hard limit allows: a connection is one. */
void process_raise_descriptors(void);

/* Memory of large blocks goes back to the system when they are freed. Before the first thread is
 * made. */
void process_return_memory(void);

/* No image of this process is written to a disk. */
void process_never_dump(void);

/* Memory held now; 0 where it cannot be told. */
uint64_t process_resident_bytes(void);

#endif
