/* demo_echo - the live echo of the demo, over a WebSocket.
 *
 * Not pure: runs on the worker's thread, like every callback. */
#ifndef TOAD_APPS_DEMO_ECHO_H
#define TOAD_APPS_DEMO_ECHO_H

#include <hypnotoad.h>

/* Opens the WebSocket: says who is at this end, and then gives back each text, until the worker is
 * asked to leave. */
void echo_open(struct toad_request *request);

#endif
