/* Any bytes as a configuration file: the reader ends, a refusal changes nothing, what is taken is
 * within its bounds, and data that is written anew reads the same (promises CFG-1, CFG-4). */
#include "config/config.h"
#include "config/config_reader.h"
#include "config/endpoint.h"
#include "config/setting.h"

#include "must.h"

#include <string.h>

enum {
    TEXT_MAX = 1 << 16,
    WRITTEN_MAX = 1 << 19
};

/* Data as Perl would write it, every text in double quotes with \xHH. */
struct written {
    char text[WRITTEN_MAX];
    size_t size;
    bool is_full;
};

static void put(struct written *written, const char *text, size_t size)
{
    if (written->is_full || size > sizeof written->text - written->size) {
        written->is_full = true;
        return;
    }
    memcpy(written->text + written->size, text, size);
    written->size += size;
}

static void put_text(struct written *written, struct bytes text)
{
    static const char digits[] = "0123456789abcdef";
    put(written, "\"", 1);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        char escaped[4] = {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        put(written, escaped, sizeof escaped);
    }
    put(written, "\"", 1);
}

static void put_event(struct written *written, const struct config_event *event)
{
    switch (event->kind) {
    case CONFIG_EVENT_HASH_OPEN:
        put(written, "+{", 2);
        return;
    case CONFIG_EVENT_LIST_OPEN:
        put(written, "[", 1);
        return;
    case CONFIG_EVENT_HASH_CLOSE:
        put(written, "},", 2);
        return;
    case CONFIG_EVENT_LIST_CLOSE:
        put(written, "],", 2);
        return;
    case CONFIG_EVENT_KEY:
        put_text(written, event->text);
        put(written, "=>", 2);
        return;
    case CONFIG_EVENT_TEXT:
        put_text(written, event->text);
        put(written, ",", 1);
        return;
    case CONFIG_EVENT_NUMBER:
        put(written, event->text.data, event->text.size);
        put(written, ",", 1);
        return;
    case CONFIG_EVENT_UNDEF:
        put(written, "undef,", 6);
        return;
    case CONFIG_EVENT_END:
        return;
    }
}

static void next(struct config_reader *reader, struct config_event *ret_event)
{
    MUST(config_reader_next(reader, ret_event) == PERL_VERDICT_DATA);
    MUST(!ret_event->is_cut);
}

static void write_data(struct bytes text, struct written *written)
{
    static char storage[TEXT_MAX];
    struct config_reader reader;
    struct config_event event;
    *written = (struct written){.size = 0};
    config_reader_init(&reader, text, storage, sizeof storage);
    do {
        next(&reader, &event);
        put_event(written, &event);
    } while (event.kind != CONFIG_EVENT_END);
    /* The comma after the one value of a file would be more than data. */
    if (written->size > 0 && written->text[written->size - 1] == ',')
        written->size--;
}

static void check_round_trip(struct bytes text)
{
    static struct written first;
    static struct written second;
    write_data(text, &first);
    if (first.is_full)
        return;
    write_data((struct bytes){first.text, first.size}, &second);
    MUST(first.size == second.size && memcmp(first.text, second.text, first.size) == 0);
}

static void check_number(const struct config *config, const struct setting *setting)
{
    int64_t number;
    memcpy(&number, (const char *)config + setting->field, sizeof number);
    MUST(setting_accepts(setting, number) || number == setting->standard);
}

static void check_options(const struct app_options *options)
{
    MUST(options->count <= APP_OPTIONS_MAX && options->size <= sizeof options->texts);
    for (size_t i = 0; i < options->count; i++) {
        size_t index;
        struct bytes name = bytes_of(app_options_name(options, i));
        MUST(app_options_is_name(name));
        MUST(app_options_find(options, name, &index) && index == i);
        MUST(strlen(app_options_value(options, i)) < APP_OPTION_VALUE_MAX);
    }
}

static void check_bounds(const struct config *config)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting *setting = setting_get((enum setting_id)i);
        if (setting->kind <= SETTING_KIND_SECONDS)
            check_number(config, setting);
        if (setting->kind == SETTING_KIND_PATH)
            MUST(memchr((const char *)config + setting->field, '\0', CONFIG_PATH_MAX) != NULL);
    }
    MUST(config->listen_count >= 1 && config->listen_count <= LISTEN_MAX);
    MUST(config->trusted_proxies_count <= TRUSTED_PROXIES_MAX);
    check_options(&config->app);
    for (size_t i = 0; i < config->listen_count; i++) {
        struct endpoint endpoint;
        struct problem problem;
        MUST(endpoint_read(bytes_of(config->listen[i]), &problem, &endpoint) == ERROR_NONE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct config config;
    struct problem problem;
    struct config_source source = {.text = {(const char *)data, size}, .file_name = "fuzz.conf"};
    if (size > TEXT_MAX)
        return 0;
    enum perl_verdict verdict = config_text_judge(&source, &problem);
    if (verdict == PERL_VERDICT_DATA)
        check_round_trip(source.text);
    memset(&config, 0x5a, sizeof config);
    enum error error = config_read(&source, &problem, &config);
    if (error == ERROR_NONE)
        check_bounds(&config);
    else
        MUST(problem.text[0] != '\0');
    MUST(error != ERROR_NONE || verdict == PERL_VERDICT_DATA);
    return 0;
}
