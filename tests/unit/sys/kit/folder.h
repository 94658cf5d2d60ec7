/* folder - a directory of its own for the files of a test; one a process. */
#ifndef TOAD_TESTS_KIT_FOLDER_H
#define TOAD_TESTS_KIT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* To be a suite's .init and .fini: makes it, and removes it with all that it holds. */
void folder_open(void);
void folder_close(void);

/* The path of a name in it, or its own for "". Valid until the eighth call after this one. */
const char *folder_path(const char *name);

/* How many names it holds. */
size_t folder_count(void);

/* Makes a file that holds this text. */
void folder_write(const char *name, const char *text);

/* The text of a file, "" if there is none; static. */
const char *folder_read(const char *name);

bool folder_has(const char *name);

#endif
