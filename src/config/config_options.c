#include "config/config_options.h"
#include "config/place.h"

#include <stdio.h>

static MUST_CHECK enum error refuse_name(struct config_draft *draft, const struct config_event *key)
{
    char shown[CONFIG_SHOWN_MAX];
    struct config_event name = *key;
    name.kind = CONFIG_EVENT_TEXT;
    config_value_show(&name, shown);
    return config_source_explain(draft->source, key->offset, draft->problem,
                                 "app has an option %s, names are 1 to %d letters, digits, _, - "
                                 "and .",
                                 shown, APP_OPTION_NAME_MAX - 1);
}

static MUST_CHECK enum error refuse_twice(struct config_draft *draft, const char *name,
                                          size_t offset, size_t first_offset)
{
    struct place first = place_of(draft->source->text, first_offset);
    return config_source_explain(draft->source, offset, draft->problem,
                                 "option %s of app is given twice, first at %zu:%zu", name,
                                 first.line, first.column);
}

static MUST_CHECK enum error refuse_value(struct config_draft *draft, const char *name,
                                          const struct config_event *value)
{
    char shown[CONFIG_SHOWN_MAX];
    config_value_show(value, shown);
    return config_source_explain(draft->source, value->offset, draft->problem,
                                 "option %s of app is %s, it takes a text of up to %d bytes or a "
                                 "number",
                                 name, shown, APP_OPTION_VALUE_MAX - 1);
}

static MUST_CHECK enum error add(struct config_draft *draft, const char *name,
                                 const struct config_event *value)
{
    struct app_options *options = &draft->config->app;
    bool is_scalar = value->kind == CONFIG_EVENT_TEXT || value->kind == CONFIG_EVENT_NUMBER;
    if (!is_scalar || value->is_cut || value->text.size >= APP_OPTION_VALUE_MAX)
        return refuse_value(draft, name, value);
    if (bytes_find(value->text, '\0') < value->text.size)
        return config_source_explain(draft->source, value->offset, draft->problem,
                                     "option %s of app holds a NUL", name);
    if (app_options_add(options, bytes_of(name), value->text) == ERROR_NONE)
        return ERROR_NONE;
    if (options->count == APP_OPTIONS_MAX)
        return config_source_explain(draft->source, value->offset, draft->problem,
                                     "app has more than %d options", APP_OPTIONS_MAX);
    return config_source_explain(draft->source, value->offset, draft->problem,
                                 "the options of app take more than %d bytes",
                                 APP_OPTIONS_SIZE_MAX);
}

/* A key and its value; `given_at` tells where each option stands. */
static MUST_CHECK enum error take_option(struct config_draft *draft, const struct config_event *key,
                                         size_t given_at[APP_OPTIONS_MAX])
{
    char name[APP_OPTION_NAME_MAX];
    struct app_options *options = &draft->config->app;
    size_t offset = key->offset;
    size_t first;
    struct config_event value;
    if (!app_options_is_name(key->text))
        return refuse_name(draft, key);
    (void)snprintf(name, sizeof name, "%.*s", (int)key->text.size, key->text.data);
    config_draft_next(draft, &value); /* the key is gone now */
    if (value.kind == CONFIG_EVENT_UNDEF)
        return ERROR_NONE;
    if (app_options_find(options, bytes_of(name), &first))
        return refuse_twice(draft, name, offset, given_at[first]);
    if (options->count < APP_OPTIONS_MAX)
        given_at[options->count] = offset;
    return add(draft, name, &value);
}

enum error config_options_take(struct config_draft *draft, const struct setting *setting,
                               const struct config_event *event)
{
    size_t given_at[APP_OPTIONS_MAX];
    struct config_event key;
    if (event->kind != CONFIG_EVENT_HASH_OPEN)
        return config_value_refuse(draft, setting, event);
    for (config_draft_next(draft, &key); key.kind != CONFIG_EVENT_HASH_CLOSE;
         config_draft_next(draft, &key)) {
        enum error error = take_option(draft, &key, given_at);
        if (error != ERROR_NONE)
            return error;
    }
    return ERROR_NONE;
}
