/* application - everything that a server is made of before it runs: the application, its
 * configuration, its files.
 *
 * Loaded the same way for --test, --stop and a start, so that a check checks what a start does
 * (promise CLI-4). */
#ifndef TOAD_MAIN_APPLICATION_H
#define TOAD_MAIN_APPLICATION_H

#include "base/problem.h"
#include "config/config.h"
#include "config/endpoint.h"
#include "hypnotoad.h"
#include "main/host.h"
#include "main/options.h"
#include "sys/privileges.h"
#include "tls/tls_context.h"

struct application {
    char path[CONFIG_PATH_MAX];        /* of the shared object, absolute, without symbolic links */
    char given_path[CONFIG_PATH_MAX];  /* the same, absolute, as it was given */
    char config_path[CONFIG_PATH_MAX]; /* of the configuration */
    const char *temporary_directory;   /* borrowed from the environment */
    struct config config;
    struct endpoint endpoints[LISTEN_MAX];
    struct tls_context *contexts[LISTEN_MAX]; /* of each; NULL: without TLS, or not loaded yet */
    struct privileges privileges;
    struct toad_app app;
    struct toad_config facts; /* what the application is told */
};

/* Finds the application's file and reads its configuration. */
MUST_CHECK enum error application_configure(struct application *application,
                                            const struct options *options, struct problem *problem);

/* Loads the application and checks everything that a start needs, without taking or changing any of
 * it. */
MUST_CHECK enum error application_load(struct application *application, struct problem *problem);

/* Checks that its UNIX domain sockets could be made where none are inherited. A start need not: it
 * makes them. */
MUST_CHECK enum error application_check_paths(const struct application *application,
                                              struct problem *problem);

#endif
