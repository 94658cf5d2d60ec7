/* config_file - the configuration as a file: found, read, evaluated where it is more than data. */
#ifndef TOAD_MAIN_CONFIG_FILE_H
#define TOAD_MAIN_CONFIG_FILE_H

#include "base/problem.h"
#include "config/config.h"

#include <stdbool.h>

/* Reads `path`. A file that is absent gives the defaults if it is not `is_required`. A file that is
 * more than data is evaluated by the system's perl (promises CFG-2, CFG-3). */
MUST_CHECK enum error config_file_read(const char *path, bool is_required,
                                       struct config *ret_config, struct problem *problem);

#endif
