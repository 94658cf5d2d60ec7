/* config_values - what the file gives for a setting, checked and put into the configuration.
 *
 * Pure. Only config.c needs it. */
#ifndef TOAD_CONFIG_CONFIG_VALUES_H
#define TOAD_CONFIG_CONFIG_VALUES_H

#include "config/config.h"
#include "config/config_reader.h"
#include "config/setting.h"

enum {
    CONFIG_SHOWN_MAX = 80 /* a value as messages show it, with its NUL */
};

/* A configuration on its way. Its source is data (config_text_judge() says so). */
struct config_draft {
    const struct config_source *source; /* borrowed */
    struct problem *problem;            /* borrowed */
    struct config_reader reader;
    struct config *config;           /* borrowed */
    size_t given_at[SETTINGS_COUNT]; /* offset of the key, where is_given */
    char storage[CONFIG_PATH_MAX];   /* of the reader */
};
static_assert((int)CONFIG_PATH_MAX >= (int)LISTEN_VALUE_MAX, "any text that is taken fits");
static_assert((int)CONFIG_PATH_MAX >= (int)APP_OPTION_VALUE_MAX, "any option's value fits");

void config_draft_next(struct config_draft *draft, struct config_event *ret_event);

/* A value as messages show it: cut where it is long, text in quotes, brackets in words. */
void config_value_show(const struct config_event *event, char ret_text[CONFIG_SHOWN_MAX]);

/* "workers is 0, it takes a whole number from 1 to 512" */
MUST_CHECK enum error config_value_refuse(struct config_draft *draft, const struct setting *setting,
                                          const struct config_event *event);

/* Takes the value of a setting, which begins with this event and is not undef. */
MUST_CHECK enum error config_value_take(struct config_draft *draft, enum setting_id id,
                                        const struct config_event *event);

#endif
