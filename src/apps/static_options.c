#include "apps/static_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_AGE_DIGITS_MAX 9

/* Where a problem is explained. */
struct problem_text {
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct problem_text *problem,
                                                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(problem->text, problem->size, format, arguments);
    va_end(arguments);
    return false;
}

static bool check_names(const struct toad_config *config, const struct problem_text *problem)
{
    static const char *const known[] = {"dotfiles", "index", "max_age", "root"};
    const char *name;
    for (size_t i = 0; (name = toad_config_option_name(config, i)) != NULL; i++) {
        bool is_known = false;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            is_known = is_known || strcmp(name, known[k]) == 0;
        if (!is_known)
            return refuse(problem,
                          "there is no option %s; static knows dotfiles, index, max_age and root",
                          name);
    }
    return true;
}

static bool read_dotfiles(const struct toad_config *config, struct static_options *options,
                          const struct problem_text *problem)
{
    const char *value = toad_config_option(config, "dotfiles");
    options->has_dotfiles = value != NULL && strcmp(value, "1") == 0;
    if (value == NULL || options->has_dotfiles || strcmp(value, "0") == 0)
        return true;
    return refuse(problem, "option dotfiles is \"%.100s\", it takes 0 or 1", value);
}

static bool read_index(const struct toad_config *config, struct static_options *options,
                       const struct problem_text *problem)
{
    const char *value = toad_config_option(config, "index");
    options->index = value == NULL ? "index.html" : value;
    if (value == NULL || (value[0] != '\0' && strchr(value, '/') == NULL &&
                          strcmp(value, ".") != 0 && strcmp(value, "..") != 0))
        return true;
    return refuse(problem, "option index is \"%.100s\", it takes the name of a file", value);
}

static bool read_max_age(const struct toad_config *config, struct static_options *options,
                         const struct problem_text *problem)
{
    const char *value = toad_config_option(config, "max_age");
    options->cache_control[0] = '\0';
    if (value == NULL)
        return true;
    size_t size = strspn(value, "0123456789");
    if (size == 0 || size > MAX_AGE_DIGITS_MAX || value[size] != '\0')
        return refuse(
            problem,
            "option max_age is \"%.100s\", it takes a whole number of seconds of up to %d "
            "digits",
            value, MAX_AGE_DIGITS_MAX);
    (void)snprintf(options->cache_control, sizeof options->cache_control, "max-age=%lu",
                   strtoul(value, NULL, 10));
    return true;
}

static bool check_root(const char *root, bool is_given, const struct problem_text *problem)
{
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd);
        return true;
    }
    const char *reason = strerror(errno);
    if (is_given)
        return refuse(problem, "option root: cannot read the directory \"%.300s\": %s", root,
                      reason);
    return refuse(problem,
                  "cannot read the directory \"%.300s\": %s; the option root names another one",
                  root, reason);
}

/* What is not absolute is beside the application. */
static bool read_root(const struct toad_config *config, struct static_options *options,
                      const struct problem_text *problem)
{
    const char *value = toad_config_option(config, "root");
    const char *name = value == NULL ? "public" : value;
    if (name[0] == '\0')
        return refuse(problem, "option root is empty, it takes the name of a directory");
    bool is_absolute = name[0] == '/';
    int size =
        snprintf(options->root, sizeof options->root, "%s%s%s",
                 is_absolute ? "" : toad_config_directory(config), is_absolute ? "" : "/", name);
    if (size >= (int)sizeof options->root)
        return refuse(problem, "option root is too long: \"%.100s...\"", name);
    return check_root(options->root, value != NULL, problem);
}

bool static_options_read(const struct toad_config *config, struct static_options *ret_options,
                         char *problem, size_t problem_size)
{
    struct problem_text text = {problem, problem_size};
    return check_names(config, &text) && read_dotfiles(config, ret_options, &text) &&
           read_index(config, ret_options, &text) && read_max_age(config, ret_options, &text) &&
           read_root(config, ret_options, &text);
}
