#include "config/app_options.h"

#include <string.h>

static bool is_letter_of_name(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' || letter == '.';
}

bool app_options_is_name(struct bytes name)
{
    bool is_name = name.size > 0 && name.size < APP_OPTION_NAME_MAX;
    for (size_t i = 0; i < name.size && is_name; i++)
        is_name = is_letter_of_name(name.data[i]);
    return is_name;
}

static size_t keep_text(struct app_options *options, struct bytes text)
{
    size_t start = options->size;
    if (text.size > 0)
        memcpy(options->texts + start, text.data, text.size);
    options->texts[start + text.size] = '\0';
    options->size += text.size + 1;
    return start;
}

enum error app_options_add(struct app_options *options, struct bytes name, struct bytes value)
{
    size_t room = sizeof options->texts - options->size;
    if (options->count == APP_OPTIONS_MAX || name.size >= room ||
        value.size >= room - name.size - 1)
        return ERROR_FULL;
    struct app_option *option = &options->rows[options->count++];
    option->name = keep_text(options, name);
    option->value = keep_text(options, value);
    return ERROR_NONE;
}

bool app_options_find(const struct app_options *options, struct bytes name, size_t *ret_index)
{
    for (size_t i = 0; i < options->count; i++) {
        if (bytes_equal(name, bytes_of(app_options_name(options, i)))) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

const char *app_options_name(const struct app_options *options, size_t index)
{
    return index < options->count ? options->texts + options->rows[index].name : NULL;
}

const char *app_options_value(const struct app_options *options, size_t index)
{
    return index < options->count ? options->texts + options->rows[index].value : NULL;
}
