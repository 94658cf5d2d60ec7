/* notify - tells a service manager what the server is about, by the protocol of sd_notify(3).
 *
 * Without NOTIFY_SOCKET in the environment it does nothing; it never waits (promise UPG-7). */
#ifndef TOAD_SYS_NOTIFY_H
#define TOAD_SYS_NOTIFY_H

/* This process is the main one and serves. */
void notify_ready(void);

/* This process has begun to stop. */
void notify_stopping(void);

#endif
