/* app_options - what the configuration says to the application alone: options and their values.
 *
 * Pure. Holds all texts in place; one that is all zeros is empty. Texts that it gives live as long
 * as it does, at the same place. */
#ifndef TOAD_CONFIG_APP_OPTIONS_H
#define TOAD_CONFIG_APP_OPTIONS_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>

struct app_option {
    size_t name; /* where it begins in the texts */
    size_t value;
};

struct app_options {
    size_t count;
    struct app_option rows[APP_OPTIONS_MAX]; /* in the order in which they were added */
    size_t size;                             /* of the texts, each with its NUL */
    char texts[APP_OPTIONS_SIZE_MAX];
};

/* Whether an option may be called so: 1 to APP_OPTION_NAME_MAX - 1 letters of ASCII, digits, `_`,
 * `-` and `.`. */
bool app_options_is_name(struct bytes name);

/* Adds an option that is not there yet; neither text holds a NUL. ERROR_FULL: there are
 * APP_OPTIONS_MAX already, or no room for the texts. */
MUST_CHECK enum error app_options_add(struct app_options *options, struct bytes name,
                                      struct bytes value);

/* Whether there is an option of this name, and at which index, from 0. */
bool app_options_find(const struct app_options *options, struct bytes name, size_t *ret_index);

/* NULL past the last one. */
const char *app_options_name(const struct app_options *options, size_t index);
const char *app_options_value(const struct app_options *options, size_t index);

#endif
