/* server - an application on its way to clients: listeners, lock, manager, workers. */
#ifndef TOAD_MAIN_SERVER_H
#define TOAD_MAIN_SERVER_H

#include "main/application.h"
#include "main/inheritance.h"
#include "main/launch.h"

/* What a server is run with. Everything is borrowed for its life. */
struct server_plan {
    struct application *application;
    struct launch *launch;
    struct inheritance *inheritance;
    const char *executable; /* absolute: what the next generation is made of */
    char *const *arguments; /* and how it is called */
    bool is_debugging;
};

/* Runs the server in this process until it ends, and gives its exit status. An error before it
 * serves is printed on standard error. Does not return in a worker. */
int server_run(const struct server_plan *plan);

#endif
