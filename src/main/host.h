/* host - what an application learns of the server that loads it: the functions toad_config_ and
 * toad_host_ of hypnotoad.h.
 *
 * Everything is borrowed and constant once it is filled. */
#ifndef TOAD_MAIN_HOST_H
#define TOAD_MAIN_HOST_H

#include "base/limits.h"
#include "config/app_options.h"
#include "hypnotoad.h"

struct toad_config {
    const struct app_options *options; /* borrowed from the configuration */
    char directory[CONFIG_PATH_MAX];   /* of the application */
    const char *mode;                  /* borrowed from the environment */
};

struct toad_host {
    unsigned generation; /* 1, and one more with every hot deployment */
};

/* `path` is the application's, absolute. The mode is that of the environment (promise CFG-10). */
void host_describe(const struct app_options *options, const char *path,
                   struct toad_config *ret_config);

#endif
