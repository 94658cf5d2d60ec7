/* config_options - what the file gives for the setting `app`, checked and put into the
 * configuration.
 *
 * Pure. Only config_values.c needs it. */
#ifndef TOAD_CONFIG_CONFIG_OPTIONS_H
#define TOAD_CONFIG_CONFIG_OPTIONS_H

#include "config/config_values.h"

/* Takes the hash that begins with this event: names of app_options_is_name(), texts or numbers. As
 * with settings, undef counts as not given, and one that is given twice is an error. */
MUST_CHECK enum error config_options_take(struct config_draft *draft, const struct setting *setting,
                                          const struct config_event *event);

#endif
