/* static_options - what the setting `app` says to the application `static`.
 *
 * Reads it through the functions of the host, and the directory that it names; changes nothing. */
#ifndef TOAD_APPS_STATIC_OPTIONS_H
#define TOAD_APPS_STATIC_OPTIONS_H

#include "apps/static_path.h"

#include <hypnotoad.h>

struct static_options {
    char root[STATIC_NAME_SIZE]; /* absolute */
    const char *index;           /* a name; borrowed from the configuration, or static */
    bool has_dotfiles;
    char cache_control[40]; /* the field's value; empty: the answers have none */
};

/* False, and one line in `problem`, for an option that is not known, a value that is none, and a
 * root that is no directory or cannot be read. */
bool static_options_read(const struct toad_config *config, struct static_options *ret_options,
                         char *problem, size_t problem_size);

#endif
