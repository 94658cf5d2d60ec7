/* app_module - the application's shared object.
 *
 * It is loaded once in a process and never unloaded or replaced (promises APP-1, APP-2, CLI-1). */
#ifndef TOAD_MAIN_APP_MODULE_H
#define TOAD_MAIN_APP_MODULE_H

#include "base/problem.h"
#include "hypnotoad.h"

/* Loads the file and checks its descriptor. `ret_app` is complete: members that the application
 * does not have are NULL. Its texts and functions belong to the module, which stays. */
MUST_CHECK enum error app_module_load(const char *path, struct toad_app *ret_app,
                                      struct problem *problem);

/* The check of a descriptor alone: its version, its size and what it must have. */
MUST_CHECK enum error app_module_accept(const struct toad_app *descriptor, const char *path,
                                        struct toad_app *ret_app, struct problem *problem);

#endif
