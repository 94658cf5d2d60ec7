/* file_name - absolute names of files, without following symbolic links.
 *
 * A link that leads elsewhere tomorrow is how a new version is put in the place of an old one, so
 * the name counts, not where it leads today (promise UPG-1). */
#ifndef TOAD_SYS_FILE_NAME_H
#define TOAD_SYS_FILE_NAME_H

#include "base/error.h"

#include <stddef.h>

/* A relative name is taken from the working directory. ERROR_FULL or ERROR_SYSTEM: errno says why.
 */
MUST_CHECK enum error file_name_make_absolute(const char *name, char *ret_path, size_t size);

/* The file behind the name of a command: one without a slash is looked up as the shell does.
 * ERROR_NOT_FOUND, ERROR_FULL or ERROR_SYSTEM: errno says why. */
MUST_CHECK enum error file_name_find_command(const char *name, char *ret_path, size_t size);

#endif
