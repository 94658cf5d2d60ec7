#include "config/config_values.h"
#include "base/ip_network.h"
#include "config/config_options.h"
#include "config/decimal.h"
#include "config/endpoint.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOWN_BYTES_MAX = 60
};

void config_draft_next(struct config_draft *draft, struct config_event *ret_event)
{
    enum perl_verdict verdict = config_reader_next(&draft->reader, ret_event);
    assert(verdict == PERL_VERDICT_DATA);
}

static void *field_of(struct config_draft *draft, const struct setting *setting)
{
    return (char *)draft->config + setting->field;
}

void config_value_show(const struct config_event *event, char ret_text[CONFIG_SHOWN_MAX])
{
    const char *words = NULL;
    bool is_long = event->is_cut || event->text.size > SHOWN_BYTES_MAX;
    int size = event->text.size > SHOWN_BYTES_MAX ? SHOWN_BYTES_MAX : (int)event->text.size;
    if (event->kind == CONFIG_EVENT_LIST_OPEN)
        words = "a list";
    else if (event->kind == CONFIG_EVENT_HASH_OPEN)
        words = "a hash";
    else if (event->kind == CONFIG_EVENT_UNDEF)
        words = "undef";
    const char *quote = event->kind == CONFIG_EVENT_TEXT ? "'" : "";
    if (words != NULL)
        (void)snprintf(ret_text, CONFIG_SHOWN_MAX, "%s", words);
    else
        (void)snprintf(ret_text, CONFIG_SHOWN_MAX, "%s%.*s%s%s", quote, size, event->text.data,
                       is_long ? "..." : "", quote);
}

enum error config_value_refuse(struct config_draft *draft, const struct setting *setting,
                               const struct config_event *event)
{
    char shown[CONFIG_SHOWN_MAX];
    char takes[SETTING_TEXT_MAX];
    config_value_show(event, shown);
    setting_takes(setting, takes);
    return config_source_explain(draft->source, event->offset, draft->problem,
                                 "%s is %s, it takes %s", setting->name, shown, takes);
}

static bool is_scalar(const struct config_event *event)
{
    return event->kind == CONFIG_EVENT_TEXT || event->kind == CONFIG_EVENT_NUMBER;
}

static MUST_CHECK enum error take_number(struct config_draft *draft, const struct setting *setting,
                                         const struct config_event *event)
{
    struct decimal decimal;
    bool is_exact;
    bool is_seconds = setting->kind == SETTING_KIND_SECONDS;
    if (!is_scalar(event) || event->is_cut || !decimal_read(event->text, &decimal))
        return config_value_refuse(draft, setting, event);
    int64_t number = decimal_scale(&decimal, is_seconds ? 6 : 0, &is_exact);
    bool is_rounded_well = is_exact || (is_seconds && number != 0);
    if (!is_rounded_well || !setting_accepts(setting, number))
        return config_value_refuse(draft, setting, event);
    memcpy(field_of(draft, setting), &number, sizeof number);
    return ERROR_NONE;
}

/* Perl's truth: 0, '0' and '' are false. */
static MUST_CHECK enum error take_flag(struct config_draft *draft, const struct setting *setting,
                                       const struct config_event *event)
{
    if (!is_scalar(event))
        return config_value_refuse(draft, setting, event);
    bool flag = event->text.size > 0 && !bytes_equal(event->text, BYTES("0"));
    memcpy(field_of(draft, setting), &flag, sizeof flag);
    return ERROR_NONE;
}

static bool holds_nul(struct bytes text)
{
    return bytes_find(text, '\0') < text.size;
}

static MUST_CHECK enum error take_text(struct config_draft *draft, const struct setting *setting,
                                       const struct config_event *event, size_t capacity)
{
    char *field = field_of(draft, setting);
    bool fits = !event->is_cut && event->text.size < capacity;
    if (!is_scalar(event) || !fits || event->text.size == 0)
        return config_value_refuse(draft, setting, event);
    if (holds_nul(event->text))
        return config_source_explain(draft->source, event->offset, draft->problem, "%s holds a NUL",
                                     setting->name);
    memcpy(field, event->text.data, event->text.size);
    field[event->text.size] = '\0';
    return ERROR_NONE;
}

/* Two listeners on one address get in each other's way, unless they share the port or the kernel
 * chooses it. */
static MUST_CHECK enum error check_listen_twice(struct config_draft *draft,
                                                const struct config_event *event,
                                                const struct endpoint *endpoint)
{
    const struct config *config = draft->config;
    if (endpoint->may_share_port || (!endpoint_is_unix(endpoint) && endpoint->port == 0))
        return ERROR_NONE;
    for (size_t i = 0; i < config->listen_count; i++)
        if (bytes_equal(bytes_of(config->listen[i]), event->text))
            return config_source_explain(draft->source, event->offset, draft->problem,
                                         "Invalid listen value \"%s\": it is given twice",
                                         config->listen[i]);
    return ERROR_NONE;
}

/* Promise LSN-7 */
static MUST_CHECK enum error add_listen(struct config_draft *draft,
                                        const struct config_event *event)
{
    struct config *config = draft->config;
    struct endpoint endpoint;
    struct problem reason;
    if (endpoint_read(event->text, &reason, &endpoint) != ERROR_NONE)
        return config_source_explain(draft->source, event->offset, draft->problem, "%s",
                                     reason.text);
    enum error error = check_listen_twice(draft, event, &endpoint);
    if (error != ERROR_NONE)
        return error;
    char *text = config->listen[config->listen_count++];
    memcpy(text, event->text.data, event->text.size);
    text[event->text.size] = '\0';
    return ERROR_NONE;
}

static MUST_CHECK enum error add_network(struct config_draft *draft,
                                         const struct config_event *event)
{
    struct config *config = draft->config;
    struct ip_network network;
    if (!ip_network_read(event->text, &network))
        return config_value_refuse(draft, setting_get(SETTING_trusted_proxies), event);
    static_assert(CONFIG_NETWORK_MAX > 45 + sizeof "/128", "the longest network fits");
    char *text = config->trusted_proxies[config->trusted_proxies_count++];
    memcpy(text, event->text.data, event->text.size);
    text[event->text.size] = '\0';
    return ERROR_NONE;
}

static MUST_CHECK enum error add_element(struct config_draft *draft, const struct setting *setting,
                                         const struct config_event *event, size_t index)
{
    bool is_listen = setting->kind == SETTING_KIND_LISTEN;
    size_t most = is_listen ? LISTEN_MAX : TRUSTED_PROXIES_MAX;
    if (index == most)
        return config_source_explain(draft->source, event->offset, draft->problem,
                                     "%s has more than %zu values", setting->name, most);
    if (!is_scalar(event))
        return config_value_refuse(draft, setting, event);
    return is_listen ? add_listen(draft, event) : add_network(draft, event);
}

static MUST_CHECK enum error take_list(struct config_draft *draft, const struct setting *setting,
                                       const struct config_event *first)
{
    struct config_event event = *first;
    size_t count = 0;
    bool is_list = first->kind == CONFIG_EVENT_LIST_OPEN;
    if (!is_list)
        return add_element(draft, setting, first, count);
    for (config_draft_next(draft, &event); event.kind != CONFIG_EVENT_LIST_CLOSE;
         config_draft_next(draft, &event)) {
        enum error error = add_element(draft, setting, &event, count++);
        if (error != ERROR_NONE)
            return error;
    }
    /* Promise CFG-8 */
    if (count == 0) {
        char takes[SETTING_TEXT_MAX];
        setting_takes(setting, takes);
        return config_source_explain(draft->source, first->offset, draft->problem,
                                     "%s is an empty list, it takes %s", setting->name, takes);
    }
    return ERROR_NONE;
}

enum error config_value_take(struct config_draft *draft, enum setting_id id,
                             const struct config_event *event)
{
    const struct setting *setting = setting_get(id);
    switch (setting->kind) {
    case SETTING_KIND_COUNT:
    case SETTING_KIND_BYTES:
    case SETTING_KIND_SECONDS:
        return take_number(draft, setting, event);
    case SETTING_KIND_FLAG:
        return take_flag(draft, setting, event);
    case SETTING_KIND_NAME:
        return take_text(draft, setting, event, CONFIG_NAME_MAX);
    case SETTING_KIND_PATH:
        return take_text(draft, setting, event, CONFIG_PATH_MAX);
    case SETTING_KIND_LISTEN:
        draft->config->listen_count = 0;
        return take_list(draft, setting, event);
    case SETTING_KIND_NETWORKS:
        return take_list(draft, setting, event);
    case SETTING_KIND_OPTIONS:
        return config_options_take(draft, setting, event);
    }
    return ERROR_INVALID;
}
