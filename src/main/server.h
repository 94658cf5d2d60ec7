/* server - an application on its way to clients: listeners, lock, manager, workers. */
#ifndef TOAD_MAIN_SERVER_H
#define TOAD_MAIN_SERVER_H

#include "main/application.h"
#include "main/launch.h"

/* Runs the server in this process until it ends, and gives its exit status. An error before it
 * serves is printed on standard error. Does not return in a worker. */
int server_run(struct application *application, struct launch *launch, bool is_debugging);

#endif
