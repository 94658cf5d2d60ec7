#include "config/config.h"
#include "config/config_values.h"
#include "config/place.h"
#include "config/setting.h"

#include <stdio.h>
#include <string.h>

static void set_default(struct config *config, const struct setting *setting)
{
    bool flag = setting->standard != 0;
    char *field = (char *)config + setting->field;
    switch (setting->kind) {
    case SETTING_KIND_COUNT:
    case SETTING_KIND_BYTES:
    case SETTING_KIND_SECONDS:
        memcpy(field, &setting->standard, sizeof setting->standard);
        return;
    case SETTING_KIND_FLAG:
        memcpy(field, &flag, sizeof flag);
        return;
    case SETTING_KIND_LISTEN:
        (void)snprintf(config->listen[0], sizeof config->listen[0], "%s", setting->standard_text);
        config->listen_count = 1;
        return;
    case SETTING_KIND_NAME:
    case SETTING_KIND_PATH:
    case SETTING_KIND_NETWORKS:
    case SETTING_KIND_OPTIONS:
        return;
    }
}

void config_set_defaults(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < SETTINGS_COUNT; i++)
        set_default(config, setting_get((enum setting_id)i));
}

static const char *words_of(enum config_event_kind kind)
{
    switch (kind) {
    case CONFIG_EVENT_LIST_OPEN:
        return "a list";
    case CONFIG_EVENT_TEXT:
        return "a text";
    case CONFIG_EVENT_NUMBER:
        return "a number";
    case CONFIG_EVENT_UNDEF:
        return "undef";
    case CONFIG_EVENT_END:
        return "nothing";
    case CONFIG_EVENT_HASH_OPEN:
    case CONFIG_EVENT_HASH_CLOSE:
    case CONFIG_EVENT_LIST_CLOSE:
    case CONFIG_EVENT_KEY:
        break;
    }
    return "something else";
}

static MUST_CHECK enum error refuse_name(struct config_draft *draft,
                                         const struct config_event *event)
{
    const char *nearest = setting_nearest(event->text);
    bool is_long = event->text.size > 60;
    return config_source_explain(draft->source, event->offset, draft->problem,
                                 "there is no setting '%.*s%s'%s%s%s",
                                 is_long ? 60 : (int)event->text.size, event->text.data,
                                 is_long ? "..." : "", nearest == NULL ? "" : ", did you mean ",
                                 nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

static MUST_CHECK enum error refuse_twice(struct config_draft *draft, enum setting_id id,
                                          size_t offset)
{
    struct place first = place_of(draft->source->text, draft->given_at[id]);
    struct setting_description description;
    setting_describe(id, &description);
    const char *other = description.other_name;
    /* What perl prints has each key once. */
    if (draft->source->is_evaluated && other != NULL)
        return config_source_explain(draft->source, offset, draft->problem,
                                     "%s and %s are the same setting, give one of them",
                                     description.name, other);
    return config_source_explain(draft->source, offset, draft->problem,
                                 "%s%s%s%s is given twice, first at %zu:%zu", description.name,
                                 other == NULL ? "" : " (or ", other == NULL ? "" : other,
                                 other == NULL ? "" : ")", first.line, first.column);
}

/* A key and its value. */
static MUST_CHECK enum error take_setting(struct config_draft *draft,
                                          const struct config_event *key)
{
    enum setting_id id;
    struct config_event value;
    if (!setting_find(key->text, &id))
        return refuse_name(draft, key);
    config_draft_next(draft, &value);
    if (value.kind == CONFIG_EVENT_UNDEF)
        return ERROR_NONE;
    if (draft->config->is_given[id])
        return refuse_twice(draft, id, key->offset);
    draft->config->is_given[id] = true;
    draft->given_at[id] = key->offset;
    return config_value_take(draft, id, &value);
}

/* Two settings that name one file. */
static MUST_CHECK enum error check_files(struct config_draft *draft, enum setting_id one,
                                         enum setting_id other)
{
    const struct setting *a = setting_get(one);
    const struct setting *b = setting_get(other);
    const char *path = (const char *)draft->config + a->field;
    const char *same = (const char *)draft->config + b->field;
    if (path[0] == '\0' || strcmp(path, same) != 0)
        return ERROR_NONE;
    size_t first = draft->given_at[one];
    size_t second = draft->given_at[other];
    return config_source_explain(draft->source, first > second ? first : second, draft->problem,
                                 "%s and %s are both '%.100s', they must be two files", a->name,
                                 b->name, path);
}

static MUST_CHECK enum error check_relations(struct config_draft *draft)
{
    static const enum setting_id exclusive[] = {SETTING_pid_file, SETTING_lock_file};
    static const enum setting_id shared[] = {SETTING_log_file, SETTING_access_log};
    enum error error = check_files(draft, exclusive[0], exclusive[1]);
    for (size_t i = 0; i < 4 && error == ERROR_NONE; i++)
        error = check_files(draft, exclusive[i / 2], shared[i % 2]);
    return error;
}

static MUST_CHECK enum error take_settings(struct config_draft *draft)
{
    struct config_event event;
    enum error error = ERROR_NONE;
    config_draft_next(draft, &event);
    if (event.kind != CONFIG_EVENT_HASH_OPEN)
        return config_source_explain(draft->source, event.offset, draft->problem,
                                     "the file gives %s, it must give one hash, as in "
                                     "{workers => 4}",
                                     words_of(event.kind));
    config_draft_next(draft, &event);
    while (error == ERROR_NONE && event.kind == CONFIG_EVENT_KEY) {
        error = take_setting(draft, &event);
        if (error == ERROR_NONE)
            config_draft_next(draft, &event);
    }
    return error == ERROR_NONE ? check_relations(draft) : error;
}

enum error config_read(const struct config_source *source, struct problem *problem,
                       struct config *ret_config)
{
    struct config_draft draft;
    if (config_text_judge(source, problem) != PERL_VERDICT_DATA)
        return ERROR_INVALID;
    draft.source = source;
    draft.problem = problem;
    draft.config = ret_config;
    config_set_defaults(ret_config);
    config_reader_init(&draft.reader, source->text, draft.storage, sizeof draft.storage);
    return take_settings(&draft);
}
