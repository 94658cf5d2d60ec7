/* Any command line and environment: a refusal says why, what is taken names what was given, the
 * command line wins, and a second reading says the same (promises CLI-2, CLI-3, CFG-10).
 *
 * The first byte chooses the variables of the environment, every other line is an argument. */
#include "main/options.h"

#include "must.h"

#include <string.h>

enum {
    TEXT_MAX = 4096,
    ARGUMENTS_MAX = 64
};

struct arguments {
    int count;
    char *list[ARGUMENTS_MAX + 1];
    char *text; /* that they stand in */
    size_t size;
};

static void set_environment(unsigned way)
{
    static const struct {
        const char *name;
        const char *value;
    } variables[] = {{"HYPNOTOAD_APP", "./env.so"}, {"HYPNOTOAD_CONFIG", "env.conf"},
                     {"HYPNOTOAD_FOREGROUND", "1"}, {"HYPNOTOAD_TEST", "1"},
                     {"HYPNOTOAD_DEBUG", "1"},      {"HYPNOTOAD_FOREGROUND", "0"},
                     {"HYPNOTOAD_APP", ""},         {"POSIXLY_CORRECT", "1"}};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        MUST(unsetenv(variables[i].name) == 0);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        if ((way >> i & 1) != 0)
            MUST(setenv(variables[i].name, variables[i].value, 1) == 0);
}

static void split(const uint8_t *data, size_t size, struct arguments *arguments)
{
    static char name[] = "hypnotoad";
    arguments->size = size;
    arguments->text = malloc(size + 1);
    MUST(arguments->text != NULL);
    memcpy(arguments->text, data, size);
    arguments->text[size] = '\0';
    arguments->count = 0;
    arguments->list[arguments->count++] = name;
    for (char *next = arguments->text; next != NULL && arguments->count < ARGUMENTS_MAX;) {
        char *end = strchr(next, '\n');
        if (end != NULL)
            *end = '\0';
        if (next != arguments->text + size)
            arguments->list[arguments->count++] = next;
        next = end == NULL ? NULL : end + 1;
    }
    arguments->list[arguments->count] = NULL;
}

static bool is_argument(const struct arguments *arguments, const char *text)
{
    return text >= arguments->text && text <= arguments->text + arguments->size;
}

static bool is_variable(const char *name, const char *text)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' && text == value;
}

static void check(const struct options *options, const struct arguments *arguments)
{
    const char *application = options->application;
    const char *config = options->config;
    MUST(config == NULL || is_argument(arguments, config) ||
         is_variable("HYPNOTOAD_CONFIG", config));
    if (options->wants_help || options->wants_version)
        return;
    MUST(application != NULL && application[0] != '\0');
    MUST(is_argument(arguments, application) || is_variable("HYPNOTOAD_APP", application));
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_equal(const struct options *a, const struct options *b)
{
    MUST(is_same(a->config, b->config) && a->wants_foreground == b->wants_foreground);
    MUST(a->wants_help == b->wants_help && a->wants_stop == b->wants_stop);
    MUST(a->wants_test == b->wants_test && a->wants_version == b->wants_version);
    MUST(a->is_debugging == b->is_debugging && is_same(a->application, b->application));
}

static void check_refusal(const struct problem *problem)
{
    MUST(problem->text[0] != '\0' && strlen(problem->text) < sizeof problem->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arguments arguments;
    struct options first;
    struct options second;
    struct problem problem = {.text = ""};
    if (size == 0 || size > TEXT_MAX)
        return 0;
    set_environment(data[0]);
    split(data + 1, size - 1, &arguments);
    if (options_read(&first, arguments.count, arguments.list, &problem) != ERROR_NONE) {
        check_refusal(&problem);
    } else {
        check(&first, &arguments);
        MUST(options_read(&second, arguments.count, arguments.list, &problem) == ERROR_NONE);
        check_equal(&first, &second);
    }
    free(arguments.text);
    return 0;
}
