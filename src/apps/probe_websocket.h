/* probe_websocket - the routes of probe that are WebSockets.
 *
 * Not pure. Runs on the worker's thread, like every callback. */
#ifndef TOAD_APPS_PROBE_WEBSOCKET_H
#define TOAD_APPS_PROBE_WEBSOCKET_H

#include <hypnotoad.h>

void websocket_open_echo(void *state, struct toad_request *request);
void websocket_open_push(void *state, struct toad_request *request);
void websocket_open_close(void *state, struct toad_request *request);

#endif
