#include "config/setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct setting settings[] = {
#define SETTING(id, member, type, number, from, to, null, words, what)                             \
    [SETTING_##id] = {                                                                             \
        .name = #id,                                                                               \
        .kind = SETTING_KIND_##type,                                                               \
        .zero = SETTING_ZERO_##null,                                                               \
        .standard = (number),                                                                      \
        .least = (from),                                                                           \
        .most = (to),                                                                              \
        .standard_text = (words),                                                                  \
        .sentence = (what),                                                                        \
        .field = offsetof(struct config, member),                                                  \
    },
#define ALIAS(other, name)
#include "config/settings.def"
#undef SETTING
#undef ALIAS
};

struct alias {
    const char *other_name;
    enum setting_id id;
};

static const struct alias aliases[] = {
#define SETTING(id, ...)
#define ALIAS(other, name) {#other, SETTING_##name},
#include "config/settings.def"
#undef SETTING
#undef ALIAS
};

enum {
    ALIASES_COUNT = sizeof aliases / sizeof aliases[0],
    NAME_LENGTH_MAX = 32, /* no name of a setting is longer */
    NUMBER_TEXT_MAX = 32
};

const struct setting *setting_get(enum setting_id id)
{
    return &settings[id];
}

bool setting_find(struct bytes name, enum setting_id *ret_id)
{
    for (size_t i = 0; i < SETTINGS_COUNT; i++) {
        if (bytes_equal(name, bytes_of(settings[i].name))) {
            *ret_id = (enum setting_id)i;
            return true;
        }
    }
    for (size_t i = 0; i < ALIASES_COUNT; i++) {
        if (bytes_equal(name, bytes_of(aliases[i].other_name))) {
            *ret_id = aliases[i].id;
            return true;
        }
    }
    return false;
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many bytes must be put in, left out or changed to make one text the other (Levenshtein). */
static size_t distance(struct bytes a, struct bytes b)
{
    size_t row[NAME_LENGTH_MAX + 1];
    for (size_t j = 0; j <= b.size; j++)
        row[j] = j;
    for (size_t i = 0; i < a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size; j++) {
            size_t changed = diagonal + (a.data[i] == b.data[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = least_of(changed, least_of(row[j], diagonal) + 1);
        }
    }
    return row[b.size];
}

const char *setting_nearest(struct bytes name)
{
    const char *nearest = NULL;
    size_t best = name.size / 3 + 2;
    if (name.size > NAME_LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < SETTINGS_COUNT + ALIASES_COUNT; i++) {
        const char *known =
            i < SETTINGS_COUNT ? settings[i].name : aliases[i - SETTINGS_COUNT].other_name;
        size_t changes = distance(name, bytes_of(known));
        if (changes < best) {
            best = changes;
            nearest = known;
        }
    }
    return nearest;
}

/* A number in the unit of the file: seconds with their fraction, or as it is. */
static void write_number(const struct setting *setting, int64_t number,
                         char ret_text[NUMBER_TEXT_MAX])
{
    int64_t unit = setting->kind == SETTING_KIND_SECONDS ? SECOND_US : 1;
    size_t size = (size_t)snprintf(ret_text, NUMBER_TEXT_MAX, "%" PRId64 ".%06" PRId64,
                                   number / unit, number % unit);
    while (ret_text[size - 1] == '0')
        size--;
    size -= ret_text[size - 1] == '.' ? 1 : 0;
    ret_text[size] = '\0';
}

static const char *words_of_zero(enum setting_zero zero)
{
    switch (zero) {
    case SETTING_ZERO_ORDINARY:
        return "0 or ";
    case SETTING_ZERO_WITHOUT_LIMIT:
        return "0 (without limit) or ";
    case SETTING_ZERO_AT_ONCE:
        return "0 (at once) or ";
    case SETTING_ZERO_REFUSED:
        return "";
    }
    return "";
}

static void write_range(const struct setting *setting, const char *words,
                        char ret_text[SETTING_TEXT_MAX])
{
    char least[NUMBER_TEXT_MAX];
    char most[NUMBER_TEXT_MAX];
    write_number(setting, setting->least, least);
    write_number(setting, setting->most, most);
    (void)snprintf(ret_text, SETTING_TEXT_MAX, "%s%s from %s to %s", words_of_zero(setting->zero),
                   words, least, most);
}

void setting_takes(const struct setting *setting, char ret_text[SETTING_TEXT_MAX])
{
    switch (setting->kind) {
    case SETTING_KIND_COUNT:
        write_range(setting, "a whole number", ret_text);
        return;
    case SETTING_KIND_BYTES:
        write_range(setting, "a whole number of bytes", ret_text);
        return;
    case SETTING_KIND_SECONDS:
        write_range(setting, "seconds", ret_text);
        return;
    case SETTING_KIND_FLAG:
        (void)snprintf(ret_text, SETTING_TEXT_MAX, "0 or 1");
        return;
    case SETTING_KIND_NAME:
        (void)snprintf(ret_text, SETTING_TEXT_MAX, "a name of 1 to %d bytes", CONFIG_NAME_MAX - 1);
        return;
    case SETTING_KIND_PATH:
        (void)snprintf(ret_text, SETTING_TEXT_MAX, "a path of 1 to %d bytes", CONFIG_PATH_MAX - 1);
        return;
    case SETTING_KIND_LISTEN:
        (void)snprintf(ret_text, SETTING_TEXT_MAX,
                       "a listen value such as 'http://*:8080', or a list of 1 to %d", LISTEN_MAX);
        return;
    case SETTING_KIND_NETWORKS:
        (void)snprintf(ret_text, SETTING_TEXT_MAX,
                       "a network such as '10.0.0.0/8', or a list of 1 to %d", TRUSTED_PROXIES_MAX);
        return;
    case SETTING_KIND_OPTIONS:
        (void)snprintf(ret_text, SETTING_TEXT_MAX,
                       "a hash of up to %d texts and numbers, such as {root => './public'}",
                       APP_OPTIONS_MAX);
        return;
    }
}

void setting_standard(const struct setting *setting, char ret_text[SETTING_TEXT_MAX])
{
    if (setting->standard_text[0] == '\0')
        write_number(setting, setting->standard, ret_text);
    else
        (void)snprintf(ret_text, SETTING_TEXT_MAX, "%s", setting->standard_text);
}

void setting_describe(enum setting_id id, struct setting_description *ret_description)
{
    const struct setting *setting = setting_get(id);
    *ret_description =
        (struct setting_description){.name = setting->name, .sentence = setting->sentence};
    for (size_t i = 0; i < ALIASES_COUNT; i++)
        if (aliases[i].id == id)
            ret_description->other_name = aliases[i].other_name;
    setting_takes(setting, ret_description->takes);
    setting_standard(setting, ret_description->standard);
}

bool setting_accepts(const struct setting *setting, int64_t number)
{
    if (number == 0)
        return setting->zero != SETTING_ZERO_REFUSED;
    return number >= setting->least && number <= setting->most;
}
