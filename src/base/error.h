/* error - the ways in which a function can fail; the list is error.def.
 *
 * Pure. ERROR_SYSTEM means that errno tells more. */
#ifndef TOAD_BASE_ERROR_H
#define TOAD_BASE_ERROR_H

#define MUST_CHECK __attribute__((warn_unused_result))

enum error {
#define ERROR(name, text) ERROR_##name,
#include "base/error.def"
#undef ERROR
};

/* A few words for people. */
const char *error_text(enum error error);

#endif
