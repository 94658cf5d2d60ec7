/* history - the last things that happened, for whoever has to understand a failure. */
#ifndef TOAD_TESTS_KERNEL_HISTORY_H
#define TOAD_TESTS_KERNEL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Forgets everything. `is_verbose`: each entry is printed at once as well. */
void history_begin(bool is_verbose);

/* Something happened to `pid` (0: to nobody). `what` is static text. */
void history_note(int64_t now_us, const char *what, int32_t pid, int64_t number);

/* The manager wrote this line to its log. */
void history_quote(int64_t now_us, const char *line, size_t size);

/* The last entries, oldest first. */
void history_print(void);

#endif
